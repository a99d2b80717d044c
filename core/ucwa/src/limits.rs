//! Limits on what is stored of an answer. A server that sends more is broken or hostile, and must not exhaust memory.

use crate::text::without_unseen;

/// JSON values in one answer. The largest real ones, batches of events, hold some thousands.
///
/// A value of two bytes can take a hundred times that in memory, so a limit on the size of an answer is not enough.
pub const MAX_VALUES: usize = 100_000;

/// The length of an href in bytes. Web servers refuse longer ones themselves.
pub const MAX_HREF: usize = 4096;

/// The length of a word of the protocol in bytes: a code, a grant, a format, an id.
pub const MAX_WORD: usize = 256;

/// The entries of a list of words or participants.
pub const MAX_LISTED: usize = 32;

/// True when this JSON may hold more than `max` values. Each follows a bracket, a brace, a comma or a colon.
pub fn has_more_values(json: &[u8], max: usize) -> bool {
    let (mut values, mut in_text, mut escaped) = (1, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' | b',' | b':' if !in_text => {
                values += 1;
                if values > max {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// A word of the protocol from the server: cut to [`MAX_WORD`], and printable.
pub fn word(text: &str) -> String {
    let max = text.len().min(MAX_WORD);
    let end = (0..=max).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    without_unseen(&text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_values_and_not_what_texts_hold() {
        for (json, values) in [("{}", 2), (r#"{"a":[1,2,"[,\",{"]}"#, 6), (r#""\\",1"#, 2)] {
            assert!(!has_more_values(json.as_bytes(), values), "{json}");
            assert!(has_more_values(json.as_bytes(), values - 1), "{json}");
        }
    }

    #[test]
    fn a_word_is_cut_between_characters() {
        assert_eq!(word("TooManyRequests"), "TooManyRequests");
        assert_eq!(word(&"é".repeat(200)).chars().count(), MAX_WORD / 2);
    }
}
