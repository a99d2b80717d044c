//! An account as a program is given it, in parts: what is missing comes from the environment, then from the profile file.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::account::{Account, Credential, TokenSource};
use crate::error::{Error, Result};
use crate::profile::profile_path;
use crate::tls::Tls;

/// The environment variable that holds the sender's address.
pub const ENV_ADDRESS: &str = "SEND_IM_ADDRESS";
/// The environment variable that holds the name to sign in with, where it is not the address.
pub const ENV_USERNAME: &str = "SEND_IM_USERNAME";
/// The environment variable that holds the password.
pub const ENV_PASSWORD: &str = "SEND_IM_PASSWORD";
/// The environment variable that holds the URL of the discovery root.
pub const ENV_SERVER: &str = "SEND_IM_SERVER";
/// The environment variable that names a PEM file with further certificate authorities.
pub const ENV_CA_FILE: &str = "SEND_IM_CA_FILE";
/// The environment variable that says which cipher suites a server may choose from: `current` or `compatible`.
pub const ENV_TLS: &str = "SEND_IM_TLS";

/// The parts of an account that a program was given.
#[derive(Clone, Default)]
pub struct AccountOptions {
    /// The sender's address. Without one: that of the environment; without any credential either: that of the profile file.
    pub address: Option<String>,
    /// The name to sign in with, where it is not the address. `SEND_IM_USERNAME` counts with the address of the environment only.
    pub username: Option<String>,
    /// The password. Without one, and without a token: `SEND_IM_PASSWORD`, unless `SEND_IM_ADDRESS` is in another domain.
    pub password: Option<SecretString>,
    /// In the place of a password: a bearer token for every origin that asks. Once it is rejected, the sign-in is refused.
    pub token: Option<SecretString>,
    /// In the place of a password: the program's function that supplies tokens.
    pub token_source: Option<TokenSource>,
    /// The URL of the discovery root. Without: `SEND_IM_SERVER`.
    pub server: Option<String>,
    /// A file with further certificate authorities. Without: `SEND_IM_CA_FILE`.
    pub ca_file: Option<PathBuf>,
    /// Which cipher suites a server may choose from. Without: `SEND_IM_TLS`.
    pub tls: Option<Tls>,
    /// Further domains the server may lead to.
    pub trusted_domains: Vec<String>,
    /// How long signing in may take. Without: 60 s.
    pub timeout: Option<Duration>,
}

impl AccountOptions {
    /// The same with what the environment says of the server where these options say nothing: its URL, further certificate
    /// authorities and cipher suites.
    ///
    /// # Errors
    /// `invalid_input` where `SEND_IM_TLS` is neither word.
    pub fn with_server_of(mut self, environment: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        self.server = self.server.or_else(|| variable(ENV_SERVER));
        self.ca_file = self.ca_file.or_else(|| variable(ENV_CA_FILE).map(PathBuf::from));
        let tls = self.tls.map(Ok).or_else(|| variable(ENV_TLS).map(|tls| tls.parse()));
        self.tls = tls.transpose()?;
        Ok(self)
    }

