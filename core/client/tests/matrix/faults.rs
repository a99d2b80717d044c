//! The columns: what can happen to a request.

use std::time::Duration;

use send_im_sandbox::{Action, ErrorBody, GatewayBody};

/// Every fault, as the file names it.
pub(crate) const FAULTS: &[&str] = &[
    "refused",
    "reset",
    "closed",
    "reset_after",
    "lost",
    "cut",
    "slow",
    "late",
    "400",
    "401",
    "403",
    "404",
    "404_gone",
    "404_page",
    "409",
    "410",
    "413_page",
    "429",
    "429_1s",
    "429_1h",
    "500",
    "500_28032",
    "502",
    "502_after",
    "503",
    "503_page",
    "html",
    "type",
    "big",
    "tls",
    "h2_refused",
    "h2_goaway",
    "h2_http11",
    "h2_reset",
    "h2_lost",
    "302_gw",
    "400_gw",
    "401_gw",
    "403_gw",
    "404_gw",
    "408_gw",
    "409_gw",
    "410_gw",
    "413_gw",
    "429_gw",
    "499_gw",
    "500_gw",
    "502_gw",
    "503_gw",
    "504_gw",
    "302_gw_after",
    "400_gw_after",
    "401_gw_after",
    "403_gw_after",
    "404_gw_after",
    "408_gw_after",
    "409_gw_after",
    "410_gw_after",
    "413_gw_after",
    "429_gw_after",
    "499_gw_after",
    "500_gw_after",
    "502_gw_after",
    "503_gw_after",
    "504_gw_after",
];

/// How a fault is brought about.
pub(crate) enum Damage {
    /// The request itself is hit.
    Request(Action),
    /// Its connection is refused.
    Refused,
    /// Its connection shows a bad certificate.
    Distrusted,
}

/// What the fault of this name does; `delay` is how long the slow ones take.
pub(crate) fn damage(fault: &str, delay: Duration) -> Damage {
    Damage::Request(match fault {
        "refused" => return Damage::Refused,
        "tls" => return Damage::Distrusted,
        "reset" => Action::ResetBefore,
        "closed" => Action::DropBefore,
        "reset_after" => Action::ResetAfter,
        "lost" => Action::DropAfter,
        "cut" => Action::CutBody,
        "slow" => Action::Delay { time: delay },
        "late" => Action::DelayAnswer { time: delay },
        "404_gone" => answer(404, Some("ApplicationNotFound"), None, ErrorBody::Json, None),
        "404_page" | "413_page" | "502" | "503_page" => {
            answer(number(fault), None, None, ErrorBody::Html, None)
        }
        "429_1s" => answer(429, None, Some(1), ErrorBody::Json, None),
        "429_1h" => answer(429, None, Some(3600), ErrorBody::Json, None),
        "500_28032" => {
            answer(500, None, None, ErrorBody::Html, Some("28032;reason=\"The web ticket is invalid.\""))
        }
        "502_after" => Action::GatewayError { http: 502, body: GatewayBody::Html, processed: true },
        gateway if gateway.contains("_gw") => Action::GatewayError {
            http: number(gateway),
            body: GatewayBody::JsonCode,
            processed: gateway.ends_with("_after"),
        },
        "html" => Action::HtmlInstead,
        "type" => Action::WrongContentType,
        "h2_refused" => Action::ResetStream { error: 7, processed: false },
        "h2_goaway" => Action::GoAway { error: 0, processed: false },
        "h2_http11" => Action::ResetStream { error: 13, processed: false },
        "h2_reset" => Action::ResetStream { error: 2, processed: false },
        "h2_lost" => Action::GoAway { error: 0, processed: true },
        "big" => Action::Oversized { bytes: 10 << 20 },
        status => answer(number(status), None, None, ErrorBody::Json, None),
    })
}

fn number(fault: &str) -> u16 {
    fault[..3].parse().unwrap()
}

fn answer(
    http: u16,
    subcode: Option<&str>,
    retry_after: Option<u64>,
    body: ErrorBody,
    diagnostics: Option<&str>,
) -> Action {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    Action::Status {
        http,
        code: None,
        subcode: owned(subcode),
        retry_after,
        body,
        diagnostics: owned(diagnostics),
    }
}
