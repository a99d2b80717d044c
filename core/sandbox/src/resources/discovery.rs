//! The discovery root and the user resource (RootURL, CreateAnApplication).

use axum::http::StatusCode;
use axum::http::header::{EXPIRES, PRAGMA, X_CONTENT_TYPE_OPTIONS};
use serde_json::{Value, json};

use crate::http::request::Request;
use crate::http::response::{self, Response, UcwaError};
use crate::resources::challenge;
use crate::state::shared::SharedState;
use crate::values::address;
use crate::values::layout::Layout;

const ROOT: &str = "/Autodiscover/AutodiscoverService.svc/root";

/// The discovery root: links to the user resource, or a redirect to another root.
pub(crate) fn root(shared: &SharedState, request: &Request) -> Response {
    let query = domain_query(request);
    if let Some(url) = shared.config.redirect_to.as_deref() {
        return links(json!({ "redirect": { "href": url } }));
    }
    if shared.config.layout == Layout::Redirect && request.pool == 0 {
        let home_pool = format!("{}{ROOT}{query}", shared.origin_for(request, shared.home_pool()));
        return links(json!({ "redirect": { "href": home_pool } }));
    }
    let here = shared.origin_for(request, request.pool);
    links(json!({
        "self": { "href": format!("{here}{ROOT}{query}") },
        "user": { "href": format!("{here}{ROOT}/oauth/user{query}") },
        "xframe": { "href": format!("{here}/Autodiscover/XFrame/XFrame.html") },
    }))
}

/// A discovery root that redirects to the URL in the query, to test which hosts a client trusts.
pub(crate) fn redirect(request: &Request) -> Response {
    match request.query("to") {
        Some(url) => links(json!({ "redirect": { "href": url } })),
        None => UcwaError::NoSuchResource.into(),
    }
}

/// The user resource: a challenge without a token, links with one.
pub(crate) fn user(shared: &SharedState, request: &Request) -> Result<Response, Response> {
    if shared.config.layout == Layout::Redirect && request.pool == 0 {
        return Err(UcwaError::NoSuchResource.into());
    }
    challenge::authenticate(shared, request)?;
    let here = shared.origin_for(request, request.pool);
    let home_pool = shared.origin_for(request, shared.home_pool());
    Ok(links(json!({
        "self": { "href": format!("{here}{ROOT}/user") },
        "applications": { "href": format!("{home_pool}/ucwa/oauth/v1/applications") },
        "xframe": { "href": format!("{here}/Autodiscover/XFrame/XFrame.html") },
    })))
}

/// The `originalDomain` of the request, or the domain of its `sipuri`, as a query.
fn domain_query(request: &Request) -> String {
    let domain = request.query("originalDomain");
    let domain = domain.or_else(|| request.query("sipuri").map(|uri| address::domain(&uri).to_owned()));
    match domain {
        Some(domain) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("originalDomain", &domain)
                .finish();
            format!("?{query}")
        }
        None => String::new(),
    }
}

fn links(links: Value) -> Response {
    let answer = response::json(StatusCode::OK, &json!({ "_links": links }));
    let answer = response::with(answer, EXPIRES, "-1");
    let answer = response::with(answer, PRAGMA, "no-cache");
    response::with(answer, X_CONTENT_TYPE_OPTIONS, "nosniff")
}
