//! The discovery root and the user resource (RootURL, CreateAnApplication).

use axum::http::StatusCode;
use axum::http::header::{EXPIRES, PRAGMA, X_CONTENT_TYPE_OPTIONS};
use serde_json::{Value, json};

use crate::challenge;
use crate::input::Call;
use crate::layout::Layout;
use crate::reply::{self, Problem, Reply};
use crate::world::World;

const ROOT: &str = "/Autodiscover/AutodiscoverService.svc/root";

/// The discovery root: links to what comes next, or a redirect to another root.
pub(crate) fn root(world: &World, call: &Call) -> Reply {
    let query = domain_query(call);
    if let Some(elsewhere) = world.config.redirect_to.as_deref() {
        return links(json!({ "redirect": { "href": elsewhere } }));
    }
    if world.config.layout == Layout::Redirect && call.pool == 0 {
        let home = format!("{}{ROOT}{query}", world.origin_for(call, world.home()));
        return links(json!({ "redirect": { "href": home } }));
    }
    let here = world.origin_for(call, call.pool);
    links(json!({
        "self": { "href": format!("{here}{ROOT}{query}") },
        "user": { "href": format!("{here}{ROOT}/oauth/user{query}") },
        "xframe": { "href": format!("{here}/Autodiscover/XFrame/XFrame.html") },
    }))
}

/// A discovery root that leads wherever the request says, to try whom a client trusts.
pub(crate) fn redirect(call: &Call) -> Reply {
    match call.query("to") {
        Some(elsewhere) => links(json!({ "redirect": { "href": elsewhere } })),
        None => Problem::NoSuchResource.into(),
    }
}

/// The user resource: a challenge without a token, the way to the applications with one.
pub(crate) fn user(world: &World, call: &Call) -> Reply {
    if world.config.layout == Layout::Redirect && call.pool == 0 {
        return Problem::NoSuchResource.into();
    }
    if let Err(refusal) = challenge::authenticate(world, call) {
        return refusal;
    }
    let here = world.origin_for(call, call.pool);
    let home = world.origin_for(call, world.home());
    links(json!({
        "self": { "href": format!("{here}{ROOT}/user") },
        "applications": { "href": format!("{home}/ucwa/oauth/v1/applications") },
        "xframe": { "href": format!("{here}/Autodiscover/XFrame/XFrame.html") },
    }))
}

/// The `originalDomain` of the request, or the domain of its `sipuri`, as a query.
fn domain_query(call: &Call) -> String {
    let asked = call.query("originalDomain");
    let asked = asked.or_else(|| call.query("sipuri").map(|uri| crate::address::domain(&uri).to_owned()));
    match asked {
        Some(domain) => {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("originalDomain", &domain)
                .finish();
            format!("?{query}")
        }
        None => String::new(),
    }
}

fn links(links: Value) -> Reply {
    let answer = reply::json(StatusCode::OK, &json!({ "_links": links }));
    let answer = reply::with(answer, EXPIRES, "-1");
    let answer = reply::with(answer, PRAGMA, "no-cache");
    reply::with(answer, X_CONTENT_TYPE_OPTIONS, "nosniff")
}
