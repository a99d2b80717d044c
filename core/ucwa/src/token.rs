//! The answers of a token service: a token, or a refusal. Source: AuthenticationInUCWA.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::hypermedia::{DecodeError, Resource};
use crate::limits::word;

/// Reads a token and its lifetime. `expires_in` is a number of seconds, or the same as a string.
///
/// # Errors
/// What is wrong with the answer, without quoting it.
pub fn decode_token(body: &[u8]) -> Result<(SecretString, Option<Duration>), String> {
    let members = raw_members(body).map_err(|e| e.to_string())?;
    let member = |name: &str| {
        members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.get())
    };
    let token = member("access_token").and_then(unquoted).filter(|t| !t.is_empty());
    let token = token.ok_or("JSON without access_token")?;
    let seconds = match member("expires_in").and_then(|json| serde_json::from_str(json).ok()) {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let lifetime = seconds.and_then(|s: f64| Duration::try_from_secs_f64(s).ok());
    Ok((SecretString::from(token.as_str()), lifetime))
}

/// The members of an object as slices of `body`: a copy would leave the token in memory.
fn raw_members(body: &[u8]) -> Result<BTreeMap<Cow<'_, str>, &RawValue>, DecodeError> {
    let json = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body).trim_ascii();
    // What is no object gets the same error as any other resource.
    serde_json::from_slice(json).map_err(|_| Resource::parse(body).err().unwrap_or(DecodeError::Malformed))
}

/// The value of a JSON string; `None` for anything else, and for escapes that no token has.
fn unquoted(json: &str) -> Option<Zeroizing<String>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    let mut text = Zeroizing::new(String::with_capacity(inner.len()));
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        text.push(match c {
            '\\' => match rest.next()? {
                c @ ('"' | '\\' | '/') => c,
                'u' => {
                    let digits = rest.as_str().get(..4)?;
                    rest = rest.as_str()[4..].chars();
                    char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
                }
                _ => return None,
            },
            c => c,
        });
    }
    Some(text)
}

/// Why a token service refused the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRefusal {
    /// Wrong user name or password.
    Credentials,
    /// The account must sign in on a web page (ADFS passive).
    Passive,
    /// The server does not accept this grant.
    Grant,
    /// Something else; the OAuth error if there was one.
    Other(Option<String>),
}

/// Reads the JSON of a refusal. Source: AuthenticationInUCWA; 28029 and 28020 are `X-Ms-diagnostics` ids.
pub fn decode_refusal(status: u16, diagnostics_id: Option<u32>, body: &[u8]) -> TokenRefusal {
    let answer = Resource::parse(body).ok();
    let text = |name: &str| answer.as_ref().and_then(|a| a.text(name)).map(str::to_owned);
    match (status, text("error").as_deref()) {
        (_, Some("invalid_grant")) if text("ms_rtc_passiveauthuri").is_some() => TokenRefusal::Passive,
        (_, Some("unsupported_grant_type")) => TokenRefusal::Grant,
        _ if diagnostics_id == Some(28029) => TokenRefusal::Grant,
        (_, Some("invalid_grant")) | (401 | 403, _) => TokenRefusal::Credentials,
        (_, error) => TokenRefusal::Other(error.map(word)),
    }
}

/// True when the token service itself refuses the user name and password. A bare 401 or 403 may come from a proxy.
/// Source: RFC 6749, 5.2.
pub fn refuses_credential(status: u16, diagnostics_id: Option<u32>, body: &[u8]) -> bool {
    let refusals = ["invalid_grant", "invalid_client", "unauthorized_client", "access_denied"];
    let names_one = |body: Resource| body.text("error").is_some_and(|error| refusals.contains(&error));
    decode_refusal(status, diagnostics_id, body) != TokenRefusal::Passive
        && Resource::parse(body).is_ok_and(names_one)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn expires_in_is_a_number_or_text() {
        for (json, seconds) in [
            (r#"{"access_token":"cwt=a","expires_in":28289}"#, 28289),
            (r#"{"access_token":"a","expires_in":"3599"}"#, 3599),
        ] {
            assert_eq!(decode_token(json.as_bytes()).unwrap().1, Some(Duration::from_secs(seconds)));
        }
        assert_eq!(decode_token(br#"{"access_token":"a"}"#).unwrap().1, None);
        assert!(decode_token(br#"{"expires_in":1}"#).is_err());
        assert!(decode_token(br#"{"access_token":"a","expires_in":-1}"#).unwrap().1.is_none());
    }

    #[test]
    fn a_token_is_read_as_it_is_written() {
        for (json, token) in [
            (r#"{"Access_Token":"cwt=a\/b\u002b\"c"}"#, Some("cwt=a/b+\"c")),
            ("\u{feff}{\"access_token\":\"t\"}", Some("t")),
            (r#"{"access\u005ftoken":"t"}"#, Some("t")),
            (r#"{"access_token":"a\nb"}"#, None),
            (r#"{"access_token":"\ud83d"}"#, None),
            (r#"{"access_token":7}"#, None),
            (r#"{"access_token":""}"#, None),
        ] {
            let read = decode_token(json.as_bytes()).ok();
            assert_eq!(read.as_ref().map(|(t, _)| t.expose_secret()), token, "{json}");
        }
        assert_eq!(decode_token(b"<html>").unwrap_err(), DecodeError::Html.to_string());
    }

    #[test]
    fn refusals_are_distinguished() {
        let read = |status, id, body: &str| decode_refusal(status, id, body.as_bytes());
        assert_eq!(read(400, None, r#"{"error":"invalid_grant"}"#), TokenRefusal::Credentials);
        assert_eq!(
            read(400, Some(28020), r#"{"error":"invalid_grant","ms_rtc_passiveauthuri":"https:\/\/a"}"#),
            TokenRefusal::Passive
        );
        assert_eq!(read(400, Some(28029), ""), TokenRefusal::Grant);
        assert_eq!(read(403, None, "<html>"), TokenRefusal::Credentials);
        assert_eq!(read(500, None, ""), TokenRefusal::Other(None));
    }

    #[test]
    fn only_a_token_service_refuses_a_credential() {
        for (status, body, refuses) in [
            (400, r#"{"error":"invalid_grant"}"#, true),
            (401, r#"{"error":"access_denied"}"#, true),
            (400, r#"{"error":"invalid_grant","ms_rtc_passiveauthuri":"https://a"}"#, false),
            (400, r#"{"error":"unsupported_grant_type"}"#, false),
            (401, "<html>Sign in to the proxy</html>", false),
            (403, "", false),
        ] {
            assert_eq!(refuses_credential(status, None, body.as_bytes()), refuses, "{status} {body}");
        }
    }
}
