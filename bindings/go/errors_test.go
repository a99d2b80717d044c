package sendim_test

import (
	"context"
	"errors"
	"os"
	"regexp"
	"testing"
	"time"

	"send-im.internal/sendim"
)

const secretText = "the text of the message, which is secret"

func TestAnErrorSaysWhatFailedAndWhatToDo(t *testing.T) {
	sandbox := start(t, nil)
	for _, expected := range []struct {
		to     string
		kind   sendim.Kind
		step   sendim.Step
		family error
		exit   int
	}{
		{"lenea", sendim.ErrInvalidInput, "", sendim.ErrInvalidInput, 2},
		{"unknown@contoso.com", sendim.ErrRecipientNotFound, sendim.StepConfirm, sendim.ErrNotDelivered, 4},
		{"offline@contoso.com", sendim.ErrRecipientUnavailable, sendim.StepConfirm, sendim.ErrNotDelivered, 4},
		{"declines@contoso.com", sendim.ErrDeclined, sendim.StepConfirm, sendim.ErrNotDelivered, 4},
		{"busy@contoso.com", sendim.ErrBusy, sendim.StepConfirm, sendim.ErrNotDelivered, 4},
	} {
		_, err := sendim.Send(background(t), expected.to, secretText, account(sandbox))
		failure := failing(t, err)
		same(t, failure.Kind, expected.kind)
		same(t, failure.Step, expected.step)
		same(t, failure.Sent, sendim.SentNo)
		same(t, failure.ExitCode(), expected.exit)
		same(t, sendim.ExitCode(err), expected.exit)
		same(t, failure.Timeout(), false)
		if !errors.Is(err, expected.kind) || !errors.Is(err, expected.family) || errors.Is(err, sendim.ErrSignIn) ||
			errors.Is(err, sendim.ErrTLS) {
			t.Errorf("errors.Is does not know %v", failure.Kind)
		}
		if !regexp.MustCompile(`^\S[^\n]*\.$`).MatchString(err.Error()) {
			t.Errorf("%q is no sentence", err)
		}
	}
}

func TestARefusedPassword(t *testing.T) {
	sandbox := start(t, nil)
	_, err := sendim.Send(background(t), "lenea@contoso.com", "hi", account(sandbox), sendim.WithPassword("wrong"))
	if !errors.Is(err, sendim.ErrSignInRefused) || !errors.Is(err, sendim.ErrSignIn) || errors.Is(err, sendim.ErrNotDelivered) {
		t.Fatal(err)
	}
	same(t, failing(t, err).Step, sendim.StepSignIn)
}

func TestNoServer(t *testing.T) {
	_, err := sendim.Send(background(t), "lenea@contoso.com", "hi", sendim.WithAddress(sender), sendim.WithPassword(password),
		sendim.WithServer("http://127.0.0.1:1/"), sendim.WithTimeout(5*time.Second))
	failure := failing(t, err)
	same(t, failure.Kind, sendim.ErrDiscoveryFailed)
	contains(t, failure.Hops[0].URL, "127.0.0.1:1")
	if failure.Hops[0].Outcome == "" {
		t.Fatal(failure.Hops)
	}
}

func TestTheTimeoutOfACall(t *testing.T) {
	sandbox := start(t, nil)
	_, err := sendim.Send(background(t), "silent@contoso.com", "hi", account(sandbox), sendim.WithTimeout(500*time.Millisecond))
	failure := failing(t, err)
	same(t, failure.Kind, sendim.ErrTimeout)
	same(t, failure.Timeout(), true)
	same(t, os.IsTimeout(err), true)
	// The context had nothing to do with it.
	same(t, len(failure.Unwrap()), 0)
	same(t, texts(t, sandbox), "")
}

func TestAnUnknownOutcome(t *testing.T) {
	sandbox := start(t, nil)
	check(t, sandbox.AddFault(sendim.Fault{Route: "send_message", Action: "drop_before", Times: 9}))
	long := secretText
	for len(long) < 1000 {
		long += secretText
	}
	_, err := sendim.Send(background(t), "lenea@contoso.com", long, account(sandbox), sendim.WithTimeout(4*time.Second))
	failure := failing(t, err)
	same(t, failure.Kind, sendim.ErrOutcomeUnknown)
	same(t, failure.Sent, sendim.SentMaybe)
	same(t, failure.ExitCode(), 6)
}

func TestWhatTheServerAsked(t *testing.T) {
	sandbox := start(t, nil)
	status := map[string]any{"http": 429, "code": "TooManyRequests", "retry_after": 600, "diagnostics": "28032;reason=\"busy\""}
	fault := sendim.Fault{Route: "applications", Action: map[string]any{"status": status}, Times: sendim.Always}
	check(t, sandbox.AddFault(fault))
	_, err := sendim.Send(background(t), "lenea@contoso.com", "hi", account(sandbox))
	failure := failing(t, err)
	same(t, failure.Kind, sendim.ErrThrottled)
	same(t, failure.HTTPStatus, 429)
	same(t, failure.Code, "TooManyRequests")
	same(t, failure.RetryAfter, 10*time.Minute)
	contains(t, failure.Diagnostics, "28032")
}

func TestExitCodesOfOtherErrors(t *testing.T) {
	same(t, sendim.ExitCode(nil), 0)
	same(t, sendim.ExitCode(errors.New("something else")), 1)
	same(t, sendim.ExitCode(errors.Join(errors.New("x"), &sendim.Error{Kind: sendim.ErrBusy})), 4)
}

func TestAProgramMayMakeOneInItsTests(t *testing.T) {
	var err error = &sendim.Error{Kind: sendim.ErrDeclined, Detail: "Lenea declined.", Sent: sendim.SentNo}
	if !errors.Is(err, sendim.ErrDeclined) || !errors.Is(err, sendim.ErrNotDelivered) {
		t.Fatal(err)
	}
	same(t, err.Error(), "Lenea declined.")
	late := &sendim.Error{Kind: sendim.ErrTimeout, Sent: sendim.SentMaybe, Causes: []error{context.DeadlineExceeded}}
	if !errors.Is(late, context.DeadlineExceeded) || !late.Timeout() {
		t.Fatal(late)
	}
	bare := &sendim.Error{Kind: sendim.ErrBusy}
	same(t, bare.Error(), "busy")
	same(t, bare.ExitCode(), 4)
	receipt := &sendim.Receipt{To: "lenea@contoso.com", AcceptedBy: "lenea@contoso.com", Evidence: sendim.EvidenceInvitationAccepted}
	results := []sendim.Result{{Receipt: receipt}, {Err: err}}
	same(t, results[0].Receipt.AcceptedBy, "lenea@contoso.com")
	contains(t, receipt.LogValue().String(), "invitation_accepted")
}
