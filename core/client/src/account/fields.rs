//! Checks of an account's fields.

use std::path::Path;

use url::{ParseError, Url};

use crate::error::{Error, Result};
use crate::host::is_loopback;

/// Checks the URL of a discovery root.
///
/// # Errors
/// `invalid_input` with a sentence that does not repeat the URL: it may hold a password.
pub(super) fn check_server(text: &str) -> Result<Url> {
    const EXAMPLE: &str = "give for example https://lyncdiscover.contoso.com/";
    let refuse = |why: &str| Err(Error::invalid_input(format!("The server's URL {why}.")));
    let refuse_with_example = |why: &str| refuse(&format!("{why}; {EXAMPLE}"));
    if text.is_empty() {
        return refuse_with_example("is empty");
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return refuse_with_example("contains a blank or a control character");
    }
    if text == "sandbox" {
        return refuse(
            "is the word sandbox, which only the send-im command knows; start a sandbox and give its URL",
        );
    }
    let begins = |scheme: &str| text.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
    if !begins("https:") && !begins("http:") {
        return refuse_with_example(
            "does not begin with https://, or for a server on this machine with http://",
        );
    }
    let url = match Url::parse(text) {
        Ok(url) if url.port() == Some(0) => {
            return refuse_with_example("has a port that is no number from 1 to 65535");
        }
        Ok(url) => url,
        Err(ParseError::EmptyHost) => return refuse_with_example("has no host name"),
        Err(ParseError::InvalidPort) => {
            return refuse_with_example("has a port that is no number from 1 to 65535");
        }
        Err(_) => return refuse_with_example("has no usable host name"),
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("holds a user name or password; give those separately");
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return refuse_with_example("is plain http, which would show the password to the network; use https");
    }
    Ok(url)
}

/// Checks a user name.
///
/// # Errors
/// `invalid_input` where it is empty or holds a control character.
pub(super) fn check_username(name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::invalid_input("The user name is empty."));
    }
    check_no_control("user name", name, r"'DOMAIN\user'")
}

/// Checks the name of a CA file. On Windows it has backslashes, which may have been read as escapes.
///
/// # Errors
/// `invalid_input` where it holds a control character.
pub(super) fn check_ca_file(path: &Path) -> Result<()> {
    check_no_control("name of the CA file", &path.to_string_lossy(), r"'C:\folder\file'")
}

fn check_no_control(field: &str, text: &str, example: &str) -> Result<()> {
    let Some((at, control)) = text.char_indices().find(|(_, c)| c.is_control()) else { return Ok(()) };
    // A control character at the end is a line break that was read with the line. An escape leaves no backslash.
    let escape = !text.contains('\\') && at + control.len_utf8() < text.len();
    let hint = match escape {
        true => format!(
            "; a backslash in quotes may have been read as an escape: double it or, in TOML, Ruby, PHP and shells, write {example} in single quotes"
        ),
        false => String::new(),
    };
    Err(Error::invalid_input(format!("The {field} contains {}{hint}.", name_of(control))))
}

/// Checks a password. The error does not say which character is wrong.
///
/// # Errors
/// `invalid_input` where it is empty or holds a control character.
pub(super) fn check_password(password: &str) -> Result<()> {
    match password.chars().any(char::is_control) {
        _ if password.is_empty() => Err(Error::invalid_input("The password is empty.")),
        true => Err(Error::invalid_input(
            "The password contains a line break or another control character; a backslash in quotes may have been read as an escape.",
        )),
        false => Ok(()),
    }
}

