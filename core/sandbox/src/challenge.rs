//! How a request without a valid token is answered.

use axum::http::StatusCode;
use axum::http::header::{WARNING, WWW_AUTHENTICATE};

use crate::input::Call;
use crate::layout::ChallengeStyle;
use crate::reply::{self, Reply};
use crate::tickets::Worth;
use crate::world::World;

const BEARER: &str = "Bearer trusted_issuers=\"00000002-0000-0ff1-ce00-000000000000@contoso.com\", \
                      client_id=\"00000004-0000-0ff1-ce00-000000000000\"";
const ALL_GRANTS: &str = "urn:microsoft.rtc:windows,urn:microsoft.rtc:anonmeeting,password";

/// The user behind a request, or the answer that refuses it.
pub(crate) fn authenticate(world: &World, call: &Call) -> Result<String, Reply> {
    let Some(token) = call.bearer() else { return Err(unauthorized(world, call)) };
    match world.tickets.worth(token, call.pool) {
        Worth::User(user) => Ok(user),
        Worth::Foreign => Err(diagnosed(
            reply::page(StatusCode::INTERNAL_SERVER_ERROR, "500 - Internal server error."),
            28032,
            call.pool,
            "The web ticket is invalid.",
        )),
        Worth::Nothing if *world.challenge.lock() == ChallengeStyle::OnForbidden => {
            Err(invalid_token(world, call))
        }
        Worth::Nothing => Err(unauthorized(world, call)),
    }
}

/// 401 with the challenge of this origin.
fn unauthorized(world: &World, call: &Call) -> Reply {
    let heading = "401 - Unauthorized: Access is denied due to invalid credentials.";
    challenged(world, call, reply::page(StatusCode::UNAUTHORIZED, heading))
}

/// 403 with diagnostics 28055: how live servers refuse a token they know to be bad.
fn invalid_token(world: &World, call: &Call) -> Reply {
    let page = reply::page(StatusCode::FORBIDDEN, "403 - Forbidden: Access is denied.");
    let server = World::server_name(call.pool);
    let warning = format!("120 {server} \"InvalidToken\"");
    let page = reply::with(page, WARNING, &warning);
    let value = format!(
        "28055;source=\"{server}\";reason=\"The OAuth token is invalid.\";faultcode=\"wsse:FailedAuthentication\""
    );
    challenged(world, call, reply::with(page, DIAGNOSTICS, &value))
}

/// The header that carries diagnostics (AuthenticationInUCWA).
const DIAGNOSTICS: axum::http::HeaderName = axum::http::HeaderName::from_static("x-ms-diagnostics");

/// The same answer with an `X-Ms-diagnostics` header.
pub(crate) fn diagnosed(answer: Reply, id: u32, pool: usize, reason: &str) -> Reply {
    let value = format!("{id};source=\"{}\";reason=\"{reason}\"", World::server_name(pool));
    reply::with(answer, DIAGNOSTICS, &value)
}

fn challenged(world: &World, call: &Call, answer: Reply) -> Reply {
    let href = format!("{}/WebTicket/oauthtoken", world.origin_for(call, call.pool));
    lines(*world.challenge.lock(), &href)
        .iter()
        .fold(answer, |answer, line| reply::with(answer, WWW_AUTHENTICATE, line))
}

fn lines(style: ChallengeStyle, href: &str) -> Vec<String> {
    let quoted = |grants: &str| format!("MsRtcOAuth href=\"{href}\",grant_type=\"{grants}\"");
    match style {
        ChallengeStyle::TwoLines | ChallengeStyle::OnForbidden => {
            vec![BEARER.to_owned(), quoted(ALL_GRANTS)]
        }
        ChallengeStyle::Unquoted => vec![format!("MsRtcOAuth href={href},grant_type=\"{ALL_GRANTS}\"")],
        ChallengeStyle::OneLine => vec![format!("{BEARER},{}", quoted(ALL_GRANTS))],
        ChallengeStyle::WindowsOnly => vec![BEARER.to_owned(), quoted("urn:microsoft.rtc:windows")],
        ChallengeStyle::Passive => {
            vec![BEARER.to_owned(), quoted("urn:microsoft.rtc:passive,urn:microsoft.rtc:anonmeeting")]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_style_names_the_token_service_in_its_own_form() {
        let href = "https://pool/WebTicket/oauthtoken";
        assert_eq!(lines(ChallengeStyle::TwoLines, href).len(), 2);
        assert!(lines(ChallengeStyle::Unquoted, href)[0].contains("href=https://pool/WebTicket/oauthtoken,"));
        assert!(lines(ChallengeStyle::OneLine, href)[0].contains("\",MsRtcOAuth href=\"https"));
        assert!(!lines(ChallengeStyle::WindowsOnly, href)[1].contains("password"));
        assert!(lines(ChallengeStyle::Passive, href)[1].contains("urn:microsoft.rtc:passive"));
    }
}
