//! How much of an answer is taken in. A server that sends more is broken or hostile, and must not exhaust memory.

use crate::text::without_unseen;

/// The most values in one JSON answer. A server's largest real ones, a batch of events, hold some thousands.
///
/// A value of two bytes of text can take a hundred times that in memory, so the size of an answer alone bounds nothing.
pub const MAX_VALUES: usize = 100_000;

/// The longest href that is followed or kept, in bytes. Web servers refuse longer ones themselves.
pub const MAX_HREF: usize = 4096;

/// The longest word of the protocol that is kept: a code, a grant, a format, an id.
pub const MAX_WORD: usize = 256;

/// The most entries of a list of words or participants that are kept.
pub const MAX_LISTED: usize = 32;

/// True when this JSON may hold more values than `most`. Each follows a bracket, a brace, a comma or a colon.
pub fn holds_more_values(json: &[u8], most: usize) -> bool {
    let (mut values, mut in_text, mut escaped) = (1, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' | b',' | b':' if !in_text => {
                values += 1;
                if values > most {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// The beginning of a text from the server, short enough to be kept and fit to be told.
pub fn word(text: &str) -> String {
    let most = text.len().min(MAX_WORD);
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    without_unseen(&text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_values_and_not_what_texts_hold() {
        for (json, values) in [("{}", 2), (r#"{"a":[1,2,"[,\",{"]}"#, 6), (r#""\\",1"#, 2)] {
            assert!(!holds_more_values(json.as_bytes(), values), "{json}");
            assert!(holds_more_values(json.as_bytes(), values - 1), "{json}");
        }
    }

    #[test]
    fn a_word_is_cut_between_characters() {
        assert_eq!(word("TooManyRequests"), "TooManyRequests");
        assert_eq!(word(&"é".repeat(200)).chars().count(), MAX_WORD / 2);
    }
}
