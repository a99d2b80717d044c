//! What sort of failure it was, and whether the message can have arrived all the same.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, exit $exit:literal;)*) => {
        /// What sort of failure it was. The snake_case name is stable and the same in every language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind { $($(#[$doc])* $variant,)* }

        impl ErrorKind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &[ErrorKind] = &[$(ErrorKind::$variant,)*];

            /// The stable name, for example `recipient_not_found`.
            ///
            /// ```
            /// assert_eq!(send_im::ErrorKind::RecipientNotFound.as_str(), "recipient_not_found");
            /// ```
            pub fn as_str(self) -> &'static str {
                match self { $(ErrorKind::$variant => $name,)* }
            }

            /// The exit code a program should end with: 2 input, 3 sign-in, 4 not delivered, 6 unknown, 130 cancelled, else 5.
            ///
            /// ```
            /// assert_eq!(send_im::ErrorKind::OutcomeUnknown.exit_code(), 6);
            /// ```
            pub fn exit_code(self) -> u8 {
                match self { $(ErrorKind::$variant => $exit,)* }
            }
        }
    };
}

kinds! {
    /// An argument, the environment or the profile file is not usable, or the server refuses the message as it stands.
    /// Nothing was sent.
    InvalidInput = "invalid_input", exit 2;
    /// No server answered for the sign-in domain, or what answered was not a Lync or Skype for Business server.
    DiscoveryFailed = "discovery_failed", exit 5;
    /// The server pointed to a host outside the trust rule. No credential was sent there.
    UntrustedHost = "untrusted_host", exit 5;
    /// The TLS handshake failed: unknown certificate authority, wrong name, expired certificate.
    Tls = "tls", exit 5;
    /// The server refused the user name, the password or the token.
    SignInRefused = "sign_in_refused", exit 3;
    /// The server does not offer a way of signing in that this account can use.
    SignInUnsupported = "sign_in_unsupported", exit 3;
    /// The program's own token source gave no token. No server refused anything; the cause is the error's source.
    CredentialUnavailable = "credential_unavailable", exit 3;
    /// The account is signed in but not permitted to do this.
    Forbidden = "forbidden", exit 3;
    /// A limit of the server is reached: applications, conversations, participants.
    LimitReached = "limit_reached", exit 5;
    /// The server knows no such recipient.
    RecipientNotFound = "recipient_not_found", exit 4;
    /// The recipient is offline or cannot take instant messages now.
    RecipientUnavailable = "recipient_unavailable", exit 4;
    /// The recipient declined.
    Declined = "declined", exit 4;
    /// The invitation rang and nobody answered.
    NoAnswer = "no_answer", exit 4;
    /// The recipient is busy or does not want to be disturbed.
    Busy = "busy", exit 4;
    /// The server asked to slow down, and the deadline came first.
    Throttled = "throttled", exit 5;
    /// The server failed.
    ServiceError = "service_error", exit 5;
    /// The network failed: name not found, connection refused or broken.
    Network = "network", exit 5;
    /// The deadline passed.
    Timeout = "timeout", exit 5;
    /// The answer could not be understood.
    Protocol = "protocol", exit 5;
    /// The message may or may not have arrived. It was not sent a second time.
    OutcomeUnknown = "outcome_unknown", exit 6;
    /// The call was cancelled.
    Cancelled = "cancelled", exit 130;
    /// The client is signed out, or its session was ended by the server.
    Closed = "closed", exit 5;
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Whether the message can have reached the recipient although the call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// It was not accepted, so it does not stand in the recipient's conversation. A notification may have shown it while
    /// the invitation rang.
    No,
    /// It may have arrived. Sending again may double it.
    Maybe,
}

impl Sent {
    /// Both.
    pub const ALL: &[Sent] = &[Sent::No, Sent::Maybe];

    /// `no` or `maybe`.
    ///
    /// ```
    /// assert_eq!(send_im::Sent::Maybe.as_str(), "maybe");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Sent::No => "no",
            Sent::Maybe => "maybe",
        }
    }
}
