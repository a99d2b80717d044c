package sendim_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"send-im.internal/sendim"
)

func withTokens(sandbox *sendim.Sandbox, source sendim.TokenSource) sendim.Account {
	return sendim.Account{Address: sender, Server: sandbox.URL(), Tokens: source}
}

func signInWith(t *testing.T, sandbox *sendim.Sandbox, source sendim.TokenSource) *sendim.Client {
	t.Helper()
	return signIn(t, sandbox, func(account *sendim.Account) { *account = withTokens(sandbox, source) })
}

func greet(ctx context.Context, account sendim.Account) (*sendim.Receipt, error) {
	return sendim.Send(ctx, account, to("lenea@contoso.com", "hi"))
}

func TestATokenInThePlaceOfAPassword(t *testing.T) {
	sandbox := start(t, nil)
	asked := make(chan sendim.TokenRequest, 9)
	over := make(chan context.Context, 9)
	ctx := context.WithValue(background(t), key{}, "request 7")
	_, err := greet(ctx, withTokens(sandbox, func(ctx context.Context, request sendim.TokenRequest) (sendim.Token, error) {
		asked <- request
		over <- ctx
		return issueToken(sandbox)
	}))
	check(t, err)
	request := <-asked
	same(t, request.Origin+"/", sandbox.URL())
	same(t, request.Rejected, false)
	ctx = <-over
	same(t, ctx.Value(key{}), "request 7")
	// It ends when no token is needed any more.
	select {
	case <-ctx.Done():
	case <-time.After(hang):
		t.Fatal("the context of the source never ended")
	}
}

func TestATokenThatExpiresIsRenewedBefore(t *testing.T) {
	sandbox := start(t, nil)
	var asked atomic.Int64
	client := signInWith(t, sandbox, func(context.Context, sendim.TokenRequest) (sendim.Token, error) {
		asked.Add(1)
		token, err := issueToken(sandbox)
		token.Expiry = time.Now().Add(300 * time.Millisecond)
		return token, err
	})
	before := asked.Load()
	eventually(t, "another token is asked for", func() bool {
		must[*sendim.Receipt](t)(client.Send(background(t), to("lenea@contoso.com", "hi")))
		return asked.Load() > before
	})
}

func TestARevokedTokenIsAskedForAgain(t *testing.T) {
	sandbox := start(t, nil)
	rejected := make(chan bool, 99)
	client := signInWith(t, sandbox, func(_ context.Context, request sendim.TokenRequest) (sendim.Token, error) {
		rejected <- request.Rejected
		return issueToken(sandbox)
	})
	same(t, <-rejected, false)
	must[[]byte](t)(sandbox.Request("POST", "actions/revoke-tokens", nil))
	must[*sendim.Receipt](t)(client.Send(background(t), to("lenea@contoso.com", "after")))
	eventually(t, "it is told that one was rejected", func() bool { return <-rejected })
	same(t, texts(t, sandbox), "after")
}

func TestTheErrorOfASourceIsFoundAndNotShown(t *testing.T) {
	sandbox := start(t, nil)
	sealed := &sealedError{"key s3cret"}
	fails := func(err error) sendim.Account {
		return withTokens(sandbox, func(context.Context, sendim.TokenRequest) (sendim.Token, error) { return sendim.Token{}, err })
	}
	_, first := greet(background(t), fails(sealed))
	_, second := sendim.SignIn(background(t), fails(fmt.Errorf("vault: %w", sealed)))
	for _, err := range []error{first, second} {
		var found *sealedError
		if !errors.Is(err, sealed) || !errors.As(err, &found) || found != sealed {
			t.Fatalf("the source's own error is not found in: %v", err)
		}
		same(t, failing(t, err).Kind, sendim.ErrCredentialUnavailable)
		if !errors.Is(err, sendim.ErrSignIn) || errors.Is(err, sendim.ErrSignInRefused) {
			t.Fatalf("errors.Is finds no ErrSignIn, or ErrSignInRefused, in: %v", err)
		}
		contains(t, err.Error(), "the token source failed (*")
		for _, shown := range []string{err.Error(), fmt.Sprintf("%+v", err), string(must[[]byte](t)(json.Marshal(err)))} {
			lacks(t, shown, "s3cret")
		}
	}
}

type sealedError struct{ Key string }

func (e *sealedError) Error() string { return "it is sealed: " + e.Key }

// A token that cannot be renewed fails the sends, each for the reason that there was then.
func TestEachErrorHasItsOwnCause(t *testing.T) {
	sandbox := start(t, nil)
	var asked atomic.Int64
	client := signInWith(t, sandbox, func(context.Context, sendim.TokenRequest) (sendim.Token, error) {
		if n := asked.Add(1); n > 1 {
			return sendim.Token{}, fmt.Errorf("failure %d", n)
		}
		return issueToken(sandbox)
	})
	must[[]byte](t)(sandbox.Request("POST", "actions/revoke-tokens", nil))
	// More than are kept.
	for n := 0; n < 100; n++ {
		_, err := client.Send(background(t), to("lenea@contoso.com", "hi"))
		failure := failing(t, err)
		if failure.Kind != sendim.ErrCredentialUnavailable || len(failure.Unwrap()) != 1 {
			t.Fatal(err, failure.Kind, failure.Unwrap())
		}
		contains(t, failure.Unwrap()[0].Error(), "failure ")
	}
}

// holds keeps the program busy until the source has failed, so the library hears of that before it hears of the context.
type holds struct {
	slog.Handler
	failed chan struct{}
}

func (h holds) Handle(context.Context, slog.Record) error {
	<-h.failed
	time.Sleep(20 * time.Millisecond)
	return nil
}

func TestASourceThatEndsWithTheContextIsNotTheReason(t *testing.T) {
	sandbox := start(t, nil)
	for n := 0; n < 10; n++ {
		ctx, cancel := context.WithCancel(context.Background())
		busy := holds{debugging(), make(chan struct{})}
		tokens := withTokens(sandbox, func(ctx context.Context, _ sendim.TokenRequest) (sendim.Token, error) {
			defer close(busy.failed)
			cancel()
			<-ctx.Done()
			return sendim.Token{}, ctx.Err()
		})
		tokens.Logger = slog.New(busy)
		_, err := greet(ctx, tokens)
		same(t, failing(t, err).Kind, sendim.ErrCancelled)
	}
}

func TestASourceThatEndsItsGoroutineFailsTheSignIn(t *testing.T) {
	_, err := greet(background(t), withTokens(start(t, nil), func(context.Context, sendim.TokenRequest) (sendim.Token, error) {
		runtime.Goexit()
		panic("not reached")
	}))
	same(t, failing(t, err).Kind, sendim.ErrCredentialUnavailable)
}

func TestATokenThatIsNone(t *testing.T) {
	sandbox := start(t, nil)
	for _, value := range []sendim.Secret{"not-of-this-server", "half \xff", "t0ken\x00", ""} {
		_, err := greet(background(t), withTokens(sandbox, func(context.Context, sendim.TokenRequest) (sendim.Token, error) {
			return sendim.Token{Value: value}, nil
		}))
		if !errors.Is(err, sendim.ErrSignIn) {
			t.Errorf("errors.Is finds no ErrSignIn for the token %q in: %v", string(value), err)
		}
		lacks(t, err.Error(), "not-of-this-server")
	}
}
