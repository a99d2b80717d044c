//! How the service is to be, and which combinations would not be safe.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use send_im::{Account, Address, Error, Result, Tls};
use url::Url;

use crate::token::Tokens;

/// How the service is to be. The default listens on a free port of 127.0.0.1, for the programs of this machine.
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) account: Option<Account>,
    pub(crate) server: Option<String>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) tls: Tls,
    pub(crate) tokens: Tokens,
    pub(crate) certificate: Option<(PathBuf, PathBuf)>,
    pub(crate) client_ca: Option<PathBuf>,
    pub(crate) client_crl: Option<PathBuf>,
    pub(crate) plain_http: bool,
    pub(crate) origins: Vec<String>,
    pub(crate) hosts: Vec<String>,
    pub(crate) domains: Vec<String>,
    pub(crate) hooks: Vec<(String, PathBuf)>,
    pub(crate) post_only: bool,
    pub(crate) query_credentials: bool,
    pub(crate) request_credentials: bool,
    pub(crate) largest_body: usize,
    pub(crate) rate: u32,
    pub(crate) most_sends: usize,
    pub(crate) most_sessions: usize,
    pub(crate) idle: Duration,
    pub(crate) drain: Duration,
    pub(crate) page: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            account: None,
            server: None,
            ca_file: None,
            tls: Tls::default(),
            tokens: Tokens::default(),
            certificate: None,
            client_ca: None,
            client_crl: None,
            plain_http: false,
            origins: Vec::new(),
            hosts: Vec::new(),
            domains: Vec::new(),
            hooks: Vec::new(),
            post_only: false,
            query_credentials: false,
            request_credentials: true,
            largest_body: 1 << 20,
            rate: 50,
            most_sends: 512,
            most_sessions: 100,
            idle: Duration::from_secs(300),
            drain: Duration::from_secs(30),
            page: true,
        }
    }
}

/// A method a line that sets what it is named after.
macro_rules! setters {
    ($($(#[$doc:meta])* fn $name:ident($($given:ident: $type:ty),+) = $value:expr;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(mut self, $($given: $type),+) -> Self {
            self.$name = $value;
            self
        }
    )*};
}

impl Options {
    /// The default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// Where to listen; port 0 means a free one. Beyond loopback a token or a client certificate, and TLS, are required.
        fn listen(address: SocketAddr) = address;

        /// Who sends where a request brings no credentials, and whose server takes those that requests bring. Without an
        /// account, every request has to bring credentials.
        fn account(account: Account) = Some(account);

        /// The discovery root for the credentials that requests bring, whatever their domain, where the account names none.
        /// Default: their domain is asked, if it is that of the account or one of [`allow_domain`](Self::allow_domain).
        fn server(url: impl Into<String>) = Some(url.into());

        /// Further certificate authorities for the credentials that requests bring, a PEM file, where there is no account.
        fn ca_file(path: impl Into<PathBuf>) = Some(path.into());

        /// Which cipher suites a server may choose from, for the credentials that requests bring, where there is no account.
        fn tls(tls: Tls) = tls;

        /// Bearer tokens, one of which a request has to bring.
        fn tokens(tokens: Tokens) = tokens;

        /// Speak https, with this certificate chain and this private key, both PEM files. They are read at the start.
        fn certificate(chain: impl Into<PathBuf>, key: impl Into<PathBuf>) = Some((chain.into(), key.into()));

        /// Certificates of this authority, a PEM file, are as good as a token. Without tokens, no other connection is taken.
        fn client_ca(path: impl Into<PathBuf>) = Some(path.into());

        /// The revocation lists of that authority and of those under it, a PEM file, read at the start: a certificate on one is
        /// not taken, nor one of an authority whose list is missing. Without lists, a certificate is taken until it expires.
        fn client_crl(path: impl Into<PathBuf>) = Some(path.into());

        /// Allows plain http beyond loopback: something in front speaks TLS. Tokens and passwords cross that network unprotected.
        fn plain_http(allowed: bool) = allowed;

        /// Whether messages are taken by POST only. Default: by GET too, as the page took them that this replaces.
        fn post_only(only: bool) = only;

        /// Takes `username` and `password` from a query string too. URLs stand in the logs of proxies and in histories.
        fn query_credentials(allowed: bool) = allowed;

        /// Whether requests may bring `username` and `password` at all. Default: yes.
        fn request_credentials(allowed: bool) = allowed;