    /// The account these options describe; without an address and a credential, the stored one.
    ///
    /// # Errors
    /// `invalid_input` where options contradict each other, there is no account, or a variable or the profile file is unusable.
    pub fn resolve(mut self, environment: impl Fn(&str) -> Option<String>) -> Result<Account> {
        self = self.with_server_of(&environment)?;
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        let refuse = |why: String| Err(Error::invalid_input(why));
        let source = match (self.token, self.token_source) {
            (Some(_), Some(_)) => {
                return refuse("There is a token and a callback for tokens; give one of them.".to_owned());
            }
            (Some(token), None) => Some(TokenSource::fixed(token)),
            (None, source) => source,
        };
        let domain = |address: &str| Some(address.rsplit_once('@')?.1.to_ascii_lowercase());
        if let (Some(address), Some(of_environment)) = (&self.address, variable(ENV_ADDRESS))
            && self.password.is_none()
            && source.is_none()
            && variable(ENV_PASSWORD).is_some()
            && let (Some(one), Some(other)) = (domain(address), domain(&of_environment))
            && one != other
        {
            return refuse(format!(
                "There is an address and no password; give one. {ENV_PASSWORD} is that of {ENV_ADDRESS}, which is in another domain."
            ));
        }
        let (address, username) = match self.address {
            Some(address) => (Some(address), self.username),
            None => (variable(ENV_ADDRESS), self.username.or_else(|| variable(ENV_USERNAME))),
        };
        let mut account = match (address, self.password, source) {
            (None, None, None) if username.is_none() => Account::in_profile()?,
            (None, ..) => {
                return refuse(format!(
                    "A user name, a password or a token needs the address it belongs to; give it, or set {ENV_ADDRESS}."
                ));
            }
            (Some(_), Some(_), Some(_)) => {
                return refuse("There is a password and a token; give one of them.".to_owned());
            }
            (Some(address), Some(password), None) => {
                Account::new(address, Credential::Password { username: None, password })
            }
            (Some(address), None, Some(source)) => Account::new(address, Credential::Bearer(source)),
            (Some(address), None, None) => match variable(ENV_PASSWORD) {
                Some(password) => Account::with_password(address, password),
                None => {
                    return refuse(format!(
                        "There is an address and no password; give one, or set {ENV_PASSWORD}."
                    ));
                }
            },
        };
        if let Some(username) = username {
            account = account.username(username);
        }
        account = self.server.into_iter().fold(account, Account::server);
        account = self.ca_file.into_iter().fold(account, Account::ca_file);
        account = self.tls.into_iter().fold(account, Account::tls);
        account.trusted_domains.extend(self.trusted_domains);
        Ok(self.timeout.into_iter().fold(account, Account::timeout))
    }
}

impl Account {
    /// The account of `SEND_IM_ADDRESS`, `SEND_IM_USERNAME`, `SEND_IM_PASSWORD`, `SEND_IM_SERVER`, `SEND_IM_CA_FILE` and
    /// `SEND_IM_TLS`.
    ///
    /// ```no_run
    /// let account = send_im::Account::from_env()?;
    /// # Ok::<(), send_im::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_input` when the address or the password is not set, or `SEND_IM_TLS` is neither word.
    pub fn from_env() -> Result<Self> {
        Self::from_variables(process_environment)
    }

    fn from_variables(environment: impl Fn(&str) -> Option<String>) -> Result<Self> {
        for name in [ENV_ADDRESS, ENV_PASSWORD] {
            if environment(name).is_none_or(|value| value.is_empty()) {
                return Err(Error::invalid_input(format!("{name} is not set.")));
            }
        }
        AccountOptions::default().resolve(environment)
    }

    /// The account of the environment or, where `SEND_IM_ADDRESS` is not set, of the profile file
    /// `send-im/config.toml` in the user's configuration folder (`~/.config`, on Windows `%APPDATA%`).
    ///
    /// `SEND_IM_SERVER`, `SEND_IM_CA_FILE` and `SEND_IM_TLS` override the file.
    ///
    /// ```no_run
    /// let account = send_im::Account::stored()?;
    /// # Ok::<(), send_im::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_input` when there is neither, or when the file is unusable or readable by others.
    pub fn stored() -> Result<Self> {
        AccountOptions::default().resolve(process_environment)
    }

    fn in_profile() -> Result<Self> {
        let path = profile_path()?;
        if path.exists() {
            return Self::from_profile(&path);
        }
        Err(Error::invalid_input(format!(
            "There is no account to send from: set {ENV_ADDRESS} and {ENV_PASSWORD}, or write {}.",
            path.display()
        )))
    }
}

