//! The form of a token request: url-encoded or multipart.

use crate::values::media_type;

/// The fields of a body, in order. Without a known content type it is read as url-encoded, because clients forget the header
/// and the vendor's sample leaves values raw.
pub(crate) fn fields(content_type: &str, body: &[u8]) -> Vec<(String, String)> {
    match boundary(content_type) {
        Some(boundary) => multipart(boundary, &String::from_utf8_lossy(body)),
        None => form_urlencoded::parse(body.trim_ascii()).into_owned().collect(),
    }
}

fn boundary(content_type: &str) -> Option<&str> {
    let is_multipart = media_type::essence(content_type) == "multipart/form-data";
    media_type::parameter(content_type, "boundary").filter(|_| is_multipart)
}

fn multipart(boundary: &str, body: &str) -> Vec<(String, String)> {
    let delimiter = format!("--{boundary}");
    body.split(&delimiter).skip(1).filter(|part| !part.starts_with("--")).filter_map(part).collect()
}

/// One part: header lines, an empty line, the value, and a line end that belongs to the delimiter.
fn part(text: &str) -> Option<(String, String)> {
    let text = text.strip_prefix("\r\n").or_else(|| text.strip_prefix('\n'))?;
    let (head, value) = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n"))?;
    let disposition = head.lines().find(|line| {
        line.split(':').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("content-disposition"))
    })?;
    let name = disposition.split(';').find_map(|piece| piece.trim().strip_prefix("name="))?;
    let value = value.strip_suffix("\r\n").or_else(|| value.strip_suffix('\n')).unwrap_or(value);
    Some((name.trim_matches('"').to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected() -> Vec<(String, String)> {
        [("grant_type", "password"), ("username", "a@b.c"), ("password", "p&s=s @1")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec()
    }

    #[test]
    fn an_encoded_and_a_raw_form_are_read() {
        let kind = "application/x-www-form-urlencoded;charset='utf-8'";
        let encoded = b"grant_type=password&username=a%40b.c&password=p%26s%3Ds+%401\r\n";
        assert_eq!(fields(kind, encoded), expected());
        assert_eq!(fields("", b"username=a@b.c&password=pass@word1")[1].1, "pass@word1");
    }

    #[test]
    fn a_multipart_form_is_read() {
        let body = "--xyz\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n\
                    --xyz\r\ncontent-disposition: form-data; name=username\r\n\r\na@b.c\r\n\
                    --xyz\r\nContent-Disposition: form-data; name=\"password\"\r\n\
                    Content-Type: text/plain\r\n\r\np&s=s @1\r\n--xyz--\r\n";
        assert_eq!(fields("multipart/form-data; boundary=\"xyz\"", body.as_bytes()), expected());
    }
}
