package sendim_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"send-im.internal/sendim"
)

func TestTheStepsTellTheWayOfTheMessage(t *testing.T) {
	sandbox := start(t, nil)
	receipt := sent(t, sandbox, to("lenea@contoso.com", "hi"))
	same(t, receipt.Steps[0].Name, sendim.StepDiscover)
	seen := map[sendim.StepName]bool{}
	for _, step := range receipt.Steps {
		seen[step.Name] = true
		same(t, "http://"+step.Host+"/", sandbox.URL())
		if step.Elapsed < 0 || step.Elapsed > hang || step.Status < 200 {
			t.Fatalf("%+v", step)
		}
	}
	for _, step := range []sendim.StepName{sendim.StepSignIn, sendim.StepOpenSession, sendim.StepInvite, sendim.StepConfirm} {
		if !seen[step] {
			t.Errorf("no step %s in %v", step, receipt.Steps)
		}
	}
}

func TestOlderCipherSuitesCanBeAllowed(t *testing.T) {
	t.Setenv("SEND_IM_TLS", "old")
	sandbox := start(t, nil)
	sent(t, sandbox, to("lenea@contoso.com", "hi"), func(a *sendim.Account) { a.TLS = sendim.TLSCompatible })
	contains(t, refused(t, sandbox, to("lenea@contoso.com", "hi")).Error(), "SEND_IM_TLS")
}

func TestBadOptionsAreRefusedBeforeAnyRequest(t *testing.T) {
	sandbox := start(t, nil)
	token := func(context.Context, sendim.TokenRequest) (sendim.Token, error) { return sendim.Token{}, nil }
	type both struct {
		*sendim.Account
		*sendim.Message
	}
	for complaint, change := range map[string]func(both){
		"importance":    func(b both) { b.Importance = "huge" },
		"hat to wait":   func(b both) { b.Wait = "forever" },
		"current or":    func(b both) { b.TLS = "old" },
		"timeout is":    func(b both) { b.Timeout = -time.Second },
		"subject":       func(b both) { b.Subject = "a\nb" },
		"not UTF-8":     func(b both) { b.Subject = "half \xff" },
		"one of them":   func(b both) { b.Tokens = token },
		"NUL":           func(b both) { b.Subject = "a\x00b" },
		"password cont": func(b both) { b.Password += "\x00" },
		"username cont": func(b both) { b.Username = "tosh\x00" },
	} {
		account, message := account(sandbox), to("lenea@contoso.com", "hi")
		change(both{&account, &message})
		_, err := sendim.Send(background(t), account, message)
		failure := failing(t, err)
		contains(t, failure.Error(), complaint)
		lacks(t, failure.Error(), password)
		same(t, failure.Kind, sendim.ErrInvalidInput)
		same(t, failure.Sent, sendim.SentNo)
		same(t, sendim.ExitCode(failure), 2)
	}
	same(t, len(journal(t, sandbox)), 0)
}

func TestANULIsRefusedAndCutsNothingOff(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	const text = "disk\x00full of secret things"
	_, err := sendim.Send(background(t), account(sandbox), to("lenea@contoso.com", text))
	_, other := sendim.Send(background(t), account(sandbox), to("lenea@contoso.com\x00", "hi"))
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
