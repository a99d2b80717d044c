package sendim_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"send-im.internal/sendim"
)

func TestTheReceiptSaysWhoAcceptedAndWhyWeKnow(t *testing.T) {
	sandbox := start(t, nil)
	receipt, err := sendim.Send(background(t), "sip:lenea@contoso.com", "hello world", account(sandbox))
	check(t, err)
	same(t, receipt.To, "lenea@contoso.com")
	same(t, receipt.AcceptedBy, "lenea@contoso.com")
	same(t, receipt.Evidence, sendim.EvidenceInvitationAccepted)
	same(t, receipt.Format, sendim.FormatPlain)
	same(t, texts(t, sandbox), "hello world")
	open := must[int](t)(openSessions(sandbox))
	same(t, open, 0)
}

func TestTheStepsTellTheWayOfTheMessage(t *testing.T) {
	sandbox := start(t, nil)
	receipt, err := sendim.Send(background(t), "lenea@contoso.com", "hi", account(sandbox))
	check(t, err)
	same(t, receipt.Steps[0].Step, sendim.StepDiscover)
	seen := map[sendim.Step]bool{}
	for _, step := range receipt.Steps {
		seen[step.Step] = true
		same(t, "http://"+step.Host+"/", sandbox.URL())
		if step.Elapsed < 0 || step.Elapsed > hang || step.Status < 200 {
			t.Fatalf("%+v", step)
		}
	}
	for _, step := range []sendim.Step{sendim.StepSignIn, sendim.StepOpenSession, sendim.StepInvite, sendim.StepConfirm} {
		if !seen[step] {
			t.Errorf("no step %s in %v", step, receipt.Steps)
		}
	}
}

func TestEveryOptionReachesTheRecipient(t *testing.T) {
	sandbox := start(t, nil)
	receipt, err := sendim.Send(background(t), "lenea@contoso.com", "<b>full</b>", account(sandbox), sendim.WithSubject("db7"),
		sendim.WithImportance(sendim.ImportanceEmergency), sendim.WithHTML(), sendim.WithTimeout(30*time.Second))
	check(t, err)
	same(t, receipt.Format, sendim.FormatHTML)
	message := must[[]sendim.Delivery](t)(sandbox.Inbox("lenea@contoso.com"))[0]
	same(t, message.Subject, "db7")
	same(t, message.Importance, sendim.ImportanceEmergency)
	same(t, message.Format, sendim.FormatHTML)
	same(t, message.From, sender)
}

func TestSubmittedDoesNotWaitForTheRecipient(t *testing.T) {
	sandbox := start(t, nil)
	receipt, err := sendim.Send(background(t), "slow@contoso.com", "hi", account(sandbox), sendim.WithWait(sendim.WaitSubmitted))
	check(t, err)
	same(t, receipt.Evidence, sendim.EvidenceSubmitted)
	same(t, receipt.AcceptedBy, "")
	same(t, texts(t, sandbox), "")
	messages, err := sandbox.WaitFor(background(t), 1)
	check(t, err)
	same(t, messages[0].Text, "hi")
	signedOut(t, sandbox)
}

func TestASandboxWithHTTPSBringsItsAuthority(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{HTTPS: true, Layout: sendim.LayoutTwoPools})
	_, err := sendim.Send(background(t), "lenea@contoso.com", "hi", account(sandbox))
	check(t, err)
	same(t, texts(t, sandbox), "hi")
}

func TestTheStoredAccountIsUsedWhereNoneIsGiven(t *testing.T) {
	sandbox := start(t, nil)
	t.Setenv("SEND_IM_ADDRESS", sender)
	t.Setenv("SEND_IM_PASSWORD", password)
	t.Setenv("SEND_IM_SERVER", sandbox.URL())
	_, err := sendim.Send(background(t), "lenea@contoso.com", "hi")
	check(t, err)
	client, err := sendim.SignIn(background(t))
	check(t, err)
	defer client.Close()
	_, err = client.Send(background(t), sendim.Message{To: "lenea@contoso.com", Text: "ho"})
	check(t, err)
	same(t, texts(t, sandbox), "hi,ho")
}

