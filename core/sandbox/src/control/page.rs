//! The inbox as a page. Its files hold nothing of this sandbox: what it shows, it asks the interface for.

use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderName};
use axum::http::{HeaderValue, Method, Request, StatusCode};

use crate::http::response::{self, Response};

/// Nothing is loaded from elsewhere and nothing inline is run. An html message is shown in a frame without scripts, which has this
/// policy too: it loads no image, no style and no page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

macro_rules! scripts {
    ($($name:literal)*) => { &[$(($name, include_str!(concat!("../page/", $name, ".js")))),*] };
}

/// The modules of the page and their texts; `page` loads the others.
const SCRIPTS: &[(&str, &str)] = scripts!["api" "conversation" "exchange" "faults" "form" "html_message" "inbox"
    "news" "page" "parts" "recipients" "requests" "search" "theme"];

/// Media type and text of the file at this path, in segments.
fn file(path: &[&str]) -> Option<(&'static str, &'static str)> {
    match path {
        ["sandbox"] => Some(("text/html; charset=utf-8", include_str!("../page/index.html"))),
        ["sandbox", "page.css"] => Some(("text/css; charset=utf-8", include_str!("../page/page.css"))),
        ["sandbox", name] => {
            let found = SCRIPTS.iter().find(|(script, _)| name.strip_suffix(".js") == Some(*script))?;
            Some(("text/javascript; charset=utf-8", found.1))
        }
        _ => None,
    }
}

/// True for the paths of the page.
pub(super) fn is_page(path: &[&str]) -> bool {
    file(path).is_some()
}

/// The file that is asked for.
pub(super) fn answer(request: &Request<Body>, path: &[&str]) -> Response {
    match file(path) {
        Some((kind, text)) if [Method::GET, Method::HEAD].contains(request.method()) => {
            let mut response = response::typed(StatusCode::OK, kind, text);
            for (name, value) in [
                (CONTENT_SECURITY_POLICY, POLICY),
                (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
                (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
                (HeaderName::from_static("referrer-policy"), "no-referrer"),
            ] {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            response
        }
        _ => response::empty(StatusCode::METHOD_NOT_ALLOWED),
    }
}