        /// The largest request body, in bytes. Default: 1 MiB.
        fn largest_body(bytes: usize) = bytes;

        /// Requests a second that one client address may make on average; ten seconds' worth of them at once. 0 sets no limit.
        /// Refused requests have an allowance of their own, a tenth of that. Default: 50.
        fn rate(per_second: u32) = per_second;

        /// How many sends may be under way at once. Default: 512; of one account 32 are, the others wait for their turn.
        ///
        /// A quarter is kept for the service's own account, and no more than a quarter is given to one account that requests
        /// bring, or to one caller's requests that wait for sign-ins in one domain.
        fn most_sends(sends: usize) = sends;

        /// How many sessions of accounts that requests bring may be signed in at once. Default: 100.
        fn most_sessions(sessions: usize) = sessions;

        /// How long a session stays signed in that nobody uses. Default: 5 minutes.
        fn idle(time: Duration) = time;

        /// How long the sends under way may take to end when the service stops. Default: 30 s.
        fn drain(time: Duration) = time;

        /// Whether a browser that asks for `/` gets a page to send from. Default: yes.
        fn page(shown: bool) = shown;
    }

    /// A web origin whose pages may send, for example `https://intranet.contoso.com`. None is the default.
    #[must_use]
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// A name the service is reached by. Where no token and no certificate is required, other names than `localhost` are
    /// refused; once a name is given, always.
    #[must_use]
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.hosts.push(name.into());
        self
    }

    /// A domain whose accounts requests may bring, where no server is given: its servers are asked. The domain of the
    /// service's own account is one without this.
    #[must_use]
    pub fn allow_domain(mut self, domain: impl Into<String>) -> Self {
        self.domains.push(domain.into());
        self
    }

    /// What `POST /hooks/NAME` makes of a body: a TOML file of templates, read at the start. The hooks `alertmanager`, `grafana` and
    /// `apprise` are there without; a file of their name goes before what they say.
    #[must_use]
    pub fn hook(mut self, name: impl Into<String>, file: impl Into<PathBuf>) -> Self {
        self.hooks.push((name.into(), file.into()));
        self
    }

    /// True where any program of this machine may send without showing who it is.
    pub(crate) fn anonymous(&self) -> bool {
        self.tokens.is_empty() && self.client_ca.is_none()
    }

    /// What one account, or one caller's sign-ins, may have of the sends.
    pub(crate) fn share(&self) -> usize {
        (self.most_sends / 4).max(1)
    }

    /// True where the server of an account of this domain may be asked.
    pub(crate) fn takes_domain(&self, domain: &str) -> bool {
        let own = self.account.as_ref();
        self.server.is_some()
            || own.is_some_and(|own| own.get_server().is_some())
            || own
                .and_then(|own| own.get_address().rsplit_once('@'))
                .is_some_and(|(_, its)| its.eq_ignore_ascii_case(domain))
            || self.domains.iter().any(|its| its.eq_ignore_ascii_case(domain))
    }

    /// Checks what would not be safe, and puts origins and names into their normal form.
    pub(crate) fn checked(mut self) -> Result<Self> {
        let loopback = self.listen.ip().to_canonical().is_loopback();
        let wrong = if !loopback && self.anonymous() {
            "Beyond this machine a token or client certificates are needed: give a file of tokens or a client CA, or listen on 127.0.0.1."
        } else if self.client_ca.is_some() && self.certificate.is_none() {
            "Client certificates need TLS: give a certificate and its key too."
        } else if !loopback && self.certificate.is_none() && !self.plain_http {
            "Beyond this machine TLS is needed: give a certificate and its key, or allow plain http where something in front speaks TLS."
        } else if self.account.is_none() && !self.request_credentials {
            "There is nobody to send as: no account, and requests may not bring one."
        } else if self.account.is_none() && self.server.is_none() && self.domains.is_empty() {
            "It is not said whose server is asked: give an account, a server, or a domain whose accounts requests may bring."
        } else if self.client_crl.is_some() && self.client_ca.is_none() {
            "Revocation lists need client certificates: give a client CA too."
        } else if !self.hosts.iter().all(|host| is_name(host)) {
            "A host's name is not usable: give it without scheme and port, for example im.contoso.com."
        } else {
            ""
        };
        if !wrong.is_empty() {
            return Err(Error::invalid_input(wrong));
        }
        for domain in &self.domains {
            Address::parse(&format!("user@{domain}"), "allowed domain")?;
        }
        self.origins = self.origins.iter().map(|origin| normal_origin(origin)).collect::<Result<_>>()?;
        self.hosts.iter_mut().for_each(|host| host.make_ascii_lowercase());
        Ok(self)
    }
}

