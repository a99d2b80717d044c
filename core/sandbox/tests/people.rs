//! Other users, and the user's own presence and note: programs search before they send.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use std::collections::BTreeSet;

use reqwest::Method;
use send_im_sandbox::Sandbox;
use serde_json::{Value, json};
use support::{Session, href, json_of};

#[tokio::test]
async fn a_search_finds_the_address_or_the_name_that_is_asked_for() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    let search = href(&session.application["_embedded"]["people"], "search");
    for (query, uri, name) in [
        ("bob@fabrikam.com", "sip:bob@fabrikam.com", "Bob"),
        ("sip:SaraD@contoso.com&limit=3", "sip:SaraD@contoso.com", "Sarad"),
        ("lenea", "sip:lenea@contoso.com", "Lenea"),
        ("Sara+Davis", "sip:sara.davis@contoso.com", "Sara Davis"),
    ] {
        let asked = format!("{search}?query={query}");
        let found = session.read(&asked).await;
        assert_eq!((&found["rel"], &found["moreResultsAvailable"]), (&json!("search"), &json!(false)));
        assert_eq!(href(&found, "self"), asked);
        let contacts = found["_embedded"]["contact"].as_array().unwrap();
        assert_eq!(contacts.len(), 1, "{query}");
        assert_eq!((&contacts[0]["uri"], &contacts[0]["name"]), (&json!(uri), &json!(name)));
        let contact = session.read(&href(&contacts[0], "self")).await;
        assert_eq!(contact["uri"].as_str().unwrap().to_lowercase(), uri.to_lowercase());
    }
    for nobody in ["unknown@contoso.com", "unknown", "a@b@c"] {
        let found = session.read(&format!("{search}?query={nobody}")).await;
        assert_eq!(found["_embedded"]["contact"], json!([]), "{nobody}");
    }
    for (query, at_fault) in [
        ("".to_owned(), "query"),
        ("?query=".to_owned(), "query"),
        (format!("?query={}", "a".repeat(257)), "query"),
        ("?query=bob&limit=0".to_owned(), "limit"),
        ("?query=bob&limit=101".to_owned(), "limit"),
        ("?query=bob&limit=many".to_owned(), "limit"),
    ] {
        let refused = session.get(&format!("{search}{query}")).await;
        assert_eq!(refused.status(), 400, "{query}");
        assert_eq!(json_of(refused).await["parameters"][0]["name"], at_fault, "{query}");
    }
}

#[tokio::test]
async fn lists_are_lists_and_what_is_no_address_is_not_found() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    let people = href(&session.application["_embedded"]["people"], "self");
    for (path, rel, list) in [
        ("contacts", "myContacts", "contact"),
        ("contacts?groupId=1", "groupContacts", "contact"),
        ("groups", "myGroups", "group"),
    ] {
        let found = session.read(&format!("{people}/{path}")).await;
        assert_eq!((&found["rel"], &found["_embedded"][list]), (&json!(rel), &json!([])), "{path}");
    }
    for path in
        ["groupMemberships", "presenceSubscriptions", "subscribedContacts", "privacyRelationships", "bob"]
    {
        assert_eq!(session.get(&format!("{people}/{path}")).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_recipients_presence_says_what_an_invitation_will_meet() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    let people = href(&session.application["_embedded"]["people"], "self");
    for (who, availability) in
        [("bob", "Online"), ("busy", "DoNotDisturb"), ("silent", "Away"), ("offline", "Offline")]
    {
        let contact = session.read(&format!("{people}/{who}@contoso.com")).await;
        let presence = session.read(&href(&contact, "contactPresence")).await;
        assert_eq!(presence["availability"], availability, "{who}");
    }
}

#[tokio::test]
async fn a_note_and_a_location_are_kept_once_the_user_is_available() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    let me = session.self_href() + "/me";
    let early = session.post(&format!("{me}/note"), &json!({ "message": "away" })).await;
    assert_eq!(early.status(), 409);
    assert_eq!(json_of(early).await["subcode"], "MakeMeAvailableRequired");
    session.post_empty(&format!("{me}/makeMeAvailable")).await;
    let mut events = session.events();
    for (rel, member) in [("note", "message"), ("location", "location")] {
        let own = format!("{me}/{rel}");
        assert_eq!(session.post(&own, &json!({ member: "Seattle" })).await.status(), 204);
        assert_eq!(session.read(&own).await[member], "Seattle");
        let put = session.request(Method::PUT, &own).header("content-type", "application/json");
        assert_eq!(put.body(json!({ member: "Oslo" }).to_string()).send().await.unwrap().status(), 204);
        assert_eq!(session.read(&own).await[member], "Oslo");
        let by_query = session.post_empty(&format!("{own}?{}=I'm%20away", member.to_uppercase())).await;
        assert_eq!(by_query.status(), 204, "QueryParameters");
        assert_eq!(session.read(&own).await[member], "I'm away");
        assert_eq!(session.post_empty(&own).await.status(), 204);
        assert_eq!(session.read(&own).await[member], "");
    }
    // A medium event is sent with the next high one.
    session.invite_with("bob@contoso.com", "hi").await;
    events.find("note", "updated").await;
}

/// Every href that a resource links, itself and what is embedded in it, each with its rel.
fn linked(value: &Value, found: &mut BTreeSet<(String, String)>) {
    for (rel, links) in value["_links"].as_object().into_iter().flatten() {
        for link in links.as_array().unwrap_or(&vec![links.clone()]) {
            let href = link["href"].as_str().unwrap();
            if !href.starts_with("data:") {
                found.insert((rel.clone(), href.to_owned()));
            }
        }
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| linked(item, found)),
        Value::Object(members) => members.values().for_each(|member| linked(member, found)),
        _ => {}
    }
}

#[tokio::test]
async fn what_is_linked_is_answered() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    session.post_empty(&format!("{}/me/makeMeAvailable", session.self_href())).await;
    let mut events = session.events();
    session.invite_with("echo@contoso.com", "hi").await;
    let events_seen = events.answer().await;
    let mut open = BTreeSet::new();
    linked(&events_seen, &mut open);
    linked(&session.read(&session.self_href()).await, &mut open);
    linked(&session.read(&format!("{}/people/search?query=bob", session.self_href())).await, &mut open);
    // These need a POST and end something.
    let posted =
        ["startMessaging", "sendMessage", "setIsTyping", "reportMyActivity", "cancel", "stopMessaging"];
    let mut seen = BTreeSet::new();
    let mut last = Vec::new();
    while let Some((rel, href)) = open.pop_first() {
        if ["events", "next"].contains(&rel.as_str()) || !seen.insert(href.clone()) {
            continue;
        }
        if posted.contains(&rel.as_str()) {
            last.push((rel, href));
            continue;
        }
        let query = if href.ends_with("/search") { "?query=bob" } else { "" };
        let answer = session.get(&format!("{href}{query}")).await;
        assert_eq!(answer.status(), 200, "{rel}: {href}");
        linked(&json_of(answer).await, &mut open);
    }
    assert!(seen.len() > 20, "{seen:?}");
    for rel in posted {
        for (_, href) in last.iter().filter(|(known, _)| known == rel) {
            let status = session.post_empty(href).await.status().as_u16();
            // Without its input the request is refused, but not with 404.
            assert!([204, 400, 415].contains(&status), "{rel}: {href}: {status}");
        }
    }
}
