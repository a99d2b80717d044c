//! What a request asks for: a message, and who sends it.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use send_im::{Account, Address, DEFAULT_TIMEOUT, Error, ErrorKind, Message, Result};
use subtle::ConstantTimeEq;

use crate::options::Options;
use crate::parameters::Parameters;

/// The longest time a request may ask for. Proxies and callers give up long before.
const LONGEST: Duration = Duration::from_secs(600);

/// How long a sign-in may take, whoever waits for it.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(60);

const CREDENTIAL_PARAMETERS: [&str; 3] = ["username", "password", "address"];

/// A message that can be sent as far as can be told without asking anybody.
pub(crate) struct Order {
    pub(crate) message: Message,
    pub(crate) to: Address,
    pub(crate) timeout: Duration,
    /// Whose session it goes through; `None`: that of the service's own account.
    pub(crate) credentials: Option<Credentials>,
    pub(crate) account: Account,
}

/// The credentials that a request brought. Two are the same only if everything is that proves who it is.
#[derive(Clone)]
pub(crate) struct Credentials {
    /// In small letters.
    pub(crate) address: String,
    username: Option<String>,
    password: SecretString,
}

impl Credentials {
    /// The domain whose servers it is signed in to.
    pub(crate) fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl PartialEq for Credentials {
    fn eq(&self, other: &Self) -> bool {
        let [mine, its] = [self, other].map(|credentials| credentials.password.expose_secret().as_bytes());
        self.address == other.address && self.username == other.username && mine.ct_eq(its).into()
    }
}

impl Order {
    /// Understands the parameters.
    ///
    /// # Errors
    /// `invalid_input`, with the sentence that names the parameter.
    pub(crate) fn new(mut parameters: Parameters, options: &Options) -> Result<Self> {
        if parameters.in_query(&CREDENTIAL_PARAMETERS) && !options.query_credentials {
            return Err(Error::invalid_input(
                "Credentials in a URL are refused, because URLs are logged: send username and password in the body of a POST.",
            ));
        }
        let timeout = match parameters.take("timeout") {
            Some(text) => seconds(&text)?,
            None => DEFAULT_TIMEOUT,
        };
        let message = message(&mut parameters)?.timeout(timeout);
        let to = message.check()?;
        let (credentials, account) = sender(&mut parameters, options)?;
        Ok(Self { message, to, timeout, credentials, account: account.timeout(SIGN_IN_TIMEOUT) })
    }
}

fn message(parameters: &mut Parameters) -> Result<Message> {
    let missing =
        |name: &str| Error::invalid_input(format!("There is no {name}: give the parameter {name}."));
    let to = parameters.given("recipient").ok_or_else(|| missing("recipient"))?;
    let text = parameters.given("message").ok_or_else(|| missing("message"))?;
    let html = match parameters.take("html").as_deref() {
        None | Some("false" | "0") => false,
        Some("true" | "1") => true,
        Some(_) => return Err(Error::invalid_input("The parameter html is one of true and false.")),
    };
    let message = if html { Message::html(to, text) } else { Message::text(to, text) };
    let mut message = parameters.take("subject").into_iter().fold(message, Message::subject);
    if let Some(importance) = parameters.take("importance") {
        message = message.importance(importance.parse()?);
    }
    if let Some(wait) = parameters.take("wait") {
        message = message.wait(wait.parse()?);
    }
    Ok(message)
}

fn sender(parameters: &mut Parameters, options: &Options) -> Result<(Option<Credentials>, Account)> {
    let [username, password, address] = CREDENTIAL_PARAMETERS.map(|name| parameters.take(name));
    let (username, password) = match (username, password) {
        (Some(username), Some(password)) => (username, password),
        (None, None) if address.is_none() => {
            let stored = options.account.clone().map(|account| (None, account.not_guessed()));
            return stored.ok_or_else(|| {
                Error::invalid_input(
                    "There is nobody to send as: give username and password; the service has no account of its own.",
                )
            });
        }
        _ => return Err(Error::invalid_input("Give username and password together, or neither.")),
    };
    if !options.request_credentials {
        return Err(Error::invalid_input(
            "This service sends as its own account only: leave out username and password.",
        ));
    }
    // The old page took the address as the name to sign in with. DOMAIN\name says nothing of the address.
    let (address, username) = match address {
        Some(address) => (address, Some(username)),
        None if username.contains('@') => (username, None),
        None => {
            return Err(Error::invalid_input(
                "The username is no address: give the sender's address too, in the parameter address.",
            ));
        }
    };
    let address = Address::parse(&address, "sender's address")?;
    if !options.takes_domain(address.domain()) {
        let detail = "This service does not ask the servers of the sender's domain: start it with --server or --allow-domain.";
        return Err(Error::new(ErrorKind::Forbidden, detail));
    }
    let account = match &options.account {
        Some(stored) => stored.other_sender(address.as_str(), password.clone()),
        None => {
            let account = Account::with_password(address.as_str(), password.clone()).tls(options.tls);
            let account = options.server.iter().fold(account, Account::server);
            options.ca_file.iter().fold(account, Account::ca_file)
        }
    };
    let account = username.iter().fold(account, Account::username);
    let address = address.as_str().to_ascii_lowercase();
    Ok((Some(Credentials { address, username, password: password.into() }), account))
}

fn seconds(text: &str) -> Result<Duration> {
    let given = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    given.filter(|timeout| !timeout.is_zero() && *timeout <= LONGEST).ok_or_else(|| {
        let longest = LONGEST.as_secs();
        Error::invalid_input(format!(
            "The parameter timeout is a number of seconds, more than 0 and at most {longest}."
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(username: Option<&str>, password: &str) -> Option<Credentials> {
        let (address, username) = ("tosh@contoso.com".to_owned(), username.map(str::to_owned));
        Some(Credentials { address, username, password: password.into() })
    }

    #[test]
    fn only_the_same_credentials_are_the_same_sender() {
        assert!(credentials(None, "right") == credentials(None, "right"));
        assert!(credentials(None, "right") != credentials(None, "wrong"));
        assert!(credentials(None, "right") != credentials(None, "right "));
        assert!(credentials(None, "right") != credentials(Some(r"CONTOSO\smith"), "right"));
    }

    #[test]
    fn a_timeout_is_a_number_of_seconds() {
        assert_eq!(seconds("1.5").unwrap(), Duration::from_millis(1500));
        for wrong in ["", "0", "-1", "NaN", "inf", "1e99", "600.1", "60s", "0x10"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
