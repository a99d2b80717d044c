package sendim_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"send-im.internal/sendim"
)

// buffer is what a logger has written.
type buffer struct {
	guard sync.Mutex
	text  bytes.Buffer
}

func (b *buffer) Write(text []byte) (int, error) {
	b.guard.Lock()
	defer b.guard.Unlock()
	return b.text.Write(text)
}

func (b *buffer) String() string {
	b.guard.Lock()
	defer b.guard.Unlock()
	return b.text.String()
}

func logger(level slog.Level) (*buffer, sendim.Option) {
	written := &buffer{}
	return written, sendim.WithLogger(slog.New(slog.NewTextHandler(written, &slog.HandlerOptions{Level: level})))
}

func TestEachStepIsALineAtDebugLevel(t *testing.T) {
	sandbox := start(t, nil)
	written, option := logger(slog.LevelDebug)
	receipt, err := sendim.Send(background(t), "lenea@contoso.com", "hi", account(sandbox), option)
	check(t, err)
	lines := strings.Split(strings.TrimSpace(written.String()), "\n")
	for n, step := range receipt.Steps {
		contains(t, lines[n], fmt.Sprintf(`level=DEBUG msg="send-im step" step=%s host=%s status=%d elapsed=`, step.Step, step.Host, step.Status))
	}
	// The sign-out comes after the receipt.
	contains(t, lines[len(lines)-1], "step=sign_out")
}

func TestTheStepsOfAFailedCallAreLogged(t *testing.T) {
	sandbox := start(t, nil)
	written, option := logger(slog.LevelDebug)
	_, err := sendim.Send(background(t), "lenea@contoso.com", "hi", account(sandbox), sendim.WithPassword("wrong"), option)
	failing(t, err)
	contains(t, written.String(), "step=sign_in")
}

func TestNothingIsSaidAboveDebug(t *testing.T) {
	sandbox := start(t, nil)
	written, option := logger(slog.LevelInfo)
	_, err := sendim.Send(background(t), "lenea@contoso.com", "hi", account(sandbox), option)
	check(t, err)
	same(t, written.String(), "")
}

func TestTheLoggerOfAClientHearsEverySend(t *testing.T) {
	sandbox := start(t, nil)
	written, option := logger(slog.LevelDebug)
	client := signIn(t, sandbox, option)
	contains(t, written.String(), "step=open_session")
	inParallel(20, func(n int) {
		if _, err := client.Send(context.Background(), to(fmt.Sprintf("user%d@contoso.com", n), "hi")); err != nil {
			t.Error(err)
		}
	})
	same(t, strings.Count(written.String(), "step=invite"), 20)
	client.SendAll(background(t), []sendim.Message{to("lenea@contoso.com", "hi")})
	same(t, strings.Count(written.String(), "step=invite"), 21)
	check(t, client.Close())
	contains(t, written.String(), "step=sign_out")
}

// sending is a handler that sends messages itself.
type sending struct {
	slog.Handler
	once   sync.Once
	client *sendim.Client
	failed chan error
}

func (s *sending) Handle(ctx context.Context, _ slog.Record) error {
	s.once.Do(func() {
		_, err := s.client.Send(ctx, to("lenea@contoso.com", "from the logger"))
		s.failed <- err
	})
	return nil
}

func TestALoggerMaySendByItself(t *testing.T) {
	sandbox := start(t, nil)
	handler := &sending{Handler: slog.NewTextHandler(&buffer{}, &slog.HandlerOptions{Level: slog.LevelDebug}), failed: make(chan error, 1)}
	handler.client = signIn(t, sandbox)
	_, err := sendim.Send(background(t), "lenea@contoso.com", "hi", account(sandbox), sendim.WithLogger(slog.New(handler)))
	check(t, err)
	check(t, <-handler.failed)
	contains(t, texts(t, sandbox), "from the logger")
}

func TestALoggerThatPanicsDoesSoInTheCall(t *testing.T) {
	sandbox := start(t, nil)
	handler := panics{slog.NewTextHandler(&buffer{}, &slog.HandlerOptions{Level: slog.LevelDebug})}
	func() {
		defer func() { same(t, recover() == "the logger is broken", true) }()
		_, _ = sendim.Send(background(t), "silent@contoso.com", "hi", account(sandbox), sendim.WithLogger(slog.New(handler)))
	}()
	// The call that nobody waits for any more is cancelled.
	signedOut(t, sandbox)
}

type panics struct{ slog.Handler }

func (panics) Handle(context.Context, slog.Record) error { panic("the logger is broken") }

type key struct{}

// named is a handler that reads the context.
type named struct {
	slog.Handler
	seen chan any
}

func (n named) Handle(ctx context.Context, _ slog.Record) error {
	select {
	case n.seen <- ctx.Value(key{}):
	default:
	}
	return nil
}

func TestTheLoggerGetsTheContextOfTheCall(t *testing.T) {
	sandbox := start(t, nil)
	handler := named{slog.NewTextHandler(&buffer{}, &slog.HandlerOptions{Level: slog.LevelDebug}), make(chan any, 1)}
	ctx := context.WithValue(background(t), key{}, "request 7")
	_, err := sendim.Send(ctx, "lenea@contoso.com", "hi", account(sandbox), sendim.WithLogger(slog.New(handler)))
	check(t, err)
	same(t, <-handler.seen, "request 7")
}
