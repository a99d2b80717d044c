//! People: the search, the lists, and the presence of others (SearchForUsersContact, search_ref, GetPresenceDataOfAContact).

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::http::request::Request;
use crate::http::response::{self, Response, UcwaError};
use crate::state::application::Application;
use crate::state::shared::SharedState;
use crate::values::address;
use crate::values::behaviour::Behaviour;
use crate::values::time::unix_millis;

/// The longest query, in characters (search_ref).
const MAX_QUERY: usize = 256;
/// The largest `limit` of a search (search_ref).
const MAX_RESULTS: u32 = 100;

/// A resource below `people`.
pub(crate) fn read(
    shared: &SharedState,
    application: &Application,
    request: &Request,
    path: &[&str],
) -> Result<Response, Response> {
    let href = |name: &str| format!("{}/people/{name}", application.href);
    let view = match path {
        [] => application.people_view(),
        ["search"] => return search(shared, application, request),
        ["contacts"] => {
            let group = request.query("groupId");
            let rel = if group.is_some() { "groupContacts" } else { "myContacts" };
            list(rel, href("contacts"), &["contact"])
        }
        ["groups"] => list("myGroups", href("groups"), &["group", "distributionGroup"]),
        [who] if address::is_user(who) => application.contact_view(who),
        [who, "presence"] if address::is_user(who) => {
            let availability = availability(&shared.behaviour(who));
            json!({
                "availability": availability,
                "deviceType": "Desktop",
                "lastActive": format!("/Date({})/", unix_millis(SystemTime::now())),
                "_links": { "self": { "href": href(&format!("{}/presence", address::segment(who))) } },
                "rel": "contactPresence",
            })
        }
        _ => return Err(UcwaError::NoSuchResource.into()),
    };
    Ok(response::resource(&view))
}

/// An empty list of users or groups.
fn list(rel: &str, href: String, lists: &[&str]) -> Value {
    let empty: serde_json::Map<_, _> = lists.iter().map(|name| ((*name).to_owned(), json!([]))).collect();
    json!({ "_links": { "self": { "href": href } }, "_embedded": empty, "rel": rel })
}

/// Finds the user with this address or name. Every address is a user, except where the behaviour is [`Behaviour::Unknown`].
fn search(shared: &SharedState, application: &Application, request: &Request) -> Result<Response, Response> {
    let query = request.query("query").map(|query| query.trim().to_owned()).unwrap_or_default();
    let mut invalid = Vec::new();
    match query.chars().count() {
        0 => invalid.push(("query", "is required".to_owned())),
        1..=MAX_QUERY => {}
        _ => invalid.push(("query", format!("is longer than {MAX_QUERY} characters"))),
    }
    let limit = request.query("limit").map(|limit| limit.trim().parse::<u32>());
    if limit.is_some_and(|limit| !limit.is_ok_and(|limit| (1..=MAX_RESULTS).contains(&limit))) {
        invalid.push(("limit", format!("is not a number from 1 to {MAX_RESULTS}")));
    }
    if !invalid.is_empty() {
        return Err(response::invalid(&invalid));
    }
    let found = address::of_name(&query, address::domain(&application.user))
        .filter(|found| shared.behaviour(found) != Behaviour::Unknown)
        .map(|found| application.contact_view(&found));
    Ok(response::resource(&json!({
        "moreResultsAvailable": false,
        "_links": { "self": { "href": format!("{}/people/search?{}", application.href, request.query) } },
        "_embedded": { "contact": found.into_iter().collect::<Vec<_>>() },
        "rel": "search",
    })))
}

/// The availability of a recipient (contactPresence_ref).
fn availability(behaviour: &Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Offline | Behaviour::Unknown => "Offline",
        Behaviour::Busy => "DoNotDisturb",
        Behaviour::NoAnswer => "Away",
        _ => "Online",
    }
}
