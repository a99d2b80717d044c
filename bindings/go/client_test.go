package sendim_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"send-im.internal/sendim"
)

var (
	_ io.Closer    = (*sendim.Client)(nil)
	_ io.Closer    = (*sendim.Sandbox)(nil)
	_ fmt.Stringer = (*sendim.Sandbox)(nil)
)

func TestAClientSignsInOnceForManyMessages(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	for n := 0; n < 5; n++ {
		_, err := client.Send(background(t), to("lenea@contoso.com", fmt.Sprint("message ", n)))
		check(t, err)
	}
	same(t, texts(t, sandbox), "message 0,message 1,message 2,message 3,message 4")
	check(t, client.SignOut(background(t)))
	same(t, must[int](t)(openSessions(sandbox)), 0)
	signIns := 0
	for _, exchange := range journal(t, sandbox) {
		if strings.Contains(strings.ToLower(exchange.Path), "oauthtoken") {
			signIns++
		}
	}
	same(t, signIns, 1)
}

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
		t.Fatal(again)
	}
}

func TestARefusedSignInLeavesNothingOpen(t *testing.T) {
	sandbox := start(t, nil)
	_, err := sendim.SignIn(background(t), account(sandbox, wrongPassword))
	same(t, failing(t, err).Kind, sendim.ErrSignInRefused)
	same(t, must[int](t)(openSessions(sandbox)), 0)
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
	same(t, len(must[[]sendim.Delivered](t)(sandbox.Messages())), 16)
	same(t, len(client.SendAll(background(t), nil)), 0)
}

func TestAMessageHasItsOwnTimeout(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	message := to("silent@contoso.com", "hi")
	message.Timeout = 300_000_000
	_, err := client.Send(background(t), message)
	failure := failing(t, err)
	same(t, failure.Kind, sendim.ErrTimeout)
	same(t, failure.Sent, sendim.SentNo)
	message.Timeout = -1
	_, err = client.Send(background(t), message)
	same(t, failing(t, err).Kind, sendim.ErrInvalidInput)
}

func TestASessionTheServerDroppedIsOpenedAgain(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	for _, between := range []string{"", "drop-applications", "resync", "resume", "end-conversations", "revoke-tokens"} {
		if between != "" {
			must[[]byte](t)(sandbox.Request("POST", "actions/"+between, nil))
		}
		_, err := client.Send(background(t), to("lenea@contoso.com", "x"))
		check(t, err)
	}
	same(t, texts(t, sandbox), "x,x,x,x,x,x")
}

func TestAClientNobodyRefersToSignsOut(t *testing.T) {
	sandbox := start(t, nil)
	func() {
		client, err := sendim.SignIn(background(t), account(sandbox))
		check(t, err)
		_, err = client.Send(background(t), to("lenea@contoso.com", "hi"))
		check(t, err)
		same(t, must[int](t)(openSessions(sandbox)), 1)
	}()
	eventually(t, "signed out", func() bool {
		runtime.GC()
		return must[int](t)(openSessions(sandbox)) == 0
	})
}

func TestAnErrorOfOneCallIsNoErrorOfTheNext(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	_, err := client.Send(background(t), to("busy@contoso.com", "hi"))
	if !errors.Is(err, sendim.ErrBusy) {
		t.Fatal(err)
	}
	_, err = client.Send(background(t), to("lenea@contoso.com", "hi"))
	check(t, err)
}
