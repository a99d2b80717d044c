package sendim_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"send-im.internal/sendim"
)

func hello(t *testing.T, sandbox *sendim.Sandbox, address string) (*sendim.Receipt, error) {
	t.Helper()
	return sendim.Send(background(t), account(sandbox), to(address, "hi"))
}

func TestInboxesAndMessages(t *testing.T) {
	sandbox := start(t, nil)
	begun := time.Now()
	for _, address := range []string{"a@contoso.com", "b@contoso.com"} {
		_, err := hello(t, sandbox, address)
		check(t, err)
	}
	same(t, len(must[[]sendim.Delivered](t)(sandbox.Messages())), 2)
	inbox := must[[]sendim.Delivered](t)(sandbox.Inbox("sip:B@contoso.com"))
	same(t, len(inbox), 1)
	message := inbox[0]
	same(t, message.Number, 2)
	same(t, message.From, sender)
	same(t, message.To, "b@contoso.com")
	same(t, message.AcceptedBy, "b@contoso.com")
	same(t, message.Text, "hi")
	same(t, message.Subject, "")
	same(t, message.Importance, sendim.ImportanceNormal)
	same(t, message.Format, sendim.FormatPlain)
	same(t, message.Via, "invitation")
	if message.ReceivedAt.Before(begun.Add(-time.Second)) || message.ReceivedAt.After(time.Now().Add(time.Second)) ||
		message.Conversation == "" || message.ThreadID == "" {
		t.Fatalf("%s %s %s", message.ReceivedAt, message.Conversation, message.ThreadID)
	}
}

func TestWaitingForMessages(t *testing.T) {
	sandbox := start(t, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := sandbox.WaitFor(ctx, 1)
	failure := failing(t, err)
	same(t, failure.Kind, sendim.ErrTimeout)
	contains(t, err.Error(), "0 of 1")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(failure.Unwrap())
	}
	go func() { _, _ = hello(t, sandbox, "lenea@contoso.com") }()
	messages, err := sandbox.WaitFor(background(t), 1)
	check(t, err)
	same(t, messages[0].Text, "hi")
	signedOut(t, sandbox)
}

func TestLayoutsAndOptions(t *testing.T) {
	for _, layout := range []sendim.Layout{sendim.LayoutOnePool, sendim.LayoutTwoPools, sendim.LayoutRedirect} {
		_, err := hello(t, start(t, &sendim.SandboxOptions{Layout: layout}), "lenea@contoso.com")
		check(t, err)
	}
	for _, options := range []sendim.SandboxOptions{{Layout: "three-pools"}, {Listen: "nowhere"}, {Listen: "127.0.0.1:0\x00"}} {
		_, err := sendim.StartSandbox(&options)
		same(t, failing(t, err).Kind, sendim.ErrInvalidInput)
	}
	_, err := hello(t, start(t, &sendim.SandboxOptions{Ring: 50 * time.Millisecond}), "silent@contoso.com")
	same(t, failing(t, err).Kind, sendim.ErrNoAnswer)
	sandbox := start(t, &sendim.SandboxOptions{RedirectTo: "https://lync.attacker.example/"})
	_, err = hello(t, sandbox, "lenea@contoso.com")
	same(t, failing(t, err).Kind, sendim.ErrUntrustedHost)
}

func TestTheAuthorityIsRemovedWithTheSandbox(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{HTTPS: true})
	file, err := os.ReadFile(sandbox.CAFile())
	check(t, err)
	contains(t, string(file), "BEGIN CERTIFICATE")
	check(t, sandbox.Close())
	if _, err := os.Stat(sandbox.CAFile()); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	plain := start(t, nil)
	same(t, plain.CAFile(), "")
}

func TestUsers(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{Users: map[string]sendim.Secret{sender: "right"}})
	_, err := hello(t, sandbox, "lenea@contoso.com")
	same(t, failing(t, err).Kind, sendim.ErrSignInRefused)
	_, err = sendim.Send(background(t), account(sandbox, func(a *sendim.Account) { a.Password = "right" }), to("lenea@contoso.com", "hi"))
	check(t, err)
}

func TestFaults(t *testing.T) {
	sandbox := start(t, nil)
	status := sendim.ActionStatus(sendim.Status{HTTP: 403, Code: "Forbidden"})
	check(t, sandbox.AddFault(sendim.Fault{Route: sendim.RouteApplications, Action: status, Times: sendim.Always}))
	for range [2]int{} {
		_, err := hello(t, sandbox, "lenea@contoso.com")
		same(t, failing(t, err).Kind, sendim.ErrForbidden)
	}
	check(t, sandbox.ClearFaults())
	_, err := hello(t, sandbox, "lenea@contoso.com")
	check(t, err)

	// Without a number of times it is hit once, after those that are skipped.
	before := len(journal(t, sandbox))
	check(t, sandbox.AddFault(sendim.Fault{Route: sendim.RouteStartMessaging, Action: status, Skip: 1}))
	for range [3]int{} {
		_, _ = hello(t, sandbox, "lenea@contoso.com")
	}
	asked, refused := 0, []int{}
	for _, exchange := range journal(t, sandbox)[before:] {
		if strings.HasSuffix(exchange.Path, "/messagingInvitations") {
			asked++
			if exchange.Status == 403 {
				refused = append(refused, asked)
			}
		}
	}
	same(t, fmt.Sprint(refused), "[2]")

	for _, fault := range []sendim.Fault{{Route: "nowhere", Action: sendim.ActionDropBefore}, {Route: sendim.RouteAny}, {}} {
		same(t, failing(t, sandbox.AddFault(fault)).Kind, sendim.ErrInvalidInput)
	}
}

func TestItsOwnInterface(t *testing.T) {
	sandbox := start(t, nil)
	answer := must[[]byte](t)(sandbox.Request("PUT", "recipients/lenea@contoso.com", map[string]string{"forward_to": "ada@contoso.com"}))
	same(t, string(answer), "")
	receipt, err := hello(t, sandbox, "lenea@contoso.com")
	check(t, err)
	same(t, receipt.AcceptedBy, "ada@contoso.com")
	contains(t, string(must[[]byte](t)(sandbox.Request("GET", "messages?to=ada@contoso.com", nil))), `"text":"hi"`)
	must[[]byte](t)(sandbox.Request("DELETE", "messages", nil))
	same(t, texts(t, sandbox), "")
	_, err = sandbox.Request("GET", "secrets", nil)
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
