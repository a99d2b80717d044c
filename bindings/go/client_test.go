package sendim_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"

	"send-im.internal/sendim"
)

var (
	_ io.Closer    = (*sendim.Client)(nil)
	_ io.Closer    = (*sendim.Sandbox)(nil)
	_ fmt.Stringer = (*sendim.Sandbox)(nil)
)

func TestAClosedClientSaysSo(t *testing.T) {
	sandbox := start(t, nil)
	for _, end := range []func(*sendim.Client) error{
		func(client *sendim.Client) error { return client.SignOut(background(t)) },
		(*sendim.Client).Close,
	} {
		client := signIn(t, sandbox)
		// A second time does nothing.
		check(t, end(client))
		check(t, end(client))
		_, err := client.Send(background(t), to("lenea@contoso.com", "hi"))
		results := client.SendAll(background(t), []sendim.Message{to("a@contoso.com", "a"), to("b@contoso.com", "b")})
		same(t, len(results), 2)
		for _, err := range []error{err, results[0].Err, results[1].Err} {
			failure := failing(t, err)
			same(t, failure.Kind, sendim.ErrClosed)
			same(t, failure.Sent, sendim.SentNo)
		}
		client.CancelAll()
		check(t, client.SignOut(background(t)))
		check(t, client.Close())
	}
	same(t, must[int](t)(openSessions(sandbox)), 0)
}

func TestCloseTellsThatTheServerCouldNotBeTold(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	check(t, sandbox.AddFault(sendim.Fault{
		Route: sendim.RouteDeleteApplication, Action: sendim.ActionStatus(sendim.Status{HTTP: 400}), Times: sendim.Always,
	}))
	err := client.Close()
	failure := failing(t, err)
	same(t, failure.Step, sendim.StepSignOut)
	if again := client.Close(); again != err {
		t.Fatalf("closing again gives %v, at first %v", again, err)
	}
}

func TestSendAllAnswersInOrder(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	var messages []sendim.Message
	for n := 0; n < 20; n++ {
		messages = append(messages, to(fmt.Sprintf("user%d@contoso.com", n), "message"))
	}
	messages[7].To = "declines@contoso.com"
	messages[9].To = "nobody"
	messages[11].Importance = "huge"
	messages[13].Text = "NUL \x00"
	kinds := map[int]sendim.Kind{
		7: sendim.ErrDeclined, 9: sendim.ErrInvalidInput, 11: sendim.ErrInvalidInput, 13: sendim.ErrInvalidInput,
	}
	results := client.SendAll(background(t), messages)
	same(t, len(results), 20)
	for n, result := range results {
		if kind, fails := kinds[n]; fails {
			same(t, failing(t, result.Err).Kind, kind)
			same(t, result.Receipt, nil)
		} else {
			check(t, result.Err)
			same(t, result.Receipt.AcceptedBy, messages[n].To)
		}
	}
	same(t, len(delivered(t, sandbox)), 16)
	same(t, len(client.SendAll(background(t), nil)), 0)
}

func TestAClientNobodyRefersToSignsOut(t *testing.T) {
	sandbox := start(t, nil)
	func() {
		client := must[*sendim.Client](t)(sendim.SignIn(background(t), account(sandbox)))
		must[*sendim.Receipt](t)(client.Send(background(t), to("lenea@contoso.com", "hi")))
		same(t, must[int](t)(openSessions(sandbox)), 1)
	}()
	eventually(t, "signed out", func() bool {
		runtime.GC()
		return must[int](t)(openSessions(sandbox)) == 0
	})
}
