package sendim_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"send-im.internal/sendim"
)

func hello(address string) sendim.Message { return to(address, "hi") }

func TestInboxesAndMessages(t *testing.T) {
	sandbox := start(t, nil)
	begun := time.Now()
	sent(t, sandbox, hello("a@contoso.com"))
	sent(t, sandbox, sendim.Message{To: "b@contoso.com", Text: "<b>hi</b>", HTML: true, Subject: "db7", Importance: sendim.ImportanceUrgent})
	same(t, len(delivered(t, sandbox)), 2)
	inbox := must[[]sendim.Delivered](t)(sandbox.Inbox("sip:B@contoso.com"))
	same(t, len(inbox), 1)
	message := inbox[0]
	if message.ReceivedAt.Before(begun.Add(-time.Second)) || message.ReceivedAt.After(time.Now().Add(time.Second)) ||
		message.Conversation == "" || message.ThreadID == "" {
		t.Fatalf("%s %s %s", message.ReceivedAt, message.Conversation, message.ThreadID)
	}
	message.ReceivedAt, message.Conversation, message.ThreadID = time.Time{}, "", ""
	same(t, message, sendim.Delivered{
		Number: 2, From: sender, To: "b@contoso.com", AcceptedBy: "b@contoso.com", Text: "<b>hi</b>", Subject: "db7",
		Importance: sendim.ImportanceUrgent, Format: sendim.FormatHTML, Via: "message",
	})
}

func TestWaitingForMessages(t *testing.T) {
	sandbox := start(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := sandbox.WaitFor(ctx, 1)
	failure := failing(t, err)
	same(t, failure.Kind, sendim.ErrTimeout)
	contains(t, err.Error(), "0 of 1")
	same(t, errors.Is(err, context.DeadlineExceeded), true)
	go func() { _, _ = sendim.Send(background(t), account(sandbox), hello("lenea@contoso.com")) }()
	same(t, must[[]sendim.Delivered](t)(sandbox.WaitFor(background(t), 1))[0].Text, "hi")
	signedOut(t, sandbox)
}

func TestLayoutsAndOptions(t *testing.T) {
	for _, layout := range []sendim.Layout{sendim.LayoutOnePool, sendim.LayoutTwoPools, sendim.LayoutRedirect} {
		sent(t, start(t, &sendim.SandboxOptions{Layout: layout}), hello("lenea@contoso.com"))
	}
	for _, options := range []sendim.SandboxOptions{{Layout: "three-pools"}, {Listen: "nowhere"}, {Listen: "127.0.0.1:0\x00"}} {
		_, err := sendim.StartSandbox(&options)
		same(t, failing(t, err).Kind, sendim.ErrInvalidInput)
	}
	for _, expected := range []struct {
		options sendim.SandboxOptions
		to      string
		kind    sendim.Kind
	}{
		{sendim.SandboxOptions{Ring: 50 * time.Millisecond}, "silent@contoso.com", sendim.ErrNoAnswer},
		{sendim.SandboxOptions{RedirectTo: "https://lync.attacker.example/"}, "lenea@contoso.com", sendim.ErrUntrustedHost},
		{sendim.SandboxOptions{Users: map[string]sendim.Secret{sender: "another"}}, "lenea@contoso.com", sendim.ErrSignInRefused},
	} {
		same(t, refused(t, start(t, &expected.options), hello(expected.to)).Kind, expected.kind)
	}
	sent(t, start(t, &sendim.SandboxOptions{Users: map[string]sendim.Secret{sender: password}}), hello("lenea@contoso.com"))
}

func TestTheAuthorityIsRemovedWithTheSandbox(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{HTTPS: true})
	contains(t, string(must[[]byte](t)(os.ReadFile(sandbox.CAFile()))), "BEGIN CERTIFICATE")
	check(t, sandbox.Close())
	_, err := os.Stat(sandbox.CAFile())
	same(t, errors.Is(err, os.ErrNotExist), true)
	same(t, start(t, nil).CAFile(), "")
}

func TestFaults(t *testing.T) {
	sandbox := start(t, nil)
	status := sendim.ActionStatus(sendim.Status{HTTP: 403, Code: "Forbidden"})
	check(t, sandbox.AddFault(sendim.Fault{Route: sendim.RouteApplications, Action: status, Times: sendim.Always}))
	for range [2]int{} {
		same(t, refused(t, sandbox, hello("lenea@contoso.com")).Kind, sendim.ErrForbidden)
	}
	check(t, sandbox.ClearFaults())
	sent(t, sandbox, hello("lenea@contoso.com"))
	// Without a number of times it is hit once, after those that are skipped.
	check(t, sandbox.AddFault(sendim.Fault{Route: sendim.RouteStartMessaging, Action: status, Skip: 1}))
	sent(t, sandbox, hello("lenea@contoso.com"))
	same(t, refused(t, sandbox, hello("lenea@contoso.com")).Kind, sendim.ErrForbidden)
	sent(t, sandbox, hello("lenea@contoso.com"))

	for _, fault := range []sendim.Fault{{Route: "nowhere", Action: sendim.ActionDropBefore}, {Route: sendim.RouteAny}, {}} {
		same(t, failing(t, sandbox.AddFault(fault)).Kind, sendim.ErrInvalidInput)
	}
}

func TestItsOwnInterface(t *testing.T) {
	sandbox := start(t, nil)
	answer := must[[]byte](t)(sandbox.Request("PUT", "recipients/lenea@contoso.com", map[string]string{"forward_to": "ada@contoso.com"}))
	same(t, string(answer), "")
	same(t, sent(t, sandbox, hello("lenea@contoso.com")).AcceptedBy, "ada@contoso.com")
	contains(t, string(must[[]byte](t)(sandbox.Request("GET", "messages?to=ada@contoso.com", nil))), `"text":"hi"`)
	must[[]byte](t)(sandbox.Request("DELETE", "messages", nil))
	same(t, texts(t, sandbox), "")
	_, err := sandbox.Request("GET", "secrets", nil)
	same(t, failing(t, err).Detail, "The sandbox refuses this request: there is no such resource or method.")
	_, odd := sandbox.Request("PUT", "faults", func() {})
	for _, err := range []error{err, odd} {
		same(t, failing(t, err).Kind, sendim.ErrInvalidInput)
	}
}

func TestAStoppedSandboxSaysSo(t *testing.T) {
	sandbox := start(t, nil)
	contains(t, sandbox.String(), sandbox.URL())
	check(t, sandbox.Close())
	check(t, sandbox.Close())
	_, first := sandbox.Messages()
	_, second := sandbox.Request("GET", "state", nil)
	_, third := sandbox.WaitFor(background(t), 1)
	for _, err := range []error{first, second, third, sandbox.ClearFaults()} {
		same(t, failing(t, err).Kind, sendim.ErrClosed)
		contains(t, err.Error(), "sandbox is closed")
	}
}