fn name_of(control: char) -> String {
    let name = match control {
        '\t' => "a TAB",
        '\n' | '\r' => "a line break",
        '\u{8}' => "a backspace",
        '\u{b}' => "a vertical tab",
        '\u{c}' => "a form feed",
        other => return format!("the control character U+{:04X}", u32::from(other)),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_https_and_loopback_http() {
        for url in [
            "https://lyncdiscover.contoso.com",
            "HTTPS://lync.contoso.com:8443/Autodiscover",
            "http://127.0.0.1:8080/",
            "http://localhost:1",
            "http://[::1]:1/",
        ] {
            assert!(check_server(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_server_s_url() {
        let scheme = "does not begin with https://, or for a server on this machine with http://";
        let port = "has a port that is no number from 1 to 65535";
        for (url, why) in [
            ("", "is empty"),
            (" ", "contains a blank or a control character"),
            ("lync contoso", "contains a blank or a control character"),
            ("https://con toso.com", "contains a blank or a control character"),
            ("https://contoso.com/\n", "contains a blank or a control character"),
            ("contoso.com", scheme),
            ("lync.contoso.com:8443", scheme),
            ("lync.contoso.com/root", scheme),
            ("localhost:8080", scheme),
            ("127.0.0.1:8080", scheme),
            ("//lync.contoso.com/", scheme),
            ("/root", scheme),
            ("ftp://contoso.com", scheme),
            ("htps://contoso.com", scheme),
            ("sip:tosh@contoso.com", scheme),
            ("httpsé", scheme),
            ("https", scheme),
            ("https:", "has no host name"),
            ("https://", "has no host name"),
            ("https://:8443/", "has no host name"),
            ("http://?x", "has no host name"),
            ("https://contoso.com:port/", port),
            ("https://contoso.com:65536/", port),
            ("https://contoso.com:-1/", port),
            ("https://contoso.com:0/", port),
            ("https://contoso.com:8443:8444/", port),
            ("https://con|toso.com/", "has no usable host name"),
            ("https://1.2.3.4.5/", "has no usable host name"),
            ("https://[::1/", "has no usable host name"),
            ("http://contoso.com", "is plain http, which would show the password to the network; use https"),
            (
                "http://192.0.2.1:8080",
                "is plain http, which would show the password to the network; use https",
            ),
        ] {
            let error = check_server(url).map(drop).expect_err(url).to_string();
            assert_eq!(
                error,
                format!("The server's URL {why}; give for example https://lyncdiscover.contoso.com/."),
                "{url}"
            );
        }
        for url in ["https://a:s3cret@contoso.com", "https://s3cret@contoso.com"] {
            let error = check_server(url).map(drop).expect_err(url).to_string();
            assert_eq!(error, "The server's URL holds a user name or password; give those separately.");
        }
        for url in ["https://a:s3cret#b@contoso.com", "a:s3cret@contoso.com", "https://a:s3 cret@contoso.com"]
        {
            let error = check_server(url).map(drop).expect_err(url).to_string();
            assert!(!error.contains("s3"), "{error}");
        }
    }

    #[test]
    fn a_backslash_that_was_read_as_an_escape_is_explained() {
        for (name, found) in [
            ("CONTOSO\tosh", "a TAB"),
            ("CONTOSO\nina", "a line break"),
            ("CONTOSO\rob", "a line break"),
            ("CONTOSO\u{8}ob", "a backspace"),
            ("CONTOSO\u{c}red", "a form feed"),
            ("CONTOSO\u{b}era", "a vertical tab"),
            ("CONTOSO\u{7}dam", "the control character U+0007"),
            ("CONTOSO\u{1b}dward", "the control character U+001B"),
        ] {
            assert_eq!(
                check_username(name).unwrap_err().to_string(),
                format!(
                    r"The user name contains {found}; a backslash in quotes may have been read as an escape: double it or, in TOML, Ruby, PHP and shells, write 'DOMAIN\user' in single quotes."
                )
            );
        }
        let error = |name| check_username(name).unwrap_err().to_string();
        assert_eq!(error("smith@contoso.com\n"), "The user name contains a line break.");
        assert_eq!(error("CONTOSO\\smith\r\n"), "The user name contains a line break.");
        assert_eq!(error("CONTOSO\\smi\u{85}th"), "The user name contains the control character U+0085.");
        assert_eq!(error(""), "The user name is empty.");
        check_username(r"CONTOSO\smith").unwrap();
        assert_eq!(
            check_ca_file(Path::new("C:\temp/ca.pem")).unwrap_err().to_string(),
            r"The name of the CA file contains a TAB; a backslash in quotes may have been read as an escape: double it or, in TOML, Ruby, PHP and shells, write 'C:\folder\file' in single quotes."
        );
        check_ca_file(Path::new(r"C:\temp\ca.pem")).unwrap();
    }

    #[test]
    fn no_error_quotes_a_password() {
        check_password(r"pä\ss word").unwrap();
        assert_eq!(check_password("").unwrap_err().to_string(), "The password is empty.");
        for password in ["s3cret\n", "s3cret\tosh", "s3\u{7f}cret"] {
            assert_eq!(
                check_password(password).unwrap_err().to_string(),
                "The password contains a line break or another control character; a backslash in quotes may have been read as an escape."
            );
        }
    }
}
