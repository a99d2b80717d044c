package sendim

import (
	"context"
	"sync"

	"send-im.internal/sendim/internal/native"
)

// Client is one session: it signs in once, and sends any number of messages from any number of goroutines. It is an
// io.Closer.
//
// A waiting send holds no thread. A client that nobody refers to any more is closed in the background.
type Client struct {
	listeners
	session *native.Client

	closing sync.Once
	closed  error
}

// SignIn signs in and opens a session. Close the client at the end.
//
// The context is for the sign-in, which takes 60 s at most where it has no earlier deadline: the client goes on when it ends.
// The error is an [*Error].
func SignIn(ctx context.Context, account Account) (*Client, error) {
	session, listening, err := begin(ctx, context.WithoutCancel(ctx), account, nil, graceOfSignIn, native.SignIn)
	if err != nil {
		return nil, err
	}
	return &Client{session: session, listeners: listening}, nil
}

// Send sends one message and waits for its delivery. The error is an [*Error]; its kind is ErrClosed after Close, SignOut or
// CancelAll. After its time-out or the deadline of the context it takes at most 2 s more to withdraw the invitation and learn
// what came of it.
//
// Messages to one recipient with the same subject and importance arrive in the order of the calls.
func (c *Client) Send(ctx context.Context, message Message) (*Receipt, error) {
	options, byDeadline, failure := optionsOf(ctx, nil, &message)
	if failure != nil {
		return nil, failure
	}
	call := c.session.Send(options, message.To, message.Text)
	options.Free()
	told, err := await(ctx, call, c.log, graceOfMessage)
	if err != nil {
		return nil, c.explained(ctx, err, byDeadline)
	}
	return receiptOf(told)
}

// SendAll sends many messages, some tens at a time, and gives a result for each in the same order. One that fails does not
// keep the others back. A message's Timeout begins when its turn comes; the context holds for all of them: when it ends, so do
// those that are left, at once.
func (c *Client) SendAll(ctx context.Context, messages []Message) []Result {
	results := make([]Result, len(messages))
	list := native.NewMessages()
	// Which messages are in the list. The others are refused already.
	type entry struct {
		index      int
		byDeadline bool
	}
	var sent []entry
	for i, message := range messages {
		if byDeadline, failure := add(ctx, list, message); failure != nil {
			results[i].Err = failure
		} else {
			sent = append(sent, entry{i, byDeadline})
		}
	}
	call := c.session.SendAll(list)
	list.Free()
	outcomes, err := await(ctx, call, c.log, noGrace)
	for n, entry := range sent {
		result := &results[entry.index]
		failed := err
		if failed == nil {
			failed = outcomes[n].Err
		}
		if failed != nil {
			result.Err = c.explained(ctx, failed, entry.byDeadline)
		} else {
			result.Receipt, result.Err = receiptOf(outcomes[n].Receipt)
		}
	}
	return results
}

func add(ctx context.Context, list *native.Messages, message Message) (byDeadline bool, failure *Error) {
	options, byDeadline, failure := optionsOf(ctx, nil, &message)
	if failure != nil {
		return false, failure
	}
	defer options.Free()
	return byDeadline, failureOf(list.Add(options, message.To, message.Text))
}

// Close waits for the sends under way, each of which ends with its own time-out at the latest. Then it closes the session on
// the server, in at most 3 s. Sends that begin after it fail with ErrClosed; a second call does nothing and returns the same. A
// server that is gone is not waited for.
//
// An error says that the server could not be told; it ends the session by itself after a while. [Client.SignOut] is Close with
// a bound, [Client.CancelAll] ends the sends at once.
func (c *Client) Close() error {
	c.closing.Do(func() {
		c.closed = c.SignOut(context.Background())
		c.session.Free()
	})
	return c.closed
}

// SignOut closes the client as Close does, but waits for the sends under way only until the context ends, and cancels what has
// not ended by then. The session is closed on the server all the same, in at most 3 s, also where the context has ended
// before. Its end is no error.
func (c *Client) SignOut(ctx context.Context) error {
	stop := context.AfterFunc(ctx, c.CancelAll)
	defer stop()
	_, err := await(context.WithoutCancel(ctx), c.session.SignOut(), c.log, noGrace)
	if failure := failureOf(err); failure != nil && failure.Kind != ErrClosed {
		c.tokens.explain(failure)
		return failure
	}
	return nil
}

// CancelAll ends every send under way at once: each fails with ErrCancelled, and its Sent says whether the message can have
// arrived (SentMaybe) or not (SentNo). Sends that begin after it fail with ErrClosed. The session is still to be closed.
func (c *Client) CancelAll() {
	// It fails only where the client is closed, and nothing is under way.
	_ = c.session.CancelAll()
}
