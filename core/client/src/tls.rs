//! Which cipher suites a server may choose from.

use crate::error::{Error, Result};

/// Which cipher suites a server may choose from. Certificates are verified in the same way with both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tls {
    /// Those of TLS 1.3, and of TLS 1.2 those with ECDHE and AES-GCM or ChaCha20-Poly1305.
    #[default]
    Current,
    /// Of TLS 1.2 also those with ECDHE and AES-CBC: with an RSA certificate, Windows Server 2012 and 2012 R2 have no others in
    /// common with this client. Only HTTP/1.1 is spoken, as HTTP/2 forbids these suites.
    Compatible,
}

impl Tls {
    /// Both, the usual one first.
    pub const ALL: &[Tls] = &[Tls::Current, Tls::Compatible];

    /// The stable name: `current` or `compatible`.
    ///
    /// ```
    /// assert_eq!("compatible".parse::<send_im::Tls>()?.as_str(), "compatible");
    /// # Ok::<(), send_im::Error>(())
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Tls::Current => "current",
            Tls::Compatible => "compatible",
        }
    }
}

impl std::str::FromStr for Tls {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Tls::Current, Tls::Compatible]
            .into_iter()
            .find(|tls| tls.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| Error::invalid_input("The option tls (SEND_IM_TLS) is current or compatible."))
    }
}