fn is_name(host: &str) -> bool {
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !host.is_empty() && host.chars().all(usable)
}

/// Scheme, host and, where it is not the scheme's own, port: as browsers write it.
fn normal_origin(text: &str) -> Result<String> {
    let bare = |url: &Url| {
        let alone = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        alone && matches!(url.scheme(), "http" | "https") && url.username().is_empty() && !text.contains('*')
    };
    let url = Url::parse(text).ok().filter(bare).ok_or_else(|| {
        Error::invalid_input(
            "An origin is scheme, host and port alone, for example https://intranet.contoso.com; there is no wildcard.",
        )
    })?;
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Options {
        Options::new().account(Account::with_password("tosh@contoso.com", "x"))
    }

    fn public() -> Options {
        own().listen("0.0.0.0:0".parse().unwrap())
    }

    fn tokens() -> Tokens {
        Tokens::parse("0123456789abcdef", "a test").unwrap()
    }

    #[test]
    fn beyond_loopback_a_token_and_tls_are_needed() {
        assert!(public().checked().is_err());
        assert!(public().plain_http(true).checked().is_err());
        assert!(public().certificate("c", "k").checked().is_err());
        assert!(public().tokens(tokens()).checked().is_err());
        assert!(public().tokens(tokens()).plain_http(true).checked().is_ok());
        assert!(public().tokens(tokens()).certificate("c", "k").checked().is_ok());
        assert!(public().client_ca("ca").certificate("c", "k").checked().is_ok());
    }

    #[test]
    fn loopback_in_any_spelling_needs_neither() {
        for address in ["127.0.0.1:0", "127.8.9.1:0", "[::1]:0", "[::ffff:127.0.0.1]:0"] {
            assert!(own().listen(address.parse().unwrap()).checked().is_ok(), "{address}");
        }
    }

    #[test]
    fn client_certificates_need_tls_and_somebody_has_to_send() {
        assert!(own().client_ca("ca").checked().is_err());
        assert!(own().client_crl("crl").checked().is_err());
        assert!(Options::new().request_credentials(false).checked().is_err());
    }

    #[test]
    fn a_request_chooses_no_server() {
        for own in [own(), own().allow_domain("Fabrikam.com")] {
            assert!(own.takes_domain("Contoso.com"));
            assert_eq!(own.takes_domain("fabrikam.COM"), !own.domains.is_empty());
            for other in ["attacker.test", "sub.contoso.com", "contoso.com.attacker.test", ""] {
                assert!(!own.takes_domain(other), "{other}");
            }
        }
        let with_server = Account::with_password("tosh@contoso.com", "x").server("https://pool.contoso.com/");
        assert!(Options::new().account(with_server).takes_domain("fabrikam.com"));
        assert!(Options::new().server("https://pool.contoso.com/").takes_domain("fabrikam.com"));
        assert!(Options::new().checked().is_err());
        assert!(Options::new().allow_domain("contoso.com").checked().is_ok());
        for wrong in ["", "*", "contoso.com/", "@contoso.com", "a b"] {
            assert!(own().allow_domain(wrong).checked().is_err(), "{wrong}");
        }
    }

    #[test]
    fn origins_are_written_as_browsers_do() {
        let checked = own().allow_origin("HTTPS://Intranet.Contoso.com:443/").checked().unwrap();
        assert_eq!(checked.origins, ["https://intranet.contoso.com"]);
        for wrong in
            ["*", "null", "contoso.com", "https://*.contoso.com", "https://contoso.com/page", "file:///x"]
        {
            assert!(own().allow_origin(wrong).checked().is_err(), "{wrong}");
        }
    }

    #[test]
    fn hosts_are_names_alone() {
        assert_eq!(own().allow_host("IM.contoso.com").checked().unwrap().hosts, ["im.contoso.com"]);
        for wrong in ["", "https://im.contoso.com", "im.contoso.com:443", "*"] {
            assert!(own().allow_host(wrong).checked().is_err(), "{wrong}");
        }
    }

    #[test]
    fn shows_no_secret() {
        let options = Options::new()
            .tokens(Tokens::parse("s3cret-s3cret-s3cret", "a test").unwrap())
            .account(Account::with_password("tosh@contoso.com", "s3cret"));
        assert!(!format!("{options:?}").contains("s3cret"));
    }
}
