//! The profile file: an account in a file that nobody else can read.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use secrecy::zeroize::Zeroizing;

use self::contents::account_of_profile;
use crate::account::Account;
use crate::error::{Error, Result};
use crate::files::read_secret;
use crate::text::decode_text;

mod contents;

/// The mode bits that a profile must not have, as it holds a password.
const REFUSED_MODE: u32 = 0o077;

impl Account {
    /// The account of the profile file at `path`: TOML with `address`, `password` and optionally `username`, `server`, `ca_file`,
    /// `tls`.
    ///
    /// ```no_run
    /// let account = send_im::Account::from_profile("/etc/send-im/db7.toml")?;
    /// # Ok::<(), send_im::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_input` when the file cannot be read, is no file, is larger than 1 MiB or holds something else. Also when
    /// others can read it, and when it is not this user's nor root's or the Administrators'; on Unix, the same of its folder,
    /// to which nobody else may write.
    pub fn from_profile(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let refuse = |why: &str| Error::invalid_input(format!("The profile {} {why}.", path.display()));
        let bytes = read_secret(path, "profile", REFUSED_MODE)?;
        // UTF-16 without a byte order mark is valid UTF-8 with NULs, if all letters are ASCII.
        let text = decode_text(&bytes).filter(|text| !text.contains('\0'));
        let text =
            Zeroizing::new(text.ok_or_else(|| refuse("is not UTF-8 text; save it as UTF-8"))?.into_owned());
        account_of_profile(&text).map_err(|why| refuse(&why))
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
        Error::invalid_input(
            "There is no home folder for a profile file; set SEND_IM_ADDRESS and SEND_IM_PASSWORD.",
        )
    })?;
    Ok(base.config_dir().join("send-im").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[cfg_attr(windows, expect(unused_variables))]
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
    fn a_profile_is_utf_8_or_what_its_byte_order_mark_says() {
        let text = "address = 'tosh@contoso.com'\npassword = 's3cret'\n";
        let utf16 = |mark: &[u8]| {
            [mark, &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat()
        };
        // As Windows PowerShell writes text.
        for bytes in [utf16(b"\xff\xfe"), [b"\xef\xbb\xbf", text.as_bytes()].concat()] {
            let file = profile("", 0o600);
            std::fs::write(file.path(), bytes).unwrap();
            assert_eq!(Account::from_profile(file.path()).unwrap().address, "tosh@contoso.com");
        }
        for bytes in [utf16(b""), [text.as_bytes(), b"# \xe4\n"].concat()] {
            let file = profile("", 0o600);
            std::fs::write(file.path(), bytes).unwrap();
            let error = Account::from_profile(file.path()).unwrap_err().to_string();
            assert!(error.ends_with(" is not UTF-8 text; save it as UTF-8."), "{error}");
        }
    }
}
