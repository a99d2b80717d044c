//! Text that comes from outside, made fit for a log, an error and a terminal. The one place that decides what is.
//!
//! Servers, and sometimes the environment, choose what stands in reasons, headers, host names and paths. A line break there
//! would forge a line of a log, an escape would steer a terminal, and a mark of direction would show another text than the one
//! that is there.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;

/// The longest sentence that is told, in characters. The longest of our own, with names in it, has some 600.
const LONGEST: usize = 2_000;

/// The longest name of a host or participant that is told, in characters. An address may have 454.
const LONGEST_NAME: usize = 500;

/// The longest name of an option that is told. A longer one may be a secret in the wrong place.
const LONGEST_OPTION: usize = 20;

/// A text without anything in it that cannot be seen, and not too long. What is told to people is kept as one.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Plain(String);

impl<T: Into<String>> From<T> for Plain {
    fn from(text: T) -> Self {
        Self(at_most(text.into(), LONGEST))
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
    at_most(name.to_owned(), LONGEST_NAME)
}

/// The name of an option that nobody knows, where it can be told: letters, dashes and underscores, 20 at most. Anything else
/// may be a password in the wrong place.
pub fn option_name(name: &str) -> Option<&str> {
    let is_letter = |b: u8| b.is_ascii_alphabetic() || b == b'_' || b == b'-';
    (!name.is_empty() && name.len() <= LONGEST_OPTION && name.bytes().all(is_letter)).then_some(name)
}

/// The text in `most` characters: line breaks and TABs are a blank, what else cannot be seen is U+FFFD, and the end of what is
/// too long is an ellipsis.
fn at_most(text: String, most: usize) -> String {
    if text.len() <= most && !text.contains(is_unseen) {
        return text;
    }
    let mut told = String::with_capacity(text.len().min(most.saturating_mul(4)));
    let (mut count, mut in_break) = (0, false);
    for c in text.chars() {
        let breaks = is_break(c);
        if breaks && in_break {
            continue;
        }
        in_break = breaks;
        if count == most {
            told.pop();
            told.push('…');
            break;
        }
        count += 1;
        told.push(match c {
            _ if breaks => ' ',
            _ if is_unseen(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        });
    }
    told
}

/// The same without an ellipsis and whatever its length, for the words of the protocol.
pub(crate) fn without_unseen(text: &str) -> String {
    at_most(text.to_owned(), usize::MAX)
}

fn is_break(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Controls, separators of lines, marks of direction, and what else has no shape and no width of its own.
pub(crate) fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Soft hyphen, joiner of graphemes, marks of direction, fillers, zero width, operators that are not seen.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            // Tags and selectors, in which a text can be hidden in a text.
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_can_be_seen_is_told_as_it_came() {
        for text in ["", "RemoteFailure", "Straße 😀 日本語 שלום", &"é".repeat(LONGEST)] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn a_break_is_a_blank_and_what_cannot_be_seen_is_told_to_be_there() {
        for (text, told) in [
            ("a\r\n\tb", "a b"),
            ("a\u{2028}\u{85}b\n", "a b "),
            ("a\u{1b}[2Jb\0\u{7f}\u{9b}", "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}"),
            ("\u{202e}txt.exe\u{2069}", "\u{fffd}txt.exe\u{fffd}"),
            ("\u{feff}a\u{200b}\u{ad}\u{e0041}", "\u{fffd}a\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(plain(text), told, "{text:?}");
        }
    }

    #[test]
    fn too_much_is_cut_with_an_ellipsis() {
        let cut = plain("é".repeat(LONGEST + 1));
        assert_eq!((cut.chars().count(), cut.chars().last()), (LONGEST, Some('…')));
        assert_eq!(plain_name(&"a".repeat(5_000)).chars().count(), LONGEST_NAME);
        assert_eq!(plain("\n".repeat(5_000)), " ");
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

    proptest! {
        #[test]
        fn nothing_unseen_is_left(text in "[\\PC\\pC]*") {
            prop_assert!(!plain(text).contains(is_unseen));
        }
    }
}
