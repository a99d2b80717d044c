//! The check of an account before its first request.

use secrecy::ExposeSecret;
use url::Url;

use super::fields::{check_ca_file, check_password, check_server, check_username};
use super::{Account, Credential, Server};
use crate::address::Address;
use crate::error::{Error, Result};
use crate::host::normal_domain;

/// The parsed fields of an account.
pub(crate) struct CheckedAccount {
    pub(crate) address: Address,
    pub(crate) root: Option<Url>,
    pub(crate) trusted: Vec<String>,
}

impl Account {
    pub(crate) fn check(&self) -> Result<CheckedAccount> {
        let address = Address::parse(&self.address, "sender's address")?;
        if let Credential::Password { username, password } = &self.credential {
            username.as_deref().map_or(Ok(()), check_username)?;
            check_password(password.expose_secret())?;
        }
        self.ca_file.as_deref().map_or(Ok(()), check_ca_file)?;
        if self.timeout.is_zero() {
            return Err(Error::invalid_input(
                "The timeout is not more than zero; give the time the sign-in may take, for example 60 s.",
            ));
        }
        let root = match &self.server {
            Server::Discover => None,
            Server::Root(text) => Some(check_server(text)?),
        };
        let trusted =
            self.trusted_domains.iter().map(|domain| normal_domain(domain)).collect::<Result<_>>()?;
        Ok(CheckedAccount { address, root, trusted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_unusable_credentials() {
        assert!(Account::with_password("tosh@contoso.com", "").check().is_err());
        assert!(Account::with_password("tosh@contoso.com", "a\r\nb").check().is_err());
        assert!(Account::with_password("tosh@contoso.com", "x").username("a\nb").check().is_err());
        assert!(Account::with_password("tosh", "x").check().is_err());
    }
}
