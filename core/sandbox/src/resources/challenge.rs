//! Web tickets are checked here, and requests without a valid one are challenged.

use axum::http::StatusCode;
use axum::http::header::{WARNING, WWW_AUTHENTICATE};

use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::shared::SharedState;
use crate::state::tickets::TicketStatus;
use crate::values::challenge_style::ChallengeStyle;

const BEARER: &str = "Bearer trusted_issuers=\"00000002-0000-0ff1-ce00-000000000000@contoso.com\", \
                      client_id=\"00000004-0000-0ff1-ce00-000000000000\"";
const ALL_GRANTS: &str = "urn:microsoft.rtc:windows,urn:microsoft.rtc:anonmeeting,password";

/// The user whose token the request carries, or the response that refuses it.
pub(crate) fn authenticate(shared: &SharedState, request: &Request) -> Result<String, Response> {
    let Some(token) = request.bearer() else { return Err(unauthorized(shared, request)) };
    match shared.tickets.status(token, request.pool) {
        TicketStatus::Valid(user) => Ok(user),
        TicketStatus::OtherOrigin => Err(response::diagnosed(
            response::page(StatusCode::INTERNAL_SERVER_ERROR, "500 - Internal server error."),
            28032,
            request.pool,
            "The web ticket is invalid.",
        )),
        TicketStatus::Invalid if *shared.challenge.lock() == ChallengeStyle::OnForbidden => {
            Err(invalid_token(shared, request))
        }
        TicketStatus::Invalid => Err(unauthorized(shared, request)),
    }
}

/// 401 with the challenge of this origin.
fn unauthorized(shared: &SharedState, request: &Request) -> Response {
    let heading = "401 - Unauthorized: Access is denied due to invalid credentials.";
    challenged(shared, request, response::page(StatusCode::UNAUTHORIZED, heading))
}

/// 403 with diagnostics 28055: how live servers refuse a token they know to be bad.
fn invalid_token(shared: &SharedState, request: &Request) -> Response {
    let page = response::page(StatusCode::FORBIDDEN, "403 - Forbidden: Access is denied.");
    let server = response::server_name(request.pool);
    let warning = format!("120 {server} \"InvalidToken\"");
    let page = response::with(page, WARNING, &warning);
    let value = format!(
        "28055;source=\"{server}\";reason=\"The OAuth token is invalid.\";faultcode=\"wsse:FailedAuthentication\""
    );
    challenged(shared, request, response::with(page, response::DIAGNOSTICS, &value))
}

fn challenged(shared: &SharedState, request: &Request, answer: Response) -> Response {
    let href = format!("{}/WebTicket/oauthtoken", shared.origin_for(request, request.pool));
    challenges(*shared.challenge.lock(), &href)
        .iter()
        .fold(answer, |answer, line| response::with(answer, WWW_AUTHENTICATE, line))
}

fn challenges(style: ChallengeStyle, href: &str) -> Vec<String> {
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
        assert_eq!(challenges(ChallengeStyle::TwoLines, href).len(), 2);
        assert!(
            challenges(ChallengeStyle::Unquoted, href)[0].contains("href=https://pool/WebTicket/oauthtoken,")
        );
        assert!(challenges(ChallengeStyle::OneLine, href)[0].contains("\",MsRtcOAuth href=\"https"));
        assert!(!challenges(ChallengeStyle::WindowsOnly, href)[1].contains("password"));
        assert!(challenges(ChallengeStyle::Passive, href)[1].contains("urn:microsoft.rtc:passive"));
    }
}
