//! The options of a sandbox, and its start.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::connection::tls::Tls;
use crate::sandbox::{Authority, Sandbox};
use crate::server;
use crate::state::accounts::Accounts;
use crate::state::shared::{Config, SharedState};
use crate::values::address;
use crate::values::allowed_origins::AllowedOrigins;
use crate::values::challenge_style::ChallengeStyle;
use crate::values::layout::Layout;
use crate::values::origin::Origin;

/// How far from now its clock and its certificate may be.
const MAX_DAYS: i64 = 36_500;

/// The options of a sandbox.
#[derive(Clone)]
pub struct Builder {
    listen: SocketAddr,
    https: bool,
    http2: bool,
    challenge: ChallengeStyle,
    host_names: Vec<String>,
    certificate_days: Option<(i64, i64)>,
    config: Config,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("listen", &self.listen)
            .field("https", &self.https)
            .field("http2", &self.http2)
            .field("challenge", &self.challenge)
            .field("host_names", &self.host_names)
            .field("certificate_days", &self.certificate_days)
            .field("config", &self.config)
            .finish()
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            https: false,
            http2: true,
            challenge: ChallengeStyle::default(),
            host_names: Vec::new(),
            certificate_days: None,
            config: Config {
                layout: Layout::OnePool,
                ring: Duration::from_secs(30),
                slow: Duration::from_secs(3),
                answer_after: Duration::ZERO,
                token_lifetime: Duration::from_secs(8 * 3600),
                poll_timeout: Duration::from_secs(180),
                accounts: Accounts(HashMap::new()),
                redirect_to: None,
                allowed_origins: AllowedOrigins::default(),
                clock_ahead: 0,
            },
        }
    }
}

impl Builder {
    /// Where the first origin listens; port 0 means a free one. A second origin takes a free port of the
    /// same host. Default: 127.0.0.1, free port.
    ///
    /// Beyond loopback, anyone who can connect may read the messages and set faults. With an unspecified address, links name
    /// the host of the request.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// TLS on every origin, with a certificate authority made for this sandbox. Default: plain http.
    #[must_use]
    pub fn https(mut self, https: bool) -> Self {
        self.https = https;
        self
    }

    /// Whether HTTP/2 is offered with TLS. Servers older than Windows Server 2016 speak HTTP/1.1 alone. Default: yes.
    #[must_use]
    pub fn http2(mut self, http2: bool) -> Self {
        self.http2 = http2;
        self
    }

    /// Which origins there are. Default: [`Layout::OnePool`].
    #[must_use]
    pub fn layout(mut self, layout: Layout) -> Self {
        self.config.layout = layout;
        self
    }

    /// The form of the challenge. Default: [`ChallengeStyle::TwoLines`].
    #[must_use]
    pub fn challenge(mut self, style: ChallengeStyle) -> Self {
        self.challenge = style;
        self
    }

    /// How long an invitation rings. Default: 30 s.
    #[must_use]
    pub fn ring(mut self, time: Duration) -> Self {
        self.config.ring = time;
        self
    }

    /// How long `slow@` takes to accept. Default: 3 s.
    #[must_use]
    pub fn slow(mut self, time: Duration) -> Self {
        self.config.slow = time;
        self
    }

    /// How long recipients take to answer, except `slow@` and `silent@`. The events `started` and `completed` then come in two
    /// responses of the event channel. The `send-im sandbox` command sets 0.2 s, as a person's client may take.
    /// Default: no time, and both come in one response.
    #[must_use]
    pub fn answer_after(mut self, time: Duration) -> Self {
        self.config.answer_after = time;
        self
    }

    /// Answers pages of this origin, for example `https://app.contoso.com`, and of those that other calls add; pages of any
    /// other origin but the sandbox's own are refused with 403 and diagnostics 28070. Default: any origin is answered.
    ///
    /// The interface under `/sandbox/api/` stays closed to all of them.
    #[must_use]
    pub fn allow_origin(mut self, origin: &str) -> Self {
        self.config.allowed_origins.add(origin);
        self
    }

    /// How long a token is valid. Default: 8 hours.
    #[must_use]
    pub fn token_lifetime(mut self, time: Duration) -> Self {
        self.config.token_lifetime = time;
        self
    }

