//! Stored accounts: the environment, or else a profile file that nobody else can read.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use self::contents::account_of_profile;
use crate::account::Account;
use crate::error::{Error, Result};
use crate::files::read_secret;

mod contents;

/// The mode bits that a profile must not have, as it holds a password.
const REFUSED_MODE: u32 = 0o077;

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
        Self::from_vars(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// The account of the environment or, where `SEND_IM_ADDRESS` is not set, of the profile file
    /// `send-im/config.toml` in the user's configuration folder (`~/.config` on Linux).
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
        let vars = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        if vars(ENV_ADDRESS).is_some() {
            return Self::from_vars(vars);
        }
        let path = profile_path()?;
        if !path.exists() {
            return Err(Error::invalid_input(format!(
                "There is no account to send from: set {ENV_ADDRESS} and {ENV_PASSWORD}, or write {}.",
                path.display()
            )));
        }
        Self::from_profile(&path)?.overridden_by(vars)
    }

    /// The account of the profile file at `path`: TOML with `address`, `password` and optionally `username`, `server`, `ca_file`,
    /// `tls`.
    ///
    /// ```no_run
    /// let account = send_im::Account::from_profile("/etc/send-im/db7.toml")?;
    /// # Ok::<(), send_im::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_input` when the file cannot be read, is no file, is larger than 1 MiB or holds something else. On Unix also when
    /// others can read it or write to its folder, and when either is neither this user's nor root's.
    pub fn from_profile(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let refuse = |why: &str| Error::invalid_input(format!("The profile {} {why}.", path.display()));
        let bytes = read_secret(path, "profile", REFUSED_MODE)?;
        // UTF-16 without a byte order mark is valid UTF-8 with NULs, if all letters are ASCII.
        let text = std::str::from_utf8(&bytes).ok().filter(|text| !text.contains('\0'));
        let text = text.ok_or_else(|| refuse("is not UTF-8 text; save it as UTF-8"))?;
        account_of_profile(text).map_err(|why| refuse(&why))
    }

    fn from_vars(vars: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let required =
            |name: &str| vars(name).ok_or_else(|| Error::invalid_input(format!("{name} is not set.")));
        let mut account = Account::with_password(required(ENV_ADDRESS)?, required(ENV_PASSWORD)?);
        if let Some(username) = vars(ENV_USERNAME) {
            account = account.username(username);
        }
        account.overridden_by(vars)
    }

    fn overridden_by(mut self, vars: impl Fn(&str) -> Option<String>) -> Result<Self> {
        if let Some(server) = vars(ENV_SERVER) {
            self = self.server(server);
        }
        if let Some(ca_file) = vars(ENV_CA_FILE) {
            self = self.ca_file(ca_file);
        }
        if let Some(tls) = vars(ENV_TLS) {
            self = self.tls(tls.parse()?);
        }
        Ok(self)
    }
}

/// Where [`Account::stored`] looks for the profile file.
///
/// ```
/// assert!(send_im::profile_path()?.ends_with("send-im/config.toml"));
/// # Ok::<(), send_im::Error>(())
/// ```
///
/// # Errors
/// `invalid_input` where this user has no home folder.
pub fn profile_path() -> Result<PathBuf> {
    let base = etcetera::choose_base_strategy().map_err(|_| {
        Error::invalid_input(format!(
            "There is no home folder for a profile file; set {ENV_ADDRESS} and {ENV_PASSWORD}."
        ))
    })?;
    Ok(base.config_dir().join("send-im").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::tls::Tls;

    fn profile(text: &str, mode: u32) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        }
        file
    }

    #[test]
    fn reads_the_environment() {
        let account = Account::from_vars(|name| match name {
            ENV_ADDRESS => Some("tosh@contoso.com".into()),
            ENV_PASSWORD => Some("x".into()),
            ENV_SERVER => Some("https://lync.contoso.com/".into()),
            ENV_TLS => Some("Compatible".into()),
            _ => None,
        })
        .unwrap();
        assert_eq!(account.tls, Tls::Compatible);
        assert_eq!(account.check().unwrap().root.unwrap().as_str(), "https://lync.contoso.com/");
    }

    #[test]
    fn names_the_variable_that_is_missing() {
        let error =
            Account::from_vars(|name| (name == ENV_ADDRESS).then(|| "tosh@contoso.com".into())).unwrap_err();
        assert_eq!(error.to_string(), "SEND_IM_PASSWORD is not set.");
        let error =
            Account::from_vars(|name| Some(if name == ENV_TLS { "old" } else { "x" }.into())).unwrap_err();
        assert_eq!(error.to_string(), "The option tls (SEND_IM_TLS) is current or compatible.");
    }

    #[test]
    fn reads_a_private_profile() {
        let file =
            profile("address = 'tosh@contoso.com'\npassword = 'x'\nusername = 'CONTOSO\\smith'\n", 0o600);
        assert_eq!(Account::from_profile(file.path()).unwrap().address, "tosh@contoso.com");
    }

    #[cfg(unix)]
    #[test]
    fn refuses_a_profile_others_can_read() {
        let file = profile("address = 'tosh@contoso.com'\npassword = 'x'\n", 0o644);
        assert!(Account::from_profile(file.path()).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn an_error_names_the_profile_and_what_is_wrong_with_it() {
        let file = profile("address = 'tosh@contoso.com'\n\npasword = 's3cret'\n", 0o600);
        assert_eq!(
            Account::from_profile(file.path()).unwrap_err().to_string(),
            format!(
                "The profile {} has an unknown key `pasword` at line 3; it holds address, password and optionally username, server, ca_file, tls.",
                file.path().display()
            )
        );
    }

    #[test]
    fn a_profile_in_another_encoding_is_refused() {
        let text = "address = 'tosh@contoso.com'\npassword = 's3cret'\n";
        let utf16 = |mark: &[u8]| {
            [mark, &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat()
        };
        for bytes in [utf16(b"\xff\xfe"), utf16(b""), [text.as_bytes(), b"# \xe4\n"].concat()] {
            let file = profile("", 0o600);
            std::fs::write(file.path(), bytes).unwrap();
            let error = Account::from_profile(file.path()).unwrap_err().to_string();
            assert!(error.ends_with(" is not UTF-8 text; save it as UTF-8."), "{error}");
        }
    }
}
