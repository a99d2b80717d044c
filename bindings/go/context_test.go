package sendim_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"send-im.internal/sendim"
)

// ways of sending a message: on its own, on a client, and among many.
func ways(sandbox *sendim.Sandbox, client *sendim.Client, message sendim.Message) []func(context.Context) error {
	return []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := sendim.Send(ctx, account(sandbox), message)
			return err
		},
		func(ctx context.Context) error {
			_, err := client.Send(ctx, message)
			return err
		},
		func(ctx context.Context) error {
			return client.SendAll(ctx, []sendim.Message{message})[0].Err
		},
	}
}

func TestACancelledContextEndsTheCall(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{Ring: time.Hour})
	client := signIn(t, sandbox)
	why := errors.New("the night is over")
	for n, send := range ways(sandbox, client, patient("silent@contoso.com")) {
		ctx, cancel := context.WithCancelCause(context.Background())
		failed := make(chan error, 1)
		go func() { failed <- send(ctx) }()
		ringing(t, sandbox, n+1)
		cancel(why)
		failure := failing(t, <-failed)
		same(t, failure.Kind, sendim.ErrCancelled)
		// It rang, so it could have been accepted.
		same(t, failure.Sent, sendim.SentMaybe)
		same(t, sendim.ExitCode(failure), 130)
		if !errors.Is(failure, context.Canceled) || !errors.Is(failure, why) || errors.Is(failure, context.DeadlineExceeded) {
			t.Fatalf("%v", failure.Unwrap())
		}
	}
	check(t, client.SignOut(background(t)))
	signedOut(t, sandbox)
	same(t, texts(t, sandbox), "")
}

func TestAContextThatHasEndedBeginsNothing(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	before := len(journal(t, sandbox))
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	for _, expected := range []struct {
		ctx  context.Context
		kind sendim.Kind
		why  error
	}{{cancelled, sendim.ErrCancelled, context.Canceled}, {late, sendim.ErrTimeout, context.DeadlineExceeded}} {
		for _, begin := range append(ways(sandbox, client, to("lenea@contoso.com", "hi")), func(ctx context.Context) error {
			_, err := sendim.SignIn(ctx, account(sandbox))
			return err
		}) {
			err := begin(expected.ctx)
			failure := failing(t, err)
			same(t, failure.Kind, expected.kind)
			same(t, failure.Sent, sendim.SentNo)
			same(t, failure.Timeout(), expected.kind == sendim.ErrTimeout)
			if !errors.Is(err, expected.why) {
				t.Fatalf("%v", failure.Unwrap())
			}
		}
	}
	if after := journal(t, sandbox); len(after) > before+1 {
		// One may be the event channel's.
		t.Fatalf("%v", after[before:])
	}
}

func TestTheDeadlineOfTheContextIsTheTimeout(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{Ring: time.Hour})
	client := signIn(t, sandbox)
	for n, send := range ways(sandbox, client, patient("silent@contoso.com")) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err := send(ctx)
		cancel()
		failure := failing(t, err)
		same(t, failure.Kind, sendim.ErrTimeout)
		if n < 2 {
			// The invitation was withdrawn before the call returned. Many messages are cut off in place of that.
			same(t, failure.Sent, sendim.SentNo)
		}
		same(t, sendim.ExitCode(failure), 5)
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || !failure.Timeout() {
			t.Fatalf("%v", failure.Unwrap())
		}
	}
	same(t, texts(t, sandbox), "")
}

func TestADeadlineBeforeTheTurnOfAMessage(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{Ring: time.Hour})
	client := signIn(t, sandbox)
	// More than are sent at a time.
	messages := make([]sendim.Message, 300)
	for n := range messages {
		messages[n] = sendim.Message{To: "silent@contoso.com", Text: "hi", Subject: string(rune('a' + n%26))}
	}
	messages[0].To = "lenea@contoso.com"
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	results := client.SendAll(ctx, messages)
	check(t, results[0].Err)
	for _, result := range results[1:] {
		if !errors.Is(result.Err, context.DeadlineExceeded) || !errors.Is(result.Err, sendim.ErrTimeout) {
			t.Fatalf("%v %v", result.Err, failing(t, result.Err).Kind)
		}
	}
	same(t, texts(t, sandbox), "hi")
}

func TestACancelledSignInLeavesNothingOpen(t *testing.T) {
	sandbox := start(t, nil)
	slow := sendim.ActionDelay(time.Hour)
	check(t, sandbox.AddFault(sendim.Fault{Route: sendim.RouteApplications, Action: slow, Times: sendim.Always}))
	ctx, cancel := context.WithCancel(context.Background())
	failed := make(chan error, 1)
	go func() {
		_, err := sendim.SignIn(ctx, account(sandbox))
		failed <- err
	}()
	eventually(t, "it signs in", func() bool { return len(journal(t, sandbox)) > 2 })
	cancel()
	err := <-failed
	if !errors.Is(err, context.Canceled) || !errors.Is(err, sendim.ErrCancelled) {
		t.Fatalf("errors.Is finds no context.Canceled or no ErrCancelled in: %v", err)
	}
	same(t, must[int](t)(openSessions(sandbox)), 0)
}

func TestTheContextOfTheSignInIsNotThatOfTheClient(t *testing.T) {
	sandbox := start(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	client := must[*sendim.Client](t)(sendim.SignIn(ctx, account(sandbox)))
	defer client.Close()
	cancel()
	must[*sendim.Receipt](t)(client.Send(background(t), to("lenea@contoso.com", "hi")))
}

func TestATimeoutThatIsNotTheContextsIsNoDeadlineExceeded(t *testing.T) {
	sandbox := start(t, &sendim.SandboxOptions{Ring: time.Hour})
	client := signIn(t, sandbox)
	for _, send := range append(ways(sandbox, client, within(time.Second, "silent@contoso.com")), func(ctx context.Context) error {
		// A time-out that the server tells of, long before the deadline of the context.
		late := sendim.ActionStatus(sendim.Status{HTTP: 408})
		check(t, sandbox.AddFault(sendim.Fault{Route: sendim.RouteApplications, Action: late, Times: sendim.Always}))
		_, err := sendim.Send(ctx, account(sandbox), to("lenea@contoso.com", "hi"))
		return err
	}) {
		err := send(background(t))
		if !errors.Is(err, sendim.ErrTimeout) || len(failing(t, err).Unwrap()) > 0 || !os.IsTimeout(err) {
			t.Fatalf("%v %v", err, failing(t, err).Unwrap())
		}
	}
}

func TestCancellingAtAnyMomentLosesNothing(t *testing.T) {
	sandbox := start(t, nil)
	client := signIn(t, sandbox)
	seen := map[string]bool{}
	for n := 0; n < 60; n++ {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Duration(n)*200*time.Microsecond, cancel)
		text := string(rune('A' + n))
		_, err := client.Send(ctx, to("lenea@contoso.com", text))
		seen[text] = err == nil
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("errors.Is finds no context.Canceled in: %v", err)
		}
		cancel()
	}
	must[*sendim.Receipt](t)(client.Send(background(t), to("lenea@contoso.com", "last")))
	check(t, client.SignOut(background(t)))
	arrived := map[string]int{}
	for _, message := range delivered(t, sandbox) {
		arrived[message.Text]++
	}
	same(t, arrived["last"], 1)
	for text, sent := range seen {
		if count := arrived[text]; count > 1 || sent && count != 1 {
			t.Errorf("%s was delivered %d times", text, count)
		}
	}
}
