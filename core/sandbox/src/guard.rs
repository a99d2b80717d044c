//! Who may use the sandbox's own interface.
//!
//! Every web page that the machine's user opens can make the browser send requests here. The UCWA side answers them as a
//! pool does; here a page of elsewhere may neither read messages nor set faults.

use axum::http::header::{CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderMap, Method, Request};

use crate::origin::{Asked, Origin};

/// Says why a request is refused, if it is.
pub(crate) fn check<B>(here: &Origin, request: &Request<B>) -> Result<(), &'static str> {
    let headers = request.headers();
    let asked = Asked::of(request.uri(), headers).filter(|asked| here.answers_to(asked)).ok_or(
        "the sandbox is not known by the name it was asked for: ask its address or localhost, or give it the name (--host-name)",
    )?;
    let own = here.named(&asked);
    if headers.get_all(ORIGIN).iter().any(|origin| origin.as_bytes() != own.as_bytes()) {
        return Err("pages of this origin may not use the sandbox");
    }
    // The xframe page asks for pages of elsewhere, as a page of this origin; this header is its word for that.
    if headers.contains_key("x-ms-origin") {
        return Err("pages of elsewhere may not use the sandbox");
    }
    // Programs do not say this. A browser says `none` where somebody opened the URL, which is to change nothing.
    match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        None | Some(b"same-origin") => Ok(()),
        Some(b"none") if request.method() == Method::GET => Ok(()),
        Some(_) => Err("a browser asks for a page of elsewhere"),
    }
}

/// True where the body is JSON by its own word. A page cannot have a browser say that of a form.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}
