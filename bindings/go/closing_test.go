package sendim_test

import (
	"context"
	"testing"
	"time"

	"send-im.internal/sendim"
)

// underWay begins a send and gives where its error comes.
func underWay(client *sendim.Client, message sendim.Message) <-chan error {
	failed := make(chan error, 1)
	go func() {
		_, err := client.Send(context.Background(), message)
		failed <- err
	}()
	return failed
}

func TestClosingWaitsForTheSendsUnderWay(t *testing.T) {
	sandbox := start(t, nil)
	for n, end := range []func(*sendim.Client) error{
		(*sendim.Client).Close,
		func(client *sendim.Client) error { return client.SignOut(background(t)) },
	} {
		client := signIn(t, sandbox)
		failed := underWay(client, to("slow@contoso.com", "hi"))
		ringing(t, sandbox, n+1)
		check(t, end(client))
		same(t, must[int](t)(openSessions(sandbox)), 0)
		_, err := client.Send(background(t), to("lenea@contoso.com", "late"))
		same(t, failing(t, err).Kind, sendim.ErrClosed)
		same(t, failing(t, err).Sent, sendim.SentNo)
		check(t, <-failed)
	}
	same(t, texts(t, sandbox), "hi,hi")
}

func TestWhatHasNotEndedAtTheBoundIsCancelled(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{Ring: time.Hour})
	over, cancel := context.WithCancel(context.Background())
	cancel()
	soon, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	// Also a context that has ended before closes the session.
	for n, bound := range []context.Context{soon, over} {
		client := signIn(t, sandbox)
		failed := underWay(client, patient("silent@contoso.com"))
		ringing(t, sandbox, n+1)
		check(t, client.SignOut(bound))
		failure := failing(t, <-failed)
		same(t, failure.Kind, sendim.ErrCancelled)
		same(t, failure.Sent, sendim.SentMaybe)
		// It was not the context of the send.
		same(t, len(failure.Unwrap()), 0)
		same(t, must[int](t)(openSessions(sandbox)), 0)
	}
	same(t, texts(t, sandbox), "")
}

func TestCancelAllEndsAClose(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{Ring: time.Hour})
	client := signIn(t, sandbox)
	rings, waits := underWay(client, patient("silent@contoso.com")), underWay(client, patient("silent@contoso.com"))
	ringing(t, sandbox, 1)
	closed := make(chan error, 2)
	go func() { closed <- client.Close() }()
	go func() { closed <- client.Close() }()
	client.CancelAll()
	check(t, <-closed)
	check(t, <-closed)
	told := map[sendim.Sent]int{}
	for _, failed := range []<-chan error{rings, waits} {
		failure := failing(t, <-failed)
		same(t, failure.Kind == sendim.ErrCancelled || failure.Kind == sendim.ErrClosed, true)
		told[failure.Sent]++
	}
	// One rang, the other waited for it, or came too late.
	same(t, told[sendim.SentMaybe], 1)
	same(t, told[sendim.SentNo], 1)
	same(t, must[int](t)(openSessions(sandbox)), 0)
}
