//! How much is told of text that comes from outside: from servers, and sometimes from the environment.

use std::fmt;
use std::ops::Deref;

use send_im_ucwa::text::printable;
use serde::Serialize;

/// The longest sentence that is told, in characters. The longest of our own, with names in it, has some 600.
const MAX_SENTENCE: usize = 2_000;

/// The longest name of a host or participant that is told, in characters. An address may have 454.
const MAX_NAME: usize = 500;

/// The longest name of an option that is told. A longer one may be a secret in the wrong place.
const MAX_OPTION: usize = 20;

/// A text without anything in it that cannot be seen, and not too long. What is told to people is kept as one.
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

/// A sentence, or what stands in the place of one.
pub(crate) fn plain(text: impl Into<String>) -> String {
    Plain::from(text).0
}

/// The name of a host or a participant.
pub(crate) fn plain_name(name: &str) -> String {
    printable(name.to_owned(), MAX_NAME)
}

/// The name of an option that nobody knows, where it can be told: letters, dashes and underscores, 20 at most. Anything else
/// may be a password in the wrong place.
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
    fn the_name_of_an_option_is_told_where_it_is_plainly_one() {
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
