package sendim

import "log/slog"

// TLS says which cipher suites a server may choose from. Its certificate is verified in the same way with both.
type TLS string

const (
	// TLSCurrent: those of TLS 1.3, and of TLS 1.2 those with ECDHE and AES-GCM or ChaCha20-Poly1305.
	TLSCurrent TLS = "current"
	// TLSCompatible: also those with ECDHE and AES-CBC, for servers such as Windows Server 2012 R2.
	TLSCompatible TLS = "compatible"
)

// Account is who sends. The zero Account is the stored one: that of the environment, else of the profile file.
// fmt and log/slog do not show its password, and encoding/json refuses it.
type Account struct {
	// Address is the sender's address, user@domain.
	Address string
	// Password is its password. Empty, and without Tokens: SEND_IM_PASSWORD.
	Password Secret
	// Username is the name to sign in with where it is not the address, such as `CONTOSO\smith`.
	Username string
	// Server is the URL of the discovery root. Empty: the server is found by the sender's domain.
	Server string
	// CAFile is a file, PEM or DER, with certificate authorities to trust besides the system's.
	CAFile string
	// TLS is the cipher suites a server may choose from. Empty: SEND_IM_TLS counts, and otherwise TLSCurrent.
	TLS TLS
	// TrustedDomains are further domains the server may lead to, such as contoso.net.
	TrustedDomains []string
	// Tokens signs in with tokens in the place of a password.
	Tokens TokenSource `json:"-"`
	// Logger gets each step at debug level: its name, the host, the HTTP status and the time. One that is not at debug level
	// when the call begins costs nothing.
	Logger *slog.Logger `json:"-"`
}
