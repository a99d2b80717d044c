//! Where an autodiscover answer leads.

use send_im_ucwa::discovery::DiscoveryAnswer;
use serde_json::Value;

use crate::plain;
use crate::verdict::Verdict;

/// Any JSON object is asked where it leads: most lead nowhere.
pub(super) fn check(bytes: &[u8], value: &Value, verdict: &mut Verdict) {
    let allowed = leads(value);
    match DiscoveryAnswer::parse(bytes) {
        Ok(lead) if allowed.contains(&lead) => {}
        lead => verdict.wrong.push(format!("the answer leads to {lead:?}, expected {allowed:?}")),
    }
    if allowed != [DiscoveryAnswer::NoLink] {
        verdict.checked("discovery");
    }
}

/// Where it leads: more than one place only if a link is spelled in several ways.
fn leads(value: &Value) -> Vec<DiscoveryAnswer> {
    for (rel, lead) in [
        ("applications", DiscoveryAnswer::Applications as fn(String) -> DiscoveryAnswer),
        ("redirect", DiscoveryAnswer::Redirect),
        ("user", DiscoveryAnswer::User),
    ] {
        let hrefs = plain::links(value, rel);
        if !hrefs.is_empty() {
            return hrefs.into_iter().map(|href| lead(href.to_owned())).collect();
        }
    }
    for (token, lead) in [
        ("Redirect", DiscoveryAnswer::Redirect as fn(String) -> DiscoveryAnswer),
        ("OAuth", DiscoveryAnswer::User),
    ] {
        let listed = value["Root"]["Links"].as_array().into_iter().flatten();
        let mut hrefs = listed.filter(|link| link["token"] == token).filter_map(|link| link["href"].as_str());
        if let Some(href) = hrefs.next() {
            return vec![lead(href.to_owned())];
        }
    }
    vec![DiscoveryAnswer::NoLink]
}
