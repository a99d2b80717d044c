//! Every resource in a recording: the same rels, the same hrefs, the same texts.

use send_im_ucwa::hypermedia::{HrefKey, Resource};
use send_im_ucwa::router::Modality;
use serde_json::Value;
use url::Url;

use crate::plain;
use crate::verdict::Verdict;

/// Rels that the client asks for somewhere. In a resource that lacks one, nothing may be found under it.
const ASKED_FOR: [&str; 16] = [
    "applications",
    "cancel",
    "communication",
    "conversation",
    "derivedConversation",
    "derivedMessaging",
    "events",
    "messaging",
    "next",
    "redirect",
    "resume",
    "resync",
    "sendMessage",
    "startMessaging",
    "stopMessaging",
    "user",
];

/// Goes through a value and checks each resource in it.
pub(super) fn check(value: &Value, verdict: &mut Verdict) {
    for plain in plain::resources(value) {
        match Resource::parse(plain.to_string().as_bytes()) {
            Ok(resource) => one(&resource, plain, verdict),
            Err(why) => verdict.wrong.push(format!("{plain} is no resource: {why}")),
        }
    }
    for href in plain::hrefs(value) {
        spellings(href, verdict);
    }
}

fn one(resource: &Resource, plain: &Value, verdict: &mut Verdict) {
    verdict.checked("resource");
    verdict.holds(format_args!("{plain} is hypermedia"), resource.is_hypermedia());
    for name in plain.as_object().into_iter().flatten().map(|(name, _)| name) {
        verdict.equal(format_args!("the member {name}"), resource.member(name), plain.get(name));
        verdict.equal(format_args!("the text {name}"), resource.text(name), plain[name.as_str()].as_str());
    }
    let linked = plain["_links"].as_object().into_iter().flatten().map(|(rel, _)| rel.as_str());
    for rel in linked.chain(ASKED_FOR) {
        let found: Vec<&str> = resource.links(rel).collect();
        let expected = plain::links(plain, rel);
        // A link in two spellings is taken once.
        let equal = if expected.len() > 1 && found.len() == 1 {
            expected.contains(&found[0])
        } else {
            found == expected
        };
        verdict.holds(format_args!("the links {rel} are {expected:?} and not {found:?}"), equal);
        verdict.equal(format_args!("the link {rel}"), resource.link(rel), found.first().copied());
    }
    let embedded = plain["_embedded"].as_object().into_iter().flatten().map(|(rel, _)| rel.as_str());
    for rel in embedded.chain(ASKED_FOR) {
        let expected: Vec<_> = plain::embedded(plain, rel)
            .into_iter()
            .filter_map(|e| Resource::parse(e.to_string().as_bytes()).ok())
            .collect();
        verdict.holds(format_args!("what is embedded as {rel}"), resource.all_embedded(rel) == expected);
    }
    modality(resource, plain, verdict);
}

/// What may be done in a messaging modality. Any resource is asked, since the rule is about links alone.
fn modality(resource: &Resource, plain: &Value, verdict: &mut Verdict) {
    let first = |rel: &str| plain::links(plain, rel).first().map(|href| (*href).to_owned());
    let formats =
        plain["negotiatedMessageFormats"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let formats: Vec<&str> = formats.collect();
    let disconnected = plain::text(plain, "state").is_some_and(|s| s.eq_ignore_ascii_case("Disconnected"));
    let takes_html = formats.iter().any(|format| format.eq_ignore_ascii_case("html"));
    let modality = Modality::of(resource);
    verdict.equal("the modality is over", modality.disconnected, disconnected);
    verdict.equal("where messages are sent", &modality.send_message, &first("sendMessage"));
    verdict.equal("where messaging is stopped", &modality.stop, &first("stopMessaging"));
    verdict.equal("the modality takes html", modality.takes_html(), takes_html);
    verdict.equal("the formats", modality.formats.iter().map(String::as_str).collect(), formats);
    if plain::text(plain, "rel").is_some_and(|rel| plain::same_rel(rel, "messaging")) {
        verdict.checked("modality");
    }
}

/// One href in other letters, or with other escapes, is the same href; a longer one is not.
fn spellings(href: &str, verdict: &mut Verdict) {
    let Ok(base) = Url::parse("https://pool.contoso.com/ucwa/oauth/v1/applications") else { return };
    // A data URI is a value and no place, and in other schemes a colon is no mere letter.
    if !href.starts_with('/') && !href.contains("://") {
        return;
    }
    let key = |href: &str| HrefKey::new(&base, href);
    let escaped = href.replace('@', "%40").replace("sip:", "sip%3a");
    for other in [href.to_ascii_uppercase(), href.to_ascii_lowercase(), escaped] {
        verdict.holds(format_args!("{other} spells {href}"), key(&other) == key(href));
    }
    verdict.holds(format_args!("{href} is not {href}x"), key(&format!("{href}x")) != key(href));
}
