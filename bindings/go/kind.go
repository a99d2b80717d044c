package sendim

// Kind is the sort of failure. Its text is stable and the same in every language. It is an error of its own for errors.Is:
//
//	if errors.Is(err, sendim.ErrBusy) { … }
type Kind string

// A newer library may know more kinds.
const (
	// ErrInvalidInput: an argument, the environment or the profile file is not usable. Nothing was asked of the server.
	ErrInvalidInput Kind = "invalid_input"
	// ErrDiscoveryFailed: no server answered for the domain, or what answered was none.
	ErrDiscoveryFailed Kind = "discovery_failed"
	// ErrUntrustedHost: the server pointed to a host outside the trust rule. No credential was sent there.
	ErrUntrustedHost Kind = "untrusted_host"
	// ErrTLS: the TLS handshake failed.
	ErrTLS Kind = "tls"
	// ErrSignInRefused: the server refused the user name, the password or the token.
	ErrSignInRefused Kind = "sign_in_refused"
	// ErrSignInUnsupported: the server does not offer a way of signing in that this account can use.
	ErrSignInUnsupported Kind = "sign_in_unsupported"
	// ErrCredentialUnavailable: the program's own [TokenSource] gave no token. No server refused anything.
	ErrCredentialUnavailable Kind = "credential_unavailable"
	// ErrForbidden: the account is signed in and may not do this.
	ErrForbidden Kind = "forbidden"
	// ErrLimitReached: a limit of the server is reached.
	ErrLimitReached Kind = "limit_reached"
	// ErrRecipientNotFound: the server knows no such recipient.
	ErrRecipientNotFound Kind = "recipient_not_found"
	// ErrRecipientUnavailable: the recipient is offline or cannot take instant messages now.
	ErrRecipientUnavailable Kind = "recipient_unavailable"
	// ErrDeclined: the recipient declined.
	ErrDeclined Kind = "declined"
	// ErrNoAnswer: the invitation rang and nobody answered.
	ErrNoAnswer Kind = "no_answer"
	// ErrBusy: the recipient does not want to be disturbed.
	ErrBusy Kind = "busy"
	// ErrThrottled: the server asked to slow down.
	ErrThrottled Kind = "throttled"
	// ErrServiceError: the server failed.
	ErrServiceError Kind = "service_error"
	// ErrNetwork: the network failed.
	ErrNetwork Kind = "network"
	// ErrTimeout: the time-out of the call or the deadline of its context passed. errors.Is finds context.DeadlineExceeded
	// where it was the context's.
	ErrTimeout Kind = "timeout"
	// ErrProtocol: an answer could not be understood.
	ErrProtocol Kind = "protocol"
	// ErrOutcomeUnknown: the message may or may not have arrived. It was not sent a second time.
	ErrOutcomeUnknown Kind = "outcome_unknown"
	// ErrCancelled: the context was cancelled, or [Client.CancelAll] or [Client.SignOut] ended the send.
	ErrCancelled Kind = "cancelled"
	// ErrClosed: the client is signed out, or the sandbox is stopped.
	ErrClosed Kind = "closed"
)

// Error is the name of the kind.
func (k Kind) Error() string { return string(k) }

// Is compares with a family of kinds, for errors.Is.
func (k Kind) Is(target error) bool {
	family, is := target.(family)
	return is && family.code == k.exitCode()
}

// exitCode is what a program ends with because of this kind.
func (k Kind) exitCode() int {
	switch k {
	case ErrInvalidInput:
		return 2
	case ErrSignInRefused, ErrSignInUnsupported, ErrCredentialUnavailable, ErrForbidden:
		return 3
	case ErrRecipientNotFound, ErrRecipientUnavailable, ErrDeclined, ErrNoAnswer, ErrBusy:
		return 4
	case ErrOutcomeUnknown:
		return 6
	case ErrCancelled:
		return 130
	default:
		return 5
	}
}

// family is a set of kinds: those with the same exit code.
type family struct {
	code int
	text string
}

func (f family) Error() string { return f.text }

// Families of kinds, for errors.Is.
var (
	// ErrSignIn: ErrSignInRefused, ErrSignInUnsupported, ErrCredentialUnavailable or ErrForbidden.
	ErrSignIn error = family{3, "the account cannot sign in, or may not do this"}
	// ErrNotDelivered: ErrRecipientNotFound, ErrRecipientUnavailable, ErrDeclined, ErrNoAnswer or ErrBusy.
	ErrNotDelivered error = family{4, "not delivered"}
)

// Sent says whether a message whose send failed may have arrived all the same.
type Sent string

const (
	// SentNo: it was not delivered, and can be sent again. Compare with it: an error made in a test may have neither.
	SentNo Sent = "no"
	// SentMaybe: it may have arrived, and sending it again may double it.
	SentMaybe Sent = "maybe"
)
