package sendim

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"send-im.internal/sendim/internal/native"
)

// TokenSource gives a bearer token for a server: for each that asks for one, before one expires, and when one was rejected.
// It is called on a goroutine of its own. The context has the values of the one given to [Send] or [SignIn], and ends when
// no token is needed any more.
//
// Where it fails, so does the sign-in, with ErrCredentialUnavailable: errors.Is and errors.As find its error. The text of
// that error is shown nowhere: it may be secret.
type TokenSource func(ctx context.Context, request TokenRequest) (Token, error)

// TokenRequest is what a token is wanted for. What the server did not say is empty.
type TokenRequest struct {
	// Origin is scheme, host and port of the server that must accept the token: the OAuth resource.
	Origin string
	// AuthorizationURI is where the server says tokens are issued.
	AuthorizationURI string
	// ClientID is the server's client id (OAuth audience).
	ClientID string
	// TrustedIssuers are the issuers the server trusts.
	TrustedIssuers string
	// Rejected: the token given before was rejected, so a cached one will not do.
	Rejected bool
}

// Token is a bearer token.
type Token struct {
	// Value is the token, without the word Bearer.
	Value Secret
	// Expiry is when it ends. Zero: not known; it is used until it is rejected.
	Expiry time.Time
}

// keptFailures is how many errors of a source are kept: more than the sends of one client that wait for a token.
const keptFailures = 64

// tokens asks a source on behalf of the library.
type tokens struct {
	ctx    context.Context
	cancel context.CancelFunc
	source TokenSource
	// Closed when no more tokens are needed.
	released chan struct{}

	guard sync.Mutex
	// Why there was no token, lately. The library speaks of each by its number, counted from 1.
	failures [keptFailures]error
	last     uint64
}

func newTokens(ctx context.Context, source TokenSource) *tokens {
	ctx, cancel := context.WithCancel(ctx)
	return &tokens{ctx: ctx, cancel: cancel, source: source, released: make(chan struct{})}
}

// Token is called on a thread of the library.
func (t *tokens) Token(request native.TokenRequest, reply *native.TokenReply) {
	go t.answer(TokenRequest(request), reply)
}

// Release is called when no more tokens are needed.
func (t *tokens) Release() {
	t.cancel()
	close(t.released)
}

func (t *tokens) answer(request TokenRequest, reply *native.TokenReply) {
	answered := false
	// The source may end its goroutine.
	defer func() {
		if !answered {
			reply.Fail("the token source did not return", 0)
		}
	}()
	token, err := t.source(t.ctx, request)
	answered = true
	if err != nil && t.ctx.Err() != nil {
		// The caller gave up, and the source with it. The call is about to end for that reason, not for want of a token.
		<-t.released
	}
	switch {
	case err != nil:
		reply.Fail(fmt.Sprintf("the token source failed (%T)", err), t.keep(err))
	case strings.ContainsRune(string(token.Value), 0):
		reply.Fail("the token contains a NUL character", 0)
	default:
		reply.Resolve(string(token.Value), token.lifetime())
	}
}

// lifetime in milliseconds, at least one where it is known.
func (t Token) lifetime() uint64 {
	if t.Expiry.IsZero() {
		return 0
	}
	return uint64(max(time.Until(t.Expiry).Milliseconds(), 1))
}

// keep keeps an error of the source and gives its number.
func (t *tokens) keep(err error) uint64 {
	t.guard.Lock()
	defer t.guard.Unlock()
	t.last++
	t.failures[t.last%keptFailures] = err
	return t.last
}

// explain adds the error of the source to that of a call which it ended.
func (t *tokens) explain(failure *Error) {
	if t == nil || failure.cause == 0 {
		return
	}
	t.guard.Lock()
	defer t.guard.Unlock()
	if t.last-failure.cause < keptFailures {
		failure.Causes = append(failure.Causes, t.failures[failure.cause%keptFailures])
	}
}
