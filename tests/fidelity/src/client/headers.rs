//! Challenges, the three disguises of a rejected token, and where new resources are.

use send_im_ucwa::challenge::Challenge;
use send_im_ucwa::hypermedia::follow_link;
use send_im_ucwa::verdict::rejects_token;
use url::Url;

use crate::recordings::{Exchange, Response};
use crate::verdict::Verdict;

pub(super) fn check(exchange: &Exchange, answer: &Response, verdict: &mut Verdict) {
    challenge(&answer.header("www-authenticate"), verdict);
    if let Some(status) = answer.status {
        let id = diagnostics_id(answer);
        verdict.equal("the answer rejects the token", rejects_token(status, id), rejects(status, answer));
        verdict.checked("rejected-token rule");
    }
    for location in answer.header("location") {
        let base = exchange.base();
        let absolute = match location.starts_with('/') {
            true => format!("{}{location}", base.origin().ascii_serialization()),
            false => location.to_owned(),
        };
        if let Ok(expected) = Url::parse(&absolute) {
            // Elsewhere a client may not want to go.
            let at_home = base.scheme() == "https" && base.origin() == expected.origin();
            let found = follow_link(&base, location);
            let right = found.as_ref() == Some(&expected) || (found.is_none() && !at_home);
            verdict.holds(format_args!("the new resource is {expected} and not {found:?}"), right);
            verdict.checked("Location");
        }
    }
}

/// The number that a diagnostics header begins with.
pub(super) fn diagnostics_id(answer: &Response) -> Option<u32> {
    let value = answer.header("x-ms-diagnostics").first().copied()?;
    let digits: String = value.trim().chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// 401 always; 403 and 500 when the diagnostics say that the token is the matter.
fn rejects(status: u16, answer: &Response) -> bool {
    let says = |id: &str| answer.header("x-ms-diagnostics").iter().any(|value| value.trim().starts_with(id));
    status == 401 || (status == 403 && says("28055")) || (status == 500 && says("28032"))
}

fn challenge(lines: &[&str], verdict: &mut Verdict) {
    let decoded = Challenge::parse(lines.iter().copied());
    let expected = extract(lines);
    if lines.is_empty() {
        return verdict.equal("no WWW-Authenticate, so no challenge", decoded, None);
    }
    verdict.equal("the challenge", decoded, expected);
    verdict.checked("challenge");
}

/// Reads the challenge by looking for names. It relies on one thing: no parameter's value holds another's name with an
/// equals sign behind it.
fn extract(lines: &[&str]) -> Option<Challenge> {
    let all = lines.join(", ");
    let lower = all.to_ascii_lowercase();
    let find = |scheme: &str| {
        let starts_word = |at: &usize| *at == 0 || lower[..*at].ends_with([',', ' ', '\n', '\t']);
        lower.match_indices(&format!("{scheme} ")).map(|(at, _)| at).find(starts_word)
    };
    let (bearer, ticket) = (find("bearer"), find("msrtcoauth"));
    let section = |from: Option<usize>, other: Option<usize>| {
        let from = from?;
        let to = other.filter(|other| *other > from).unwrap_or(all.len());
        Some(&all[from..to])
    };
    let (bearer, ticket) = (section(bearer, ticket), section(ticket, bearer));
    let value = |section: Option<&str>, name: &str| {
        section.and_then(|s| parameter(s, name)).filter(|v| !v.is_empty())
    };
    let mut grants: Vec<String> = Vec::new();
    for grant in value(ticket, "grant_type").unwrap_or_default().split(',').map(str::trim) {
        if !grant.is_empty() && !grants.iter().any(|known| known.eq_ignore_ascii_case(grant)) {
            grants.push(grant.to_owned());
        }
    }
    let token_url = value(ticket, "href");
    (bearer.is_some() || token_url.is_some()).then(|| Challenge {
        token_url,
        grants,
        authorization_uri: value(bearer, "authorization_uri"),
        client_id: value(bearer, "client_id"),
        trusted_issuers: value(bearer, "trusted_issuers"),
        bearer: bearer.is_some(),
    })
}

/// The value of a parameter: up to the next quote, or bare up to a comma or a blank.
fn parameter(section: &str, name: &str) -> Option<String> {
    let at = section.to_ascii_lowercase().find(&format!("{name}="))?;
    let value = &section[at + name.len() + 1..];
    let value = match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => value.split([',', ' ', '\t', '\r', '\n']).next(),
    };
    value.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simple_extraction_reads_the_recorded_forms() {
        let unquoted = extract(&[r#"MsRtcOAuth href=https://h/t,grant_type="a,b,a""#]).unwrap();
        assert_eq!((unquoted.token_url.as_deref(), unquoted.grants.len()), (Some("https://h/t"), 2));
        let joined = extract(&[
            r#"Bearer trusted_issuers="", client_id="4",MsRtcOAuth href="https://h/t",grant_type="a""#,
        ])
        .unwrap();
        assert_eq!((joined.client_id.as_deref(), joined.trusted_issuers), (Some("4"), None));
        assert_eq!(joined.token_url.as_deref(), Some("https://h/t"));
        let cut = extract(&[r#"MsRtcOAuth href="https://h/t", grant_type="a,b"#]).unwrap();
        assert_eq!(cut.grants, ["a", "b"]);
        assert_eq!(extract(&["Negotiate", "NTLM"]), None);
    }
}
