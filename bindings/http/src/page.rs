//! The page of the service, for somebody with a browser.
//!
//! It is made of three files that hold nothing of this service, and sends nothing until somebody presses its button. What it
//! sends is a POST of this origin, judged by [`guard`](crate::guard) as every other.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::guard::{self, Peer};
use crate::metrics::known;
use crate::problem::Problem;
use crate::service::Shared;

/// Nothing is loaded from elsewhere, nothing inline is run, and no other page has it in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Answers a request for the page, and lets others pass.
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let file = if shared.options.page { file(&request) } else { None };
    let Some((kind, text)) = file else { return Ok(next.run(request).await) };
    // Any page may have a browser ask for it, so it counts with what is refused, and takes nothing from the programs of this
    // machine. Paths where nothing is sent have been counted so already.
    if known(request.uri().path()) != "other" {
        shared.refused_rate.allow(peer.address)?;
    }
    guard::guard_page(&shared.options, &request)?;
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let mut response = (headers, text).into_response();
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

/// Media type and text of the file that is asked for. A program that asks for `/` wants to send.
fn file(request: &Request) -> Option<(&'static str, &'static str)> {
    if request.method() != Method::GET {
        return None;
    }
    match request.uri().path() {
        "/" | "/index.html"
            if request.uri().query().is_none_or(str::is_empty) && prefers_html(request.headers()) =>
        {
            Some(("text/html; charset=utf-8", include_str!("page/index.html")))
        }
        "/page.css" => Some(("text/css; charset=utf-8", include_str!("page/page.css"))),
        "/page.js" => Some(("text/javascript; charset=utf-8", include_str!("page/page.js"))),
        _ => None,
    }
}

/// True where html is wanted more than JSON (RFC 9110, section 12.5.1): browsers say so, and programs that take anything do not.
fn prefers_html(headers: &HeaderMap) -> bool {
    let accepted: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let ranges: Vec<(String, f32)> = accepted.iter().flat_map(|value| value.split(',')).map(range).collect();
    let weight = |names: [&str; 3]| {
        let found = names.iter().find_map(|name| ranges.iter().find(|(range, _)| range == name));
        found.map_or(0.0, |(_, weight)| *weight)
    };
    weight(["text/html", "text/*", "*/*"]) > weight(["application/json", "application/*", "*/*"])
}

/// A media range and its weight.
fn range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (media, weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_want_html_and_programs_do_not() {
        let prefers = |accept: &str| {
            prefers_html(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(accept).unwrap())]))
        };
        for accept in [
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
            "Text/HTML",
            "text/html, application/json;q=0.9",
        ] {
            assert!(prefers(accept), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "application/json",
            "application/json, text/html",
            "text/html;q=0",
            "application/json, text/javascript, */*; q=0.01",
            "text/event-stream",
        ] {
            assert!(!prefers(accept), "{accept}");
        }
        assert!(!prefers_html(&HeaderMap::new()));
    }
}
