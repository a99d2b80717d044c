package sendim

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"send-im.internal/sendim/internal/native"
)

// Error is a failed call: what failed, at which step, and what to do about it. Get at it with errors.As.
//
// Tests can construct one. Set Kind and Sent, as in &Error{Kind: ErrBusy, Sent: SentNo}; it then behaves like one that a call returned.
type Error struct {
	// Kind is the sort of failure.
	Kind Kind `json:"kind"`
	// Step is the step that failed; empty where none had begun.
	Step StepName `json:"step,omitempty"`
	// Detail is one sentence a person can act on. It holds no password, no token and no text of a message.
	Detail string `json:"detail"`
	// Sent says whether the message may have arrived all the same. Send again only what is SentNo.
	Sent Sent `json:"sent"`
	// HTTPStatus is the status of the answer that decided; 0 where none did.
	HTTPStatus int `json:"http_status,omitempty"`
	// Code and Subcode are the server's, as they came; empty where there are none.
	Code    string `json:"code,omitempty"`
	Subcode string `json:"subcode,omitempty"`
	// Diagnostics are the server's, for its administrator. They are not stable.
	Diagnostics string `json:"diagnostics,omitempty"`
	// RetryAfter is how long the server asked to wait; 0 where it did not.
	RetryAfter time.Duration `json:"retry_after_ns,omitempty"`
	// Hops are the way the call took, oldest first, where that explains the failure.
	Hops []Hop `json:"hops,omitempty"`
	// Causes are what else errors.Is and errors.As find. Where the context ended the call: context.Canceled or
	// context.DeadlineExceeded, and the context's cause where it has one of its own. Where there was no token: the error of
	// the [TokenSource]. No text shows them: they may be secret.
	Causes []error `json:"-"`

	// The number of the token source's error; 0 where that was not it.
	cause uint64
	// The exit code as the library tells it, which may know kinds that this package does not.
	exit int
}

// Hop is one place a call went through before it failed.
type Hop struct {
	// URL is without its query.
	URL string `json:"url"`
	// Outcome is what came back, for example "401" or "connection refused".
	Outcome string `json:"outcome"`
}

// Error is "sendim: " and the Detail as it reads in the middle of a line, or the name of the kind where there is none.
func (e *Error) Error() string {
	text := strings.TrimSuffix(e.Detail, ".")
	if e.Detail == "" {
		text = e.Kind.Error()
	}
	// The names that a detail begins with have no small second letter: TLS, SEND_IM_ADDRESS.
	if len(text) > 1 && (text[1] == ' ' || 'a' <= text[1] && text[1] <= 'z') {
		text = strings.ToLower(text[:1]) + text[1:]
	}
	return "sendim: " + text
}

// Is compares with a [Kind] or a family of kinds, for errors.Is.
func (e *Error) Is(target error) bool {
	family, is := target.(family)
	return is && family.code == e.exitCode() || target == e.Kind
}

// Unwrap is the Causes.
func (e *Error) Unwrap() []error { return e.Causes }

// Timeout is true where the time-out of the call or the deadline of its context passed, for os.IsTimeout and net.Error's
// habit. Whether it was the context's: errors.Is(err, context.DeadlineExceeded).
func (e *Error) Timeout() bool { return e.Kind == ErrTimeout }

func (e *Error) exitCode() int {
	if e.exit != 0 {
		return e.exit
	}
	return e.Kind.exitCode()
}

// LogValue gives the fields to log/slog.
func (e *Error) LogValue() slog.Value {
	fields := []slog.Attr{
		slog.String("detail", e.Detail), slog.String("kind", string(e.Kind)), slog.String("sent", string(e.Sent)),
	}
	if e.Step != "" {
		fields = append(fields, slog.String("step", string(e.Step)))
	}
	if e.HTTPStatus != 0 {
		fields = append(fields, slog.Int("http_status", e.HTTPStatus))
	}
	return slog.GroupValue(fields...)
}

// ExitCode is for a program that ends because of err. That of an [*Error] or a [Kind]: 2 invalid input, 3 sign-in, 4 not
// delivered, 6 outcome unknown, 130 cancelled, else 5. 0 for nil and 1 for other errors.
func ExitCode(err error) int {
	var failure interface{ exitCode() int }
	switch {
	case err == nil:
		return 0
	case errors.As(err, &failure):
		return failure.exitCode()
	default:
		return 1
	}
}

// invalid refuses an argument.
func invalid(detail string) *Error {
	return &Error{Kind: ErrInvalidInput, Detail: detail, Sent: SentNo}
}

// failureOf is the error for one of the C library; nil for nil.
func failureOf(err error) *Error {
	var told *native.Failure
	var freed native.Freed
	switch {
	case err == nil:
		return nil
	case errors.As(err, &told):
		return decoded(told.JSON)
	case errors.As(err, &freed):
		return &Error{Kind: ErrClosed, Detail: "The " + string(freed) + " is closed.", Sent: SentNo}
	default:
		return &Error{Kind: ErrProtocol, Detail: err.Error(), Sent: SentMaybe}
	}
}

func decoded(text string) *Error {
	var told struct {
		Error
		RetryAfter float64 `json:"retry_after"`
		ExitCode   int     `json:"exit_code"`
		Cause      uint64  `json:"cause"`
	}
	if err := json.Unmarshal([]byte(text), &told); err != nil {
		return &Error{Kind: ErrProtocol, Detail: "The library told an error that is not JSON.", Sent: SentMaybe}
	}
	failure := &told.Error
	failure.RetryAfter = time.Duration(told.RetryAfter * float64(time.Second))
	failure.exit, failure.cause = told.ExitCode, told.Cause
	return failure
}

// ended is the error of a call that did not begin because its context had ended.
func ended(ctx context.Context) *Error {
	failure := &Error{Kind: ErrCancelled, Detail: "The context was cancelled before the call began.", Sent: SentNo}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		failure.Kind = ErrTimeout
		failure.Detail = "The deadline of the context had passed before the call began."
	}
	failure.Causes = causes(ctx)
	return failure
}

// explained tells of a call's error that the context ended it, where it did. byDeadline: the context's deadline was the
// time-out of the call.
func explained(ctx context.Context, failure *Error, byDeadline bool) {
	late := isLate(ctx)
	if failure.Kind == ErrTimeout && byDeadline && late || failure.Kind == ErrCancelled && ctx.Err() != nil {
		failure.Causes = append(failure.Causes, causes(ctx)...)
	}
	if failure.Kind == ErrCancelled && late {
		failure.Kind, failure.exit = ErrTimeout, 0
		failure.Detail = "The deadline of the context passed; no message had left."
		if failure.Sent == SentMaybe {
			failure.Detail = "The deadline of the context passed; the message may have arrived before."
		}
	}
}

// isLate is true where the deadline of the context has passed, also where the context is just about to say so.
func isLate(ctx context.Context) bool {
	if deadline, has := ctx.Deadline(); has && !time.Now().Before(deadline) {
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return errors.Is(ctx.Err(), context.DeadlineExceeded)
}

func causes(ctx context.Context) []error {
	found := []error{ctx.Err()}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(ctx.Err(), cause) {
		found = append(found, cause)
	}
	return found
}
