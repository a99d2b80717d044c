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
// to withdraw the invitation and learn what came of it, and another 3 s to close its session. See [WithTimeout].
//
// Without an address among the options the account is the stored one; see the package. For more than one message, [SignIn]
// signs in once. The error is an [*Error].
func Send(ctx context.Context, to, text string, options ...Option) (*Receipt, error) {
	settings := settingsOf(options)
	if failure := checked(ctx, to, text); failure != nil {
		return nil, failure
	}
	account, byDeadline, failure := settings.native(ctx)
	if failure != nil {
		return nil, failure
	}
	log, tokens, failure := settings.listen(ctx, account)
	if failure != nil {
		account.Free()
		return nil, failure
	}
	call := native.Send(account, to, text)
	account.Free()
	told, err := await(ctx, call, log, graceOfSend)
	if failure := failureOf(err); failure != nil {
		explained(ctx, failure, byDeadline)
		tokens.explain(failure)
		return nil, failure
	}
	return receiptOf(told)
}

// checked refuses what the library cannot be asked.
func checked(ctx context.Context, to, text string) *Error {
	if failure := withoutNUL("recipient", to); failure != nil {
		return failure
	}
	if failure := withoutNUL("text", text); failure != nil {
		return failure
	}
	if ctx.Err() != nil {
		return ended(ctx)
	}
	return nil
}

// listen sets what the account's options are told of, on behalf of ctx.
func (s *settings) listen(ctx context.Context, account *native.Options) (*stepLog, *tokens, *Error) {
	log := newStepLog(ctx, s.logger)
	if log != nil {
		if err := account.OnStep(log); err != nil {
			return nil, nil, failureOf(err)
		}
	}
	if s.source == nil {
		return log, nil, nil
	}
	tokens := newTokens(ctx, s.source)
	if err := account.OnToken(tokens); err != nil {
		return nil, nil, failureOf(err)
	}
	return log, tokens, nil
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
