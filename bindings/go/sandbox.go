package sendim

import (
	"context"
	"encoding/json"
	"time"

	"send-im.internal/sendim/internal/native"
)

// Layout is how the hosts of a [Sandbox] are laid out.
type Layout string

// The layouts: one pool; the account at home on a second pool; a discovery root that redirects to the home pool.
const (
	LayoutOnePool  Layout = "one-pool"
	LayoutTwoPools Layout = "two-pools"
	LayoutRedirect Layout = "redirect"
)

// SandboxOptions say how a [Sandbox] behaves. What is zero is as a real server has it.
type SandboxOptions struct {
	// Layout is how its hosts are laid out; empty: one pool.
	Layout Layout
	// HTTPS: it speaks https with a certificate authority made for it; see [Sandbox.CAFile].
	HTTPS bool
	// Listen is an address and a port; empty: 127.0.0.1 and a free one.
	Listen string
	// Ring is how long an invitation to silent@ rings, Slow how long slow@ takes to accept.
	Ring, Slow time.Duration
	// TokenLifetime is how long a token is valid.
	TokenLifetime time.Duration
	// PollTimeout is how long a request for events is held open where there are none.
	PollTimeout time.Duration
	// Users are who may sign in, passwords by address. Empty: anybody, with any password but "wrong".
	Users map[string]Secret
	// RedirectTo: the discovery root answers with a redirect to this URL and nothing else.
	RedirectTo string
	// HostName is a DNS name for the certificate and for every link.
	HostName string
}

func (o *SandboxOptions) json() string {
	if o == nil {
		o = &SandboxOptions{}
	}
	told := given(map[string]string{
		"layout": string(o.Layout), "listen": o.Listen, "redirect_to": o.RedirectTo, "host_name": o.HostName,
	})
	for name, span := range map[string]time.Duration{
		"ring_ms": o.Ring, "slow_ms": o.Slow, "token_lifetime_ms": o.TokenLifetime, "poll_timeout_ms": o.PollTimeout,
	} {
		if span != 0 {
			told[name] = ceil(span)
		}
	}
	users := []map[string]string{}
	for address, password := range o.Users {
		users = append(users, map[string]string{"address": address, "password": string(password)})
	}
	told["https"], told["users"] = o.HTTPS, users
	// Texts and numbers always have JSON.
	text, _ := json.Marshal(told)
	return string(text)
}

// given are the texts that are not empty.
func given(texts map[string]string) map[string]any {
	told := map[string]any{}
	for name, text := range texts {
		if text != "" {
			told[name] = text
		}
	}
	return told
}

// Sandbox is a server that behaves like a Skype for Business pool, for demonstrations and tests. It is an io.Closer.
//
// Any account signs in with any password but "wrong". A recipient behaves by the local part of the address: declines@,
// silent@, busy@, offline@, unknown@, slow@, forwards@, drops@ and echo@; anyone else accepts at once.
type Sandbox struct {
	server *native.Sandbox
}

// StartSandbox starts a sandbox; options may be nil. Close it at the end.
func StartSandbox(options *SandboxOptions) (*Sandbox, error) {
	server, err := native.StartSandbox(options.json())
	if failure := failureOf(err); failure != nil {
		return nil, failure
	}
	return &Sandbox{server}, nil
}

// Account is this address here, with a password that a sandbox without Users takes.
func (s *Sandbox) Account(address string) Account {
	return Account{Address: address, Password: "x", Server: s.URL(), CAFile: s.CAFile()}
}

// URL is the discovery root.
func (s *Sandbox) URL() string { return s.server.URL }

// CAFile is a PEM file with the certificate authority, empty without https. It is removed when the sandbox is closed.
func (s *Sandbox) CAFile() string { return s.server.CAFile }

// Close stops it. What was delivered is gone. A second call does nothing. It is never an error.
func (s *Sandbox) Close() error {
	s.server.Free()
	return nil
}

// String is where it listens.
func (s *Sandbox) String() string { return "sandbox at " + s.URL() }

// Inbox is what was delivered to an address, oldest first.
func (s *Sandbox) Inbox(address string) ([]Delivered, error) {
	if failure := withoutNUL("address", address); failure != nil {
		return nil, failure
	}
	return deliveredOf(s.server.Inbox(&address))
}

// Messages is everything that was delivered, oldest first.
func (s *Sandbox) Messages() ([]Delivered, error) {
	return deliveredOf(s.server.Inbox(nil))
}

// WaitFor waits until so many messages were delivered in all, and gives them. Without a deadline it may wait for ever.
func (s *Sandbox) WaitFor(ctx context.Context, count int) ([]Delivered, error) {
	// The library cannot be told to stop waiting: so it waits for a moment, again and again.
	const moment = 50
	for {
		told, err := s.server.WaitFor(max(count, 0), moment)
		failure := failureOf(err)
		if failure == nil || failure.Kind != ErrTimeout {
			return deliveredOf(told, err)
		}
		if ctx.Err() != nil {
			late := ended(ctx)
			late.Detail = failure.Detail
			return nil, late
		}
	}
}

// Request asks the sandbox's own HTTP interface, for what has no method here; the README of send-im-sandbox lists it. path is
// what follows /sandbox/api/: "journal" (every request received), "state", "tokens/ADDRESS", "actions/revoke-tokens" and so
// on. body is what encoding/json makes the body of, or nil. It gives the JSON of the response, or nothing.
// ErrInvalidInput: the sandbox refuses the request.
func (s *Sandbox) Request(method, path string, body any) ([]byte, error) {
	if failure := withoutNUL("path", method+path); failure != nil {
		return nil, failure
	}
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return nil, invalid("The body of this request has no JSON.")
		}
	}
	answer, err := s.server.Request(method, path, string(text))
	if failure := failureOf(err); failure != nil {
		return nil, failure
	}
	return []byte(answer), nil
}
