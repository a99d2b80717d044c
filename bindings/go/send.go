package sendim

import (
	"context"
	"errors"
	"time"

	"send-im.internal/sendim/internal/native"
)

// How much longer than the deadline of a context a call may take that ends by itself at that time: its error tells more than
// a cancellation. A message whose time is over is withdrawn within two seconds, and Send closes its session within three more.
const (
	graceOfSend    = 5500 * time.Millisecond
	graceOfMessage = 2500 * time.Millisecond
	graceOfSignIn  = 500 * time.Millisecond
	noGrace        = 0
)

// Send signs in, sends one message, waits for its delivery and signs out.
//
// The message has the time-out to be delivered, 60 s or until the deadline of the context. After it Send takes at most 2 s more
// to withdraw the invitation and learn what came of it, and another 3 s to close its session. See [Message].
//
// For more than one message, [SignIn] signs in once. The error is an [*Error].
func Send(ctx context.Context, account Account, message Message) (*Receipt, error) {
	told, _, err := begin(ctx, ctx, account, &message, graceOfSend, func(options *native.Options) *native.Call[string] {
		return native.Send(options, message.To, message.Text)
	})
	if err != nil {
		return nil, err
	}
	return receiptOf(told)
}

// listeners are who is told of what an account's calls do.
type listeners struct {
	log    *stepLog
	tokens *tokens
}

// begin begins a call of an account, which has no session yet, and waits for it. The listeners are told on behalf of theirs.
func begin[T any](
	ctx, theirs context.Context, account Account, message *Message, patience time.Duration,
	start func(*native.Options) *native.Call[T],
) (result T, listening listeners, err error) {
	options, byDeadline, failure := optionsOf(ctx, &account, message)
	if failure != nil {
		return result, listening, failure
	}
	if listening.log = newStepLog(theirs, account.Logger); listening.log != nil {
		err = options.OnStep(listening.log.Step)
	}
	if account.Tokens != nil && err == nil {
		listening.tokens = newTokens(theirs, account.Tokens)
		err = options.OnToken(listening.tokens)
	}
	var call *native.Call[T]
	if err == nil {
		call = start(options)
	}
	options.Free()
	if err == nil {
		result, err = await(ctx, call, listening.log, patience)
	}
	return result, listening, listening.explained(ctx, err, byDeadline)
}

// explained is the error that the program gets for a native one, and nil for nil. byDeadline is true where the context's deadline was
// the timeout of the call.
func (l listeners) explained(ctx context.Context, err error, byDeadline bool) error {
	failure := failureOf(err)
	if failure == nil {
		return nil
	}
	explained(ctx, failure, byDeadline)
	l.tokens.explain(failure)
	return failure
}

// await waits for the end of a call. It cancels the call when the context is cancelled, and so long after the context's
// deadline if the call has not ended by itself.
func await[T any](ctx context.Context, call *native.Call[T], log *stepLog, patience time.Duration) (T, error) {
	// A logger that panics ends the wait.
	ended := false
	defer func() {
		if !ended {
			call.Cancel()
		}
		call.Free()
	}()
	log.enter()
	defer log.leave()

	over := ctx.Done()
	var late <-chan time.Time
	for {
		select {
		case <-call.Done():
			ended = true
			return call.Result()
		case <-log.news():
			log.deliver()
		case <-late:
			call.Cancel()
			late = nil
		case <-over:
			over = nil
			if patience > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded) {
				timer := time.NewTimer(patience)
				defer timer.Stop()
				late = timer.C
			} else {
				call.Cancel()
			}
		}
	}
}
