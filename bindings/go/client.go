package sendim

import (
	"context"
	"sync"
	"time"

	"send-im.internal/sendim/internal/native"
)

// closePatience is how long [Client.Close] waits for the server.
const closePatience = 5 * time.Second

// Client is one session: it signs in once, and sends any number of messages from any number of goroutines. It is an
// io.Closer.
//
// A waiting send holds no thread.
type Client struct {
	session *native.Client
	log     *stepLog
	tokens  *tokens

	closing sync.Once
	closed  error
}

// SignIn signs in and opens a session. Close the client at the end.
//
// The options are those of an account; without an address among them it is the stored one. The context is for the sign-in:
// the client goes on when it ends. The error is an [*Error].
func SignIn(ctx context.Context, options ...Option) (*Client, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx)
	}
	settings := settingsOf(options)
	account, byDeadline, failure := settings.native(ctx)
	if failure != nil {
		return nil, failure
	}
	log, tokens, failure := settings.listen(context.WithoutCancel(ctx), account)
	if failure != nil {
		account.Free()
		return nil, failure
	}
	call := native.SignIn(account)
	account.Free()
	session, err := await(ctx, call, log, grace)
	if failure := failureOf(err); failure != nil {
		explained(ctx, failure, byDeadline)
		tokens.explain(failure)
		return nil, failure
	}
	return &Client{session: session, log: log, tokens: tokens}, nil
}

// Send sends one message and waits for its delivery. The error is an [*Error]; its kind is ErrClosed after SignOut or Close.
//
// Messages to one recipient with the same subject and importance arrive in the order of the calls.
func (c *Client) Send(ctx context.Context, message Message) (*Receipt, error) {
	if failure := checked(ctx, message.To, message.Text); failure != nil {
		return nil, failure
	}
	options, byDeadline, failure := settingsOf(message.options()).native(ctx)
	if failure != nil {
		return nil, failure
	}
	call := c.session.Send(options, message.To, message.Text)
	options.Free()
	told, err := await(ctx, call, c.log, grace)
	if err != nil {
		return nil, c.failure(ctx, err, byDeadline)
	}
	return receiptOf(told)
}

// failure is the error of a call on this session.
func (c *Client) failure(ctx context.Context, err error, byDeadline bool) *Error {
	failure := failureOf(err)
	explained(ctx, failure, byDeadline)
	c.tokens.explain(failure)
	return failure
}

// SendAll sends many messages, some tens at a time, and gives a result for each in the same order. One that fails does not
// keep the others back. A message's Timeout begins when its turn comes; the context holds for all of them.
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
			result.Err = c.failure(ctx, failed, entry.byDeadline)
		} else {
			result.Receipt, result.Err = receiptOf(outcomes[n].Receipt)
		}
	}
	return results
}

func add(ctx context.Context, list *native.Messages, message Message) (byDeadline bool, failure *Error) {
	if failure := checked(ctx, message.To, message.Text); failure != nil {
		return false, failure
	}
	options, byDeadline, failure := settingsOf(message.options()).native(ctx)
	if failure != nil {
		return false, failure
	}
	defer options.Free()
	return byDeadline, failureOf(list.Add(options, message.To, message.Text))
}

// SignOut waits for the sends under way and ends the session on the server. Later sends fail with ErrClosed; a second call
// does nothing. An error says that the server could not be told; it ends the session by itself after a while.
func (c *Client) SignOut(ctx context.Context) error {
	if ctx.Err() != nil {
		return ended(ctx)
	}
	_, err := await(ctx, c.session.SignOut(), c.log, noGrace)
	if failure := failureOf(err); failure != nil && failure.Kind != ErrClosed {
		explained(ctx, failure, false)
		return failure
	}
	return nil
}

// Close ends the sends under way, each with ErrCancelled, and the session. It waits for the server for five seconds at most.
// A second call does nothing and returns the same.
func (c *Client) Close() error {
	c.closing.Do(func() {
		// It fails where there is nothing left to cancel.
		_ = c.session.CancelAll()
		ctx, cancel := context.WithTimeout(context.Background(), closePatience)
		defer cancel()
		c.closed = c.SignOut(ctx)
		c.session.Free()
	})
	return c.closed
}
