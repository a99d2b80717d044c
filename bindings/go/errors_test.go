package sendim_test

import (
	"context"
	"encoding/json"
	"errors"
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
		step   sendim.StepName
		family error
		exit   int
	}{
		{"lenea", sendim.ErrInvalidInput, "", sendim.ErrInvalidInput, 2},
		{"busy@contoso.com", sendim.ErrBusy, sendim.StepConfirm, sendim.ErrNotDelivered, 4},
	} {
		var err error = refused(t, sandbox, to(expected.to, secretText))
		failure := failing(t, err)
		same(t, failure.Kind, expected.kind)
		same(t, failure.Step, expected.step)
		same(t, failure.Sent, sendim.SentNo)
		same(t, sendim.ExitCode(err), expected.exit)
		same(t, failure.Timeout(), false)
		if !errors.Is(err, expected.kind) || !errors.Is(err, expected.family) || errors.Is(err, sendim.ErrSignIn) ||
			errors.Is(err, sendim.ErrTLS) {
			t.Errorf("errors.Is does not know %v", failure.Kind)
		}
		// One line that may stand in the middle of another.
		if !regexp.MustCompile(`^sendim: [^A-Z\n][^\n]*[^.\n]$`).MatchString(err.Error()) {
			t.Errorf("%q reads badly", err)
		}
		if !regexp.MustCompile(`^\S[^\n]*\.$`).MatchString(failure.Detail) {
			t.Errorf("%q is no sentence", failure.Detail)
		}
	}
}

func TestTheWayToAServerThatIsNotThere(t *testing.T) {
	failure := refused(t, start(t, nil), within(5*time.Second, "lenea@contoso.com"), func(account *sendim.Account) {
		account.Server = "http://127.0.0.1:1/"
	})
	contains(t, failure.Hops[0].URL, "127.0.0.1:1")
	same(t, failure.Hops[0].Outcome != "", true)
}

func TestWhatTheServerAsked(t *testing.T) {
	sandbox := start(t, nil)
	status := sendim.Status{
		HTTP: 429, Code: "TooManyRequests", Subcode: "Later", RetryAfter: 10 * time.Minute, Diagnostics: `28032;reason="busy"`,
	}
	fault := sendim.Fault{Route: sendim.RouteApplications, Action: sendim.ActionStatus(status), Times: sendim.Always}
	check(t, sandbox.AddFault(fault))
	failure := refused(t, sandbox, to("lenea@contoso.com", "hi"))
	same(t, failure.Kind, sendim.ErrThrottled)
	same(t, failure.HTTPStatus, 429)
	same(t, failure.Code, "TooManyRequests")
	same(t, failure.Subcode, "Later")
	same(t, failure.RetryAfter, 10*time.Minute)
	contains(t, failure.Diagnostics, "28032")
	// Its JSON has the same names as everywhere.
	told := string(must[[]byte](t)(json.Marshal(failure)))
	contains(t, told, `{"kind":"throttled","step":"open_session","detail":"`)
	contains(t, told, `,"sent":"no","http_status":429,"code":"TooManyRequests","subcode":"Later","diagnostics":"28032;`)
	contains(t, told, `","retry_after_ns":600000000000}`)
}

func TestExitCodesOfOtherErrors(t *testing.T) {
	same(t, sendim.ExitCode(nil), 0)
	same(t, sendim.ExitCode(errors.New("something else")), 1)
	same(t, sendim.ExitCode(errors.Join(errors.New("x"), &sendim.Error{Kind: sendim.ErrBusy})), 4)
	same(t, sendim.ExitCode(sendim.ErrBusy), 4)
}

func TestAProgramMayMakeOneInItsTests(t *testing.T) {
	var err error = &sendim.Error{Kind: sendim.ErrDeclined, Detail: "The recipient declined.", Sent: sendim.SentNo}
	if !errors.Is(err, sendim.ErrDeclined) || !errors.Is(err, sendim.ErrNotDelivered) {
		t.Fatalf("errors.Is finds no ErrDeclined or no ErrNotDelivered in: %v", err)
	}
	same(t, err.Error(), "sendim: the recipient declined")
	if !errors.Is(sendim.ErrBusy, sendim.ErrNotDelivered) || errors.Is(sendim.ErrBusy, sendim.ErrSignIn) {
		t.Fatal("a kind on its own is of another family")
	}
	late := &sendim.Error{Kind: sendim.ErrTimeout, Sent: sendim.SentMaybe, Causes: []error{context.DeadlineExceeded}}
	if !errors.Is(late, context.DeadlineExceeded) || !late.Timeout() {
		t.Fatalf("no deadline in: %v", late)
	}
	bare := &sendim.Error{Kind: sendim.ErrBusy}
	same(t, bare.Error(), "sendim: busy")
	same(t, sendim.ExitCode(bare), 4)
	for detail, text := range map[string]string{
		"TLS failed.": "sendim: TLS failed", "SEND_IM_TLS is no word.": "sendim: SEND_IM_TLS is no word", "A host is gone.": "sendim: a host is gone",
		"é": "sendim: é", "X": "sendim: X", ".": "sendim: ",
	} {
		same(t, (&sendim.Error{Detail: detail}).Error(), text)
	}
	receipt := &sendim.Receipt{To: "lenea@contoso.com", AcceptedBy: "lenea@contoso.com", Evidence: sendim.EvidenceInvitationAccepted}
	results := []sendim.Result{{Receipt: receipt}, {Err: err}}
	same(t, results[0].Receipt.AcceptedBy, "lenea@contoso.com")
	contains(t, receipt.LogValue().String(), "invitation_accepted")
}
