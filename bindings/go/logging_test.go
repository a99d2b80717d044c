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

func logger(level slog.Level) (*buffer, change) {
	written := &buffer{}
	return written, loggedBy(slog.NewTextHandler(written, &slog.HandlerOptions{Level: level}))
}

// debugging is a handler to build others on.
func debugging() slog.Handler {
	return slog.NewTextHandler(&buffer{}, &slog.HandlerOptions{Level: slog.LevelDebug})
}

func loggedBy(handler slog.Handler) change {
	return func(account *sendim.Account) { account.Logger = slog.New(handler) }
}

func TestEachStepIsALineAtDebugLevel(t *testing.T) {
	sandbox := start(t, nil)
	written, logged := logger(slog.LevelDebug)
	receipt := sent(t, sandbox, to("lenea@contoso.com", "hi"), logged)
	lines := strings.Split(strings.TrimSpace(written.String()), "\n")
	for n, step := range receipt.Steps {
		contains(t, lines[n], fmt.Sprintf(`level=DEBUG msg="send-im step" step=%s host=%s status=%d elapsed=`, step.Name, step.Host, step.Status))
	}
	// The sign-out comes after the receipt.
	contains(t, lines[len(lines)-1], "step=sign_out")
	written, logged = logger(slog.LevelInfo)
	sent(t, sandbox, to("lenea@contoso.com", "hi"), logged)
	same(t, written.String(), "")
}

func TestTheLoggerOfAClientHearsEverySend(t *testing.T) {
	sandbox := start(t, nil)
	written, logged := logger(slog.LevelDebug)
	client := signIn(t, sandbox, logged)
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
	handler := &sending{Handler: debugging(), failed: make(chan error, 1)}
	handler.client = signIn(t, sandbox)
	sent(t, sandbox, to("lenea@contoso.com", "hi"), loggedBy(handler))
	check(t, <-handler.failed)
	contains(t, texts(t, sandbox), "from the logger")
}

func TestALoggerThatPanicsDoesSoInTheCall(t *testing.T) {
	sandbox := start(t, nil)
	handler := panics{debugging()}
	func() {
		defer func() { same(t, recover() == "the logger is broken", true) }()
		_, _ = sendim.Send(background(t), account(sandbox, loggedBy(handler)), to("silent@contoso.com", "hi"))
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
	handler := named{debugging(), make(chan any, 1)}
	ctx := context.WithValue(background(t), key{}, "request 7")
	must[*sendim.Receipt](t)(sendim.Send(ctx, account(sandbox, loggedBy(handler)), to("lenea@contoso.com", "hi")))
	same(t, <-handler.seen, "request 7")
}