func TestAProfileFileIsUsedWhereTheEnvironmentIsSilent(t *testing.T) {
	sandbox := start(t, nil)
	folder := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", folder)
	t.Setenv("HOME", folder)
	_, err := sendim.Send(background(t), "lenea@contoso.com", "hi")
	failure := failing(t, err)
	same(t, failure.Kind, sendim.ErrInvalidInput)
	contains(t, failure.Error(), "SEND_IM_ADDRESS")

	check(t, os.Mkdir(filepath.Join(folder, "send-im"), 0o700))
	profile := "address = '" + sender + "'\npassword = '" + password + "'\nserver = '" + sandbox.URL() + "'\n"
	check(t, os.WriteFile(filepath.Join(folder, "send-im", "config.toml"), []byte(profile), 0o600))
	_, err = sendim.Send(background(t), "lenea@contoso.com", "hi")
	check(t, err)
	same(t, texts(t, sandbox), "hi")
}

func TestThePasswordOfTheEnvironmentCompletesAnAddress(t *testing.T) {
	sandbox := start(t, nil)
	_, err := sendim.Send(background(t), "lenea@contoso.com", "hi", sendim.WithAddress(sender), sendim.WithSandbox(sandbox))
	contains(t, failing(t, err).Error(), "SEND_IM_PASSWORD")
	t.Setenv("SEND_IM_PASSWORD", password)
	_, err = sendim.Send(background(t), "lenea@contoso.com", "hi", sendim.WithAddress(sender), sendim.WithSandbox(sandbox))
	check(t, err)
}

func TestOlderCipherSuitesCanBeAllowed(t *testing.T) {
	t.Setenv("SEND_IM_TLS", "old")
	sandbox := start(t, nil)
	_, err := sendim.Send(background(t), "lenea@contoso.com", "hi", account(sandbox), sendim.WithTLS(sendim.TLSCompatible))
	check(t, err)
	_, err = sendim.Send(background(t), "lenea@contoso.com", "hi", account(sandbox))
	contains(t, failing(t, err).Error(), "SEND_IM_TLS")
}

func TestBadOptionsAreRefusedBeforeAnyRequest(t *testing.T) {
	sandbox := start(t, nil)
	token := func(context.Context, sendim.TokenRequest) (sendim.Token, error) { return sendim.Token{}, nil }
	for complaint, option := range map[string]sendim.Option{
		"importance":    sendim.WithImportance("huge"),
		"What to wait":  sendim.WithWait("forever"),
		"current or":    sendim.WithTLS("old"),
		"timeout":       sendim.WithTimeout(0),
		"timeout is":    sendim.WithTimeout(-time.Second),
		"subject":       sendim.WithSubject("a\nb"),
		"not UTF-8":     sendim.WithSubject("half \xff"),
		"one of them":   sendim.WithTokens(token),
		"NUL":           sendim.WithSubject("a\x00b"),
		"password cont": sendim.WithPassword(password + "\x00"),
		"username cont": sendim.WithUsername("tosh\x00"),
	} {
		_, err := sendim.Send(background(t), "lenea@contoso.com", "hi", account(sandbox), option)
		failure := failing(t, err)
		contains(t, failure.Error(), complaint)
		lacks(t, failure.Error(), password)
		same(t, failure.Kind, sendim.ErrInvalidInput)
		same(t, failure.Sent, sendim.SentNo)
		same(t, failure.ExitCode(), 2)
	}
	same(t, len(journal(t, sandbox)), 0)
}

func TestANULIsRefusedAndCutsNothingOff(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	const text = "disk\x00full of secret things"
	_, err := sendim.Send(background(t), "lenea@contoso.com", text, account(sandbox))
	_, other := sendim.Send(background(t), "lenea@contoso.com\x00", "hi", account(sandbox))
	_, third := client.Send(background(t), sendim.Message{To: "lenea@contoso.com", Text: text})
	fourth := client.SendAll(background(t), []sendim.Message{{To: "lenea\x00@contoso.com", Text: "hi"}})[0].Err
	_, fifth := sandbox.Inbox("lenea@contoso.com\x00")
	_, sixth := sandbox.Request("POST", "tokens/tosh\x00", nil)
	for _, err := range []error{err, other, third, fourth, fifth, sixth} {
		if !errors.Is(err, sendim.ErrInvalidInput) || !strings.Contains(fmt.Sprint(err), "NUL") {
			t.Errorf("%v", err)
		}
		lacks(t, fmt.Sprint(err), "secret")
	}
	same(t, texts(t, sandbox), "")
}

func TestAnOptionOfAMessageIsRefusedByASignIn(t *testing.T) {
	sandbox := start(t, nil)
	_, err := sendim.SignIn(background(t), account(sandbox), sendim.WithSubject("db7"))
	failure := failing(t, err)
	same(t, failure.Kind, sendim.ErrInvalidInput)
	contains(t, failure.Error(), "subject")
}
