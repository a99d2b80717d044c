//! The tokens that let a program use the service.

use std::fmt;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use send_im::bindings::{read_secret, without_mark};
use send_im::{Error, Result};
use subtle::{Choice, ConstantTimeEq};

/// The shortest token taken. A token is as good as a password for sending in somebody's name.
const SHORTEST: usize = 16;

/// The group that a service runs in may read its tokens; nobody else may, and none of them write.
pub(crate) const REFUSED_RIGHTS: u32 = 0o027;

/// Bearer tokens, any one of which is enough. There can be more than one, so that they can be changed one caller at a time.
#[derive(Clone, Default)]
pub struct Tokens(Vec<SecretString>);

impl Tokens {
    /// One token a line; blank lines count for nothing. `place` names where the text comes from, in an error.
    ///
    /// # Errors
    /// `invalid_input` where there is no token, or one that is shorter than 16 characters or no visible ASCII.
    pub fn parse(text: &str, place: &str) -> Result<Self> {
        let tokens: Vec<&str> =
            without_mark(text).lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if tokens.is_empty() {
            return Err(Error::invalid_input(format!("There is no token in {place}.")));
        }
        for token in &tokens {
            if token.len() < SHORTEST || !token.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(Error::invalid_input(format!(
                    "A token in {place} is too short or holds a blank: give {SHORTEST} letters, digits or signs or more, for example from: openssl rand -hex 32"
                )));
            }
        }
        Ok(Self(tokens.into_iter().map(SecretString::from).collect()))
    }

    /// The tokens of a file that nobody else can read, but for its group.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and where the file cannot be read, is no file or is larger than 1 MiB. On Unix also where
    /// others can read it or write to it or its folder, and where either is neither this user's nor root's.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let place = path.as_ref().display().to_string();
        let bytes = read_secret(path.as_ref(), "file of tokens", REFUSED_RIGHTS)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| {
            Error::invalid_input(format!(
                "The file of tokens {place} cannot be read: it is not UTF-8 text; save it as UTF-8."
            ))
        })?;
        Self::parse(text, &place)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Compares with every token, in a time that tells nothing but lengths.
    pub(crate) fn has(&self, given: &str) -> bool {
        let found = self.0.iter().fold(Choice::from(0), |found, token| {
            found | token.expose_secret().as_bytes().ct_eq(given.as_bytes())
        });
        found.into()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tokens", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_one_a_line_and_any_of_them_will_do() {
        let tokens = Tokens::parse("\u{feff}0123456789abcdef\r\n\n  fedcba9876543210  \n", "a test").unwrap();
        assert!(tokens.has("0123456789abcdef") && tokens.has("fedcba9876543210"));
        for wrong in ["", "0123456789abcde", "0123456789abcdeF", "0123456789abcdef0"] {
            assert!(!tokens.has(wrong), "{wrong}");
        }
    }

    #[test]
    fn refuses_weak_ones_without_showing_them() {
        for text in ["", " \n", "s3cret", "s3cret s3cret s3cret", "0123456789abcdef\ns3cret"] {
            let error = Tokens::parse(text, "a test").unwrap_err();
            assert!(error.detail().contains("a test") && !error.detail().contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn shows_no_token() {
        let tokens = Tokens::parse("s3cret-s3cret-s3cret", "a test").unwrap();
        assert_eq!(format!("{tokens:?}"), "1 tokens");
    }

    #[cfg(unix)]
    #[test]
    fn refuses_a_file_that_others_can_read_or_that_is_none() {
        use std::os::unix::fs::PermissionsExt;

        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0123456789abcdef\n").unwrap();
        for (mode, taken) in [(0o644, false), (0o660, false), (0o640, true), (0o600, true)] {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(Tokens::from_file(file.path()).is_ok(), taken, "{mode:o}");
        }
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&fifo).status().unwrap();
        assert!(made.success());
        for path in [fifo.as_path(), folder.path()] {
            assert!(Tokens::from_file(path).unwrap_err().detail().contains("is no file"));
        }
    }
}