    /// After what time a request for events is answered without events. A client may ask for another time
    /// between 180 and 1800 s; a time set here below 180 s is also the longest. Default: 180 s.
    #[must_use]
    pub fn poll_timeout(mut self, time: Duration) -> Self {
        self.config.poll_timeout = time;
        self
    }

    /// Declares an account. Once there is one, only declared accounts sign in.
    #[must_use]
    pub fn user(mut self, address: &str, password: &str) -> Self {
        self.config.accounts.0.insert(address::key(address), password.to_owned());
        self
    }

    /// The discovery root answers with a redirect link to this URL and nothing else.
    #[must_use]
    pub fn redirect_to(mut self, url: &str) -> Self {
        self.config.redirect_to = Some(url.to_owned());
        self
    }

    /// A DNS name or an address for the certificate, by which the control interface may be reached; the first one
    /// given is also the host of all absolute hrefs and of [`Sandbox::url`].
    #[must_use]
    pub fn host_name(mut self, name: &str) -> Self {
        self.host_names.push(name.to_owned());
        self
    }

    /// The certificate is valid from this number of days from now to that: `(-400, -10)` is one that has expired. Default: long
    /// before and after now. At most 36,500 days either way, and the first before the second.
    #[must_use]
    pub fn certificate_days(mut self, from: i64, to: i64) -> Self {
        self.certificate_days = Some((from, to));
        self
    }

    /// How many seconds its clock is ahead of this machine's, or behind where less than zero: the `Date` of its answers says so.
    /// Default: none. At most 36,500 days either way.
    #[must_use]
    pub fn clock_ahead(mut self, seconds: i64) -> Self {
        self.config.clock_ahead = seconds;
        self
    }

    /// Starts the sandbox on the Tokio runtime this is called on.
    ///
    /// # Errors
    /// The address could not be bound, the file with the certificate not be written, a host name is none that a certificate can
    /// carry, an allowed origin is none, or the clock or the certificate's days are out of bounds.
    #[expect(clippy::unused_async, reason = "it needs a runtime, which a call that is awaited has")]
    pub async fn start(self) -> io::Result<Sandbox> {
        if let Some(entry) = self.config.allowed_origins.invalid_entry() {
            let why = format!("{entry:?} is no origin of a page; one is https://app.contoso.com");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        self.check_times()?;
        let tls = self
            .https
            .then(|| Tls::generate(&self.host_names, self.http2, self.certificate_days))
            .transpose()?;
        let authority = tls.as_ref().map(|tls| Authority::new(tls.ca_pem.clone())).transpose()?;
        let listeners = server::bind(self.listen, self.config.layout.origins())?;
        let mut origins = Vec::new();
        for (_, listener) in &listeners {
            origins.push(Origin::new(self.https, listener.local_addr()?, &self.host_names));
        }
        let url = format!("{}/", origins[0].url());
        if origins[0].is_beyond_loopback() {
            tracing::warn!(listen = %self.listen, "the sandbox can be reached from other machines; it takes any password");
        }
        let shared = Arc::new(SharedState::new(self.config, self.challenge, origins));
        for (pool, listener) in listeners.into_iter().enumerate() {
            server::serve(&shared, pool, listener, tls.as_ref().map(|tls| tls.acceptors.clone()));
        }
        server::end_idle_applications(&shared);
        Ok(Sandbox { shared, url, authority })
    }

    fn check_times(&self) -> io::Result<()> {
        let wrong = |why: String| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        let (ahead, max) = (self.config.clock_ahead, MAX_DAYS * 24 * 60 * 60);
        if !(-max..=max).contains(&ahead) {
            return wrong(format!(
                "clock_ahead is {ahead} s; it is at most {max} s, which are {MAX_DAYS} days, or as much behind"
            ));
        }
        let allowed = -MAX_DAYS..=MAX_DAYS;
        match self.certificate_days {
            Some((from, to)) if !allowed.contains(&from) || !allowed.contains(&to) => wrong(format!(
                "certificate_days is from {from} to {to}; both are at most {MAX_DAYS} days from now, or as many ago"
            )),
            Some((from, to)) if from >= to => {
                wrong(format!("certificate_days is from {from} to {to}; the first day is before the last"))
            }
            _ => Ok(()),
        }
    }
}

impl Sandbox {
    /// Starts a sandbox with plain http on 127.0.0.1 and a free port: one pool, 30 s ring time.
    ///
    /// It runs on the Tokio runtime this is called on.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A sandbox that differs from [`Sandbox::start`].
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }
}
