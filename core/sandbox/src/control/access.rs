//! Who may use the control interface: programs, and web pages of this origin.
//!
//! Any web page the user opens can make the browser send requests to the sandbox. UCWA requests are answered as a pool answers
//! them; the control interface, which shows messages and sets faults, refuses pages of other origins.

use axum::http::header::{CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderMap, Method, Request};

use crate::values::media_type;
use crate::values::origin::{Origin, RequestedHost};

/// Checks the name by which the sandbox is asked: one that a stranger can make point here is not its own. The error says why the
/// request is refused.
pub(crate) fn check_host<B>(origin: &Origin, request: &Request<B>) -> Result<RequestedHost, &'static str> {
    RequestedHost::of(request.uri(), request.headers()).filter(|host| origin.answers_to(host)).ok_or(
        "this is not a host name of the sandbox: use its address or localhost, or add the name (--host-name)",
    )
}

/// The error says why the request is refused.
pub(crate) fn check<B>(origin: &Origin, request: &Request<B>) -> Result<(), &'static str> {
    let headers = request.headers();
    let own = origin.with_host(&check_host(origin, request)?);
    if headers.get_all(ORIGIN).iter().any(|origin| origin.as_bytes() != own.as_bytes()) {
        return Err("pages of this origin may not use the sandbox");
    }
    // The xframe page has this origin, but sends requests for pages of others, with this header.
    if headers.contains_key("x-ms-origin") {
        return Err("pages of other origins may not use the sandbox");
    }
    // Only browsers send this header: `none` if the user opened the URL, which must not change anything.
    match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        None | Some(b"same-origin") => Ok(()),
        Some(b"none") if request.method() == Method::GET => Ok(()),
        Some(_) => Err("pages of other sites may not use the sandbox"),
    }
}

/// True if the Content-Type is JSON. A page of another origin cannot set that without a CORS preflight.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|content_type| media_type::essence(content_type) == "application/json")
}
