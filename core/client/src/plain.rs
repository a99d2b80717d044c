//! Text from outside, from servers and the environment, made fit for errors and logs, and cut.

use std::fmt;
use std::ops::Deref;

use send_im_ucwa::text::printable;
use serde::Serialize;

/// The longest sentence, in characters. The longest of our own, with names in it, has some 600.
const MAX_SENTENCE: usize = 2_000;

/// The longest name of a host or participant, in characters. An address may have 454.
const MAX_NAME: usize = 500;

/// The longest name of an option that an error quotes. A longer one may be a secret in the wrong place.
const MAX_OPTION: usize = 20;

/// A sentence without invisible characters, cut where it is too long.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Plain(String);

impl<T: Into<String>> From<T> for Plain {
    fn from(text: T) -> Self {
        Self(printable(text.into(), MAX_SENTENCE))
    }
}

impl Deref for Plain {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A sentence, without invisible characters and cut where it is too long.
pub(crate) fn plain(text: impl Into<String>) -> String {
    Plain::from(text).0
}

/// The name of a host or a participant, without invisible characters and cut where it is too long.
pub(crate) fn plain_name(name: &str) -> String {
    printable(name.to_owned(), MAX_NAME)
}

/// The name of an unknown option if an error may quote it: at most 20 letters, dashes and underscores. Anything else may be a
/// password in the wrong place.
pub fn option_name(name: &str) -> Option<&str> {
    let is_letter = |b: u8| b.is_ascii_alphabetic() || b == b'_' || b == b'-';
    (!name.is_empty() && name.len() <= MAX_OPTION && name.bytes().all(is_letter)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_and_a_name_are_cut() {
        let cut = plain("é".repeat(MAX_SENTENCE + 1));
        assert_eq!((cut.chars().count(), cut.chars().last()), (MAX_SENTENCE, Some('…')));
        assert_eq!(plain_name(&"a".repeat(5_000)).chars().count(), MAX_NAME);
    }

    #[test]
    fn only_what_is_plainly_a_name_is_quoted_as_an_option() {
        for name in ["pasword", "Ca-File", "body_type"] {
            assert_eq!(option_name(name), Some(name));
        }
        for name in [
            "",
            "s3cret",
            "my secret",
            "päss",
            "a\nb",
            "a\u{202e}b",
            "abcdefghijklmnopqrstu",
            &"x".repeat(10_000),
        ] {
            assert_eq!(option_name(name), None, "{name:?}");
        }
    }
}
