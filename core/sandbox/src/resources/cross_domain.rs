//! Requests of web pages from other origins: which are answered, and the xframe page that forwards them.

use axum::http::StatusCode;

use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::shared::SharedState;
use crate::values::allowed_origins::normal;

/// The page that sends requests for pages of other origins. It names theirs in `X-Ms-Origin`.
const XFRAME: &str = include_str!("xframe.html");

/// The headers that name a page's origin: the browser's own, and that of the xframe page.
const ORIGINS: [&str; 2] = ["origin", "x-ms-origin"];

/// Refuses requests of pages whose origin is neither the sandbox's own nor on the list. Programs name no origin.
pub(crate) fn check(shared: &SharedState, request: &Request) -> Result<(), Response> {
    let list = &shared.config.allowed_origins;
    if list.allows_any() {
        return Ok(());
    }
    let own = own(shared, request);
    let allowed =
        |named: &str| normal(named).is_some_and(|named| own.contains(&named) || list.contains(&named));
    let mut named = ORIGINS.iter().flat_map(|name| request.headers.get_all(*name));
    if named.all(|value| value.to_str().is_ok_and(allowed)) {
        return Ok(());
    }
    let refusal = response::page(StatusCode::FORBIDDEN, "403 - Forbidden: Access is denied.");
    let reason = "Service does not allow a cross domain request from this origin.";
    Err(response::diagnosed(refusal, 28070, request.pool, reason))
}

/// The sandbox's own origins: as links name them, and as this client reached them, unless by a name that could be DNS rebinding.
fn own(shared: &SharedState, request: &Request) -> Vec<String> {
    let pools = 0..shared.config.layout.origins();
    let mut own: Vec<_> = pools.clone().map(|pool| shared.origin(pool).url().to_owned()).collect();
    let received_by = shared.origin(request.pool);
    if let Some(host) = request.requested_host.as_ref().filter(|host| received_by.answers_to(host)) {
        own.push(received_by.with_host(host));
        own.extend(pools.map(|pool| shared.origin_for(request, pool)));
    }
    own.iter().filter_map(|origin| normal(origin)).collect()
}

/// The page behind the `xframe` link.
pub(crate) fn xframe() -> Response {
    response::typed(StatusCode::OK, "text/html", XFRAME)
}
