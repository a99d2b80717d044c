//! A proxy's refusal of CONNECT.

use crate::plain::plain;

pub(super) struct Refusal {
    pub(super) status: u16,
    /// The authentication schemes of `Proxy-Authenticate`, separated by commas.
    pub(super) schemes: String,
}

impl Refusal {
    pub(super) fn parse(head: &[u8]) -> Option<Self> {
        let status = status(head)?;
        let head = String::from_utf8_lossy(head);
        let lines = head.split("\r\n").skip(1);
        let mut schemes: Vec<String> = Vec::new();
        for (name, value) in lines.take_while(|line| !line.is_empty()).filter_map(|line| line.split_once(':'))
        {
            if ["proxy-authenticate", "www-authenticate"]
                .iter()
                .any(|header| name.eq_ignore_ascii_case(header))
            {
                schemes
                    .extend(schemes_of(value).filter(|scheme| !schemes.contains(scheme)).collect::<Vec<_>>());
            }
        }
        let status = Some(status).filter(|status| !(200..300).contains(status))?;
        Some(Self { status, schemes: plain(schemes.join(", ")) })
    }
}

/// The status of an answer to CONNECT.
pub(super) fn status(head: &[u8]) -> Option<u16> {
    let head = String::from_utf8_lossy(head);
    head.split("\r\n").next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()
}

/// The schemes among the comma-separated parts; the others are parameters. Source: RFC 9110, 11.6.1.
fn schemes_of(value: &str) -> impl Iterator<Item = String> + '_ {
    let mut quoted = false;
    let parts = value.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    });
    parts.filter_map(|part| {
        let word = part.trim().split(' ').next()?;
        let is_scheme = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        is_scheme.then(|| word.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_connect_is_read() {
        let read = |head: &str| Refusal::parse(head.as_bytes()).map(|r| (r.status, r.schemes));
        let head = "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Negotiate\r\n\
                    Proxy-Authenticate: NTLM, Basic realm=\"a, b, c\", charset=\"UTF-8\"\r\n\r\n<html>";
        assert_eq!(read(head), Some((407, "Negotiate, NTLM, Basic".to_owned())));
        assert_eq!(read("HTTP/1.0 403 Forbidden\r\n\r\n"), Some((403, String::new())));
        assert_eq!(read("HTTP/1.1 200 Connection established\r\n\r\n"), None);
        assert_eq!(read("SSH-2.0-OpenSSH\r\n"), None);
        assert_eq!(read(""), None);
    }
}