/// A variable of this process's environment. One that is no text counts as not set.
pub fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
        |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    fn options(address: &str) -> AccountOptions {
        AccountOptions { address: Some(address.to_owned()), ..AccountOptions::default() }
    }

    #[test]
    fn reads_the_environment() {
        let account = Account::from_variables(variables(&[
            (ENV_ADDRESS, "tosh@contoso.com"),
            (ENV_PASSWORD, "x"),
            (ENV_SERVER, "https://lync.contoso.com/"),
            (ENV_TLS, "Compatible"),
        ]))
        .unwrap();
        assert_eq!(account.tls, Tls::Compatible);
        assert_eq!(account.check().unwrap().root.unwrap().as_str(), "https://lync.contoso.com/");
    }

    #[test]
    fn names_the_variable_that_is_missing() {
        let told = |pairs| Account::from_variables(variables(pairs)).unwrap_err().to_string();
        assert_eq!(told(&[(ENV_ADDRESS, "tosh@contoso.com")]), "SEND_IM_PASSWORD is not set.");
        assert_eq!(
            told(&[(ENV_ADDRESS, "tosh@contoso.com"), (ENV_PASSWORD, "x"), (ENV_TLS, "old")]),
            "The option tls (SEND_IM_TLS) is current or compatible."
        );
    }

    #[test]
    fn a_given_option_counts_before_its_variable() {
        let environment = variables(&[
            (ENV_ADDRESS, "lenea@contoso.com"),
            (ENV_USERNAME, "lenea"),
            (ENV_PASSWORD, "y"),
            (ENV_SERVER, "https://lync.contoso.com/"),
            (ENV_CA_FILE, ""),
        ]);
        let given = AccountOptions {
            server: Some("https://pool.contoso.com/".into()),
            ..options("tosh@contoso.com")
        };
        let account = given.resolve(&environment).unwrap();
        assert_eq!(
            (account.get_address(), account.get_server()),
            ("tosh@contoso.com", Some("https://pool.contoso.com/"))
        );
        let Credential::Password { username, .. } = account.credential else { unreachable!() };
        assert_eq!(username, None, "the name of the environment belongs to the address of the environment");
        assert_eq!(account.ca_file, None, "an empty variable is none");
    }

    #[test]
    fn a_credential_needs_its_address_which_may_be_that_of_the_environment() {
        let password = || AccountOptions { password: Some("x".into()), ..AccountOptions::default() };
        let token = AccountOptions { token: Some("t".into()), ..AccountOptions::default() };
        for options in [password(), token] {
            let error = options.resolve(|_| None).unwrap_err();
            assert!(error.detail().contains("needs the address"), "{error}");
        }
        let account = password().resolve(variables(&[(ENV_ADDRESS, "tosh@contoso.com")])).unwrap();
        assert_eq!(account.get_address(), "tosh@contoso.com");
    }

    #[test]
    fn a_password_and_a_token_contradict_each_other() {
        let both = AccountOptions {
            password: Some("x".into()),
            token: Some("t".into()),
            ..options("tosh@contoso.com")
        };
        assert!(both.resolve(|_| None).unwrap_err().detail().contains("one of them"));
    }

    #[test]
    fn an_address_needs_a_password() {
        let told = options("tosh@contoso.com").resolve(|_| None).unwrap_err();
        assert!(told.detail().contains("set SEND_IM_PASSWORD"), "{told}");
        options("tosh@contoso.com").resolve(variables(&[(ENV_PASSWORD, "x")])).unwrap();
    }

    /// The servers of another domain would be told it.
    #[test]
    fn the_password_of_the_environment_stays_in_the_domain_of_its_address() {
        let environment = variables(&[(ENV_ADDRESS, "tosh@contoso.com"), (ENV_PASSWORD, "x")]);
        options("sip:Lenea@Contoso.com").resolve(&environment).unwrap();
        let error = options("tosh@fabrikam.com").resolve(&environment).unwrap_err();
        assert!(error.detail().contains("SEND_IM_PASSWORD is that of"), "{error}");
        let error =
            options("no address").resolve(&environment).and_then(|account| account.check()).err().unwrap();
        assert!(!error.detail().contains("password"), "{error}");
        let without = options("tosh@fabrikam.com").resolve(variables(&[(ENV_ADDRESS, "tosh@contoso.com")]));
        assert!(without.unwrap_err().detail().contains("set SEND_IM_PASSWORD"));
    }
}
