package sendim

import (
	"context"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"send-im.internal/sendim/internal/native"
)

// Option says who sends or how a message goes. [Send] takes all of them, [SignIn] those of an account: a message's are
// refused there with ErrInvalidInput.
type Option func(*settings)

// settings are what the options of one call say.
type settings struct {
	values  []value
	timeout *time.Duration
	logger  *slog.Logger
	source  TokenSource
}

type value struct{ name, value string }

// TLS says which cipher suites a server may choose from. Its certificate is verified in the same way with both.
type TLS string

const (
	// TLSCurrent: those of TLS 1.3, and of TLS 1.2 those with ECDHE and AES-GCM or ChaCha20-Poly1305.
	TLSCurrent TLS = "current"
	// TLSCompatible: also those with ECDHE and AES-CBC, for servers such as Windows Server 2012 R2.
	TLSCompatible TLS = "compatible"
)

func set(name, text string) Option {
	return func(s *settings) { s.values = append(s.values, value{name, text}) }
}

// WithAddress is an option of the account: the sender's address, user@domain. Without it the account is the stored one.
func WithAddress(address string) Option { return set("address", address) }

// WithPassword is an option of the account: its password. Without it and without a token it is SEND_IM_PASSWORD.
func WithPassword(password string) Option { return set("password", password) }

// WithUsername is an option of the account: the name to sign in with where it is not the address, such as
// `CONTOSO\smith`.
func WithUsername(username string) Option { return set("username", username) }

// WithServer is an option of the account: the URL of the discovery root. Without it the server is found by the sender's
// domain.
func WithServer(url string) Option { return set("server", url) }

// WithCAFile is an option of the account: a file, PEM or DER, with certificate authorities to trust besides the
// system's.
func WithCAFile(path string) Option { return set("ca_file", path) }

// WithTLS is an option of the account: the cipher suites a server may choose from. Without it SEND_IM_TLS counts, and otherwise
// TLSCurrent.
func WithTLS(tls TLS) Option { return set("tls", string(tls)) }

// WithTrustedDomains is an option of the account: further domains the server may lead to, such as contoso.net.
func WithTrustedDomains(domains ...string) Option {
	return set("trusted_domains", strings.Join(domains, ","))
}

// WithSandbox is an option of the account: the server is this sandbox, and its certificate authority is trusted.
func WithSandbox(sandbox *Sandbox) Option {
	options := []Option{WithServer(sandbox.URL())}
	if file := sandbox.CAFile(); file != "" {
		options = append(options, WithCAFile(file))
	}
	return WithOptions(options...)
}

// WithTokens is an option of the account: it signs in with tokens of this source in the place of a password.
func WithTokens(source TokenSource) Option { return func(s *settings) { s.source = source } }

// WithLogger logs each step at debug level: its name, the host, the HTTP status and the time. It is an option of the account
// and holds for all sends of a client. A logger that is not at debug level when the call begins costs nothing.
func WithLogger(logger *slog.Logger) Option { return func(s *settings) { s.logger = logger } }

// WithTimeout says for [Send] how long the message has to be delivered, for [SignIn] how long it may take. Without it that is
// 60 s; an earlier deadline of the context comes first.
//
// An invitation rings until then, or until the server ends it, after about 30 s. After the time-out a call takes at most 2 s
// more to withdraw it and learn what came of it, and [Send] at most another 3 s to close its session.
func WithTimeout(timeout time.Duration) Option { return func(s *settings) { s.timeout = &timeout } }

// WithSubject is an option of the message; see [Message].
func WithSubject(subject string) Option { return set("subject", subject) }

// WithImportance is an option of the message; see [Message].
func WithImportance(importance Importance) Option { return set("importance", string(importance)) }

// WithHTML is an option of the message: its text is html. See [Message].
func WithHTML() Option { return set("html", "true") }

// WithWait is an option of the message: when the send is done.
func WithWait(wait Wait) Option { return set("wait", string(wait)) }

// WithOptions is several options as one, for example all of an account.
func WithOptions(options ...Option) Option {
	return func(s *settings) {
		for _, option := range options {
			option(s)
		}
	}
}

func settingsOf(options []Option) *settings {
	s := &settings{}
	WithOptions(options...)(s)
	return s
}

// native makes the options of the library; they have to be freed. byDeadline: the time-out is that of the context.
func (s *settings) native(ctx context.Context) (options *native.Options, byDeadline bool, failure *Error) {
	values := s.values
	timeout, byDeadline := timeoutOf(ctx, s.timeout)
	if timeout != "" {
		values = append(values[:len(values):len(values)], value{"timeout_ms", timeout})
	}
	options = native.NewOptions()
	for _, value := range values {
		failure := withoutNUL("option "+value.name, value.value)
		if failure == nil {
			failure = failureOf(options.Set(value.name, value.value))
		}
		if failure != nil {
			options.Free()
			return nil, false, failure
		}
	}
	return options, byDeadline, nil
}

// timeoutOf is the earlier of the time-out that was given and the deadline of the context, in whole milliseconds; empty where
// there is neither. What is no time at all is left to the library to refuse.
func timeoutOf(ctx context.Context, given *time.Duration) (text string, byDeadline bool) {
	deadline, has := ctx.Deadline()
	left := time.Until(deadline)
	switch {
	case has && (given == nil || left < *given):
		// Not 0, which would be refused: the context is looked at, too.
		return strconv.FormatInt(max(ceil(left), 1), 10), true
	case given == nil:
		return "", false
	default:
		return strconv.FormatInt(max(ceil(*given), 0), 10), false
	}
}

func ceil(span time.Duration) int64 {
	count := span.Milliseconds()
	if span > time.Duration(count)*time.Millisecond {
		count++
	}
	return count
}

// withoutNUL refuses what C would cut off.
func withoutNUL(what, text string) *Error {
	if strings.ContainsRune(text, 0) {
		return invalid("The " + what + " contains a NUL character.")
	}
	return nil
}
