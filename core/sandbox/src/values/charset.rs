//! Decodes text in the character sets that clients use.

/// The code points of the bytes 0x80 to 0x9F in windows-1252; zero where there is none.
const WINDOWS_1252: [u16; 32] = [
    0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,
    0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A,
    0x0153, 0, 0x017E, 0x0178,
];

/// The text in these bytes. An unknown character set is read as UTF-8, and invalid bytes become U+FFFD, so that the text in
/// the inbox shows what went wrong.
pub(crate) fn decode(charset: &str, bytes: &[u8]) -> String {
    match charset.to_ascii_lowercase().as_str() {
        "iso-8859-1" | "latin1" => bytes.iter().map(|byte| char::from(*byte)).collect(),
        "windows-1252" | "cp1252" => bytes.iter().map(|byte| windows_1252(*byte)).collect(),
        "utf-16" | "utf-16le" => utf16(bytes, u16::from_le_bytes),
        "utf-16be" => utf16(bytes, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9F => match WINDOWS_1252[usize::from(byte) - 0x80] {
            0 => char::REPLACEMENT_CHARACTER,
            code => char::from_u32(u32::from(code)).unwrap_or(char::REPLACEMENT_CHARACTER),
        },
        other => char::from(other),
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    text.trim_start_matches('\u{FEFF}').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_character_sets_are_read() {
        assert_eq!(decode("ISO-8859-1", b"\xe4"), "ä");
        assert_eq!(decode("windows-1252", b"\x80"), "€");
        assert_eq!(decode("utf-16be", b"\x00\xe4"), "ä");
        assert_eq!(decode("utf-16", b"\xff\xfe\xe4\x00"), "ä");
        assert_eq!(decode("x-unknown", "ä".as_bytes()), "ä");
    }
}
