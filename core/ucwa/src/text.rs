//! Text from outside, made fit for a log, an error and a terminal. The one place that decides which characters are allowed.
//!
//! Servers choose reasons, headers, host names and paths. A line break in them could forge a line of a log, an escape sequence
//! could control a terminal, and a direction mark could disguise the text.

/// The text in at most `max` characters: line breaks and TABs become a blank, other invisible characters U+FFFD, and a text
/// that is cut ends with an ellipsis.
pub fn printable(text: String, max: usize) -> String {
    if text.len() <= max && !text.contains(is_unseen) {
        return text;
    }
    let mut shown = String::with_capacity(text.len().min(max.saturating_mul(4)));
    let (mut count, mut in_break) = (0, false);
    for c in text.chars() {
        let breaks = is_break(c);
        if breaks && in_break {
            continue;
        }
        in_break = breaks;
        if count == max {
            shown.pop();
            shown.push('…');
            break;
        }
        count += 1;
        shown.push(match c {
            _ if breaks => ' ',
            _ if is_unseen(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        });
    }
    shown
}

/// The same without a limit, for words of the protocol.
pub fn without_unseen(text: &str) -> String {
    printable(text.to_owned(), usize::MAX)
}

fn is_break(c: char) -> bool {
    matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// True for control characters, line separators, direction marks and whatever else is invisible or has no width.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Soft hyphen, grapheme joiner, direction marks, fillers, zero width, invisible operators.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            // Tags and variation selectors, which can hide a text in another.
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn visible_text_is_unchanged() {
        for text in ["", "RemoteFailure", "Straße 😀 日本語 שלום"] {
            assert_eq!(without_unseen(text), text);
        }
    }

    #[test]
    fn a_break_is_a_blank_and_invisible_characters_are_replaced() {
        for (text, printable) in [
            ("a\r\n\tb", "a b"),
            ("a\u{2028}\u{85}b\n", "a b "),
            ("a\u{1b}[2Jb\0\u{7f}\u{9b}", "a\u{fffd}[2Jb\u{fffd}\u{fffd}\u{fffd}"),
            ("\u{202e}txt.exe\u{2069}", "\u{fffd}txt.exe\u{fffd}"),
            ("\u{feff}a\u{200b}\u{ad}\u{e0041}", "\u{fffd}a\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            assert_eq!(without_unseen(text), printable, "{text:?}");
        }
    }

    #[test]
    fn too_much_is_cut_with_an_ellipsis() {
        assert_eq!(printable("é".repeat(9), 9), "é".repeat(9));
        assert_eq!(printable("é".repeat(10), 9), format!("{}…", "é".repeat(8)));
        assert_eq!(printable("\n".repeat(5_000), 9), " ");
    }

    proptest! {
        #[test]
        fn nothing_unseen_is_left(text in "[\\PC\\pC]*") {
            prop_assert!(!without_unseen(&text).contains(is_unseen));
        }
    }
}
