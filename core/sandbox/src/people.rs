//! People: the search, the lists, and who is there (SearchForUsersContact, search_ref, GetPresenceDataOfAContact).

use serde_json::{Value, json};

use crate::address;
use crate::application::Application;
use crate::behaviour::Behaviour;
use crate::conversation::message::now;
use crate::input::Call;
use crate::reply::{self, Problem, Reply};
use crate::world::World;

/// The longest query, and the most results that can be asked for (search_ref).
const LONGEST_QUERY: usize = 256;
const MOST_RESULTS: u32 = 100;

/// A resource below `people`.
pub(crate) fn read(
    world: &World,
    application: &Application,
    call: &Call,
    path: &[&str],
) -> Result<Reply, Reply> {
    let href = |name: &str| format!("{}/people/{name}", application.href);
    let view = match path {
        [] => application.people_view(),
        ["search"] => return search(world, application, call),
        ["contacts"] => {
            let group = call.query("groupId");
            let rel = if group.is_some() { "groupContacts" } else { "myContacts" };
            list(rel, href("contacts"), &["contact"])
        }
        ["groups"] => list("myGroups", href("groups"), &["group", "distributionGroup"]),
        [who] if address::is_user(who) => application.contact_view(who),
        [who, "presence"] if address::is_user(who) => {
            let availability = availability(&world.behaviour(who));
            json!({
                "availability": availability,
                "deviceType": "Desktop",
                "lastActive": format!("/Date({})/", now()),
                "_links": { "self": { "href": href(&format!("{}/presence", address::segment(who))) } },
                "rel": "contactPresence",
            })
        }
        _ => return Err(Problem::NoSuchResource.into()),
    };
    Ok(reply::resource(&view))
}

/// A list of users or groups that nobody has put anything into.
fn list(rel: &str, href: String, lists: &[&str]) -> Value {
    let empty: serde_json::Map<_, _> = lists.iter().map(|name| ((*name).to_owned(), json!([]))).collect();
    json!({ "_links": { "self": { "href": href } }, "_embedded": empty, "rel": rel })
}

/// Finds the user with this address or name. Every address is a user here but those of recipients who do not exist.
fn search(world: &World, application: &Application, call: &Call) -> Result<Reply, Reply> {
    let query = call.query("query").map(|query| query.trim().to_owned()).unwrap_or_default();
    let mut faults = Vec::new();
    match query.chars().count() {
        0 => faults.push(("query", "is required".to_owned())),
        1..=LONGEST_QUERY => {}
        _ => faults.push(("query", format!("is longer than {LONGEST_QUERY} characters"))),
    }
    let limit = call.query("limit").map(|limit| limit.trim().parse::<u32>());
    if limit.is_some_and(|limit| !limit.is_ok_and(|limit| (1..=MOST_RESULTS).contains(&limit))) {
        faults.push(("limit", format!("is not a number from 1 to {MOST_RESULTS}")));
    }
    if !faults.is_empty() {
        return Err(reply::invalid(&faults));
    }
    let found = address::of_name(&query, address::domain(&application.user))
        .filter(|found| world.behaviour(found) != Behaviour::Unknown)
        .map(|found| application.contact_view(&found));
    Ok(reply::resource(&json!({
        "moreResultsAvailable": false,
        "_links": { "self": { "href": format!("{}/people/search?{}", application.href, call.query) } },
        "_embedded": { "contact": found.into_iter().collect::<Vec<_>>() },
        "rel": "search",
    })))
}

/// What a recipient's client shows to others (contactPresence_ref).
fn availability(behaviour: &Behaviour) -> &'static str {
    match behaviour {
        Behaviour::Offline | Behaviour::Unknown => "Offline",
        Behaviour::Busy => "DoNotDisturb",
        Behaviour::NoAnswer => "Away",
        _ => "Online",
    }
}
