//! What a server sends: challenges, resources, events, links.

use send_im_ucwa::application::Links;
use send_im_ucwa::challenge::Challenge;
use send_im_ucwa::data_uri::{DataUri, encode_plain};
use send_im_ucwa::discovery::DiscoveryAnswer;
use send_im_ucwa::events::{Batch, EventType};
use send_im_ucwa::hypermedia::{HrefKey, Resource, follow_link};
use send_im_ucwa::reason::Reason;
use send_im_ucwa::router::{EventRouter, InvitationProgress, Outcome};
use send_im_ucwa::token::{decode_refusal, decode_token};
use url::{Host, Url};

const POOL: &str = "https://pool.contoso.com/ucwa/oauth/v1/applications";

fn pool() -> Url {
    POOL.parse().expect("a URL")
}

/// Grants come once, none is empty, and what was read reads the same when it is written the documented way.
pub(crate) fn challenge(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some(challenge) = Challenge::parse(text.lines()) else { return };
    for (at, grant) in challenge.grants.iter().enumerate() {
        assert!(!grant.is_empty() && challenge.offers(grant));
        assert!(!challenge.grants[..at].iter().any(|other| other.eq_ignore_ascii_case(grant)));
    }
    let Some(href) = &challenge.token_url else { return };
    assert!(!href.is_empty());
    let grants = challenge.grants.join(",");
    if !href.contains('"') && !grants.contains('"') {
        let line = format!("MsRtcOAuth href=\"{href}\",grant_type=\"{grants}\"");
        let again = Challenge::parse([line.as_str()]).expect("a challenge");
        assert_eq!((&again.token_url, &again.grants), (&challenge.token_url, &challenge.grants));
    }
}

/// Every reader of a body takes any body; an href has one key however it is spelt.
pub(crate) fn hypermedia(data: &[u8]) {
    let _ = (DiscoveryAnswer::parse(data), Links::parse(data), Reason::from_body(data).pair());
    let _ = (decode_token(data).is_ok(), decode_refusal(400, Some(28029), data));
    let Ok(resource) = Resource::parse(data) else { return };
    for rel in ["self", "next", "user", "message", "acceptedByParticipant", "startMessaging"] {
        assert_eq!(resource.link(rel), resource.links(rel).next());
        assert_eq!(resource.embedded(rel).as_ref(), resource.all_embedded(rel).first());
        for href in resource.links(rel) {
            let key = HrefKey::new(&pool(), href);
            if let Ok(absolute) = pool().join(href) {
                assert_eq!(key, HrefKey::new(&pool(), absolute.as_str()), "{href}");
            }
        }
    }
    for name in ["code", "state", "direction"] {
        assert_eq!(resource.text(name), resource.member(name).and_then(|m| m.as_str()));
    }
}

/// Nobody is told of a delivery that no event tells, and an end that was told stays.
pub(crate) fn events(data: &[u8]) {
    // A body a line: JSON needs no line break.
    let batches: Vec<Batch> =
        data.split(|b| *b == b'\n').filter_map(|body| Batch::parse(body).ok()).collect();
    let mut router = EventRouter::new(pool());
    let mut told = ["1", "2"].map(|operation| (operation, InvitationProgress::default()));
    told.iter().for_each(|(operation, _)| router.expect_invitation(operation));
    router.locate_invitation("2", "/i/2");
    let messages = [router.expect_message("/c/1/m/1"), router.expect_lost_message("/c/1")];
    let modality = router.follow_modality("/c/1/messaging");
    for _ in 0..2 {
        for event in batches.iter().flat_map(|batch| &batch.events) {
            let _ = (router.needs_resource(event), router.concerns(event));
            router.apply(event, event.resource.as_ref());
            for (operation, before) in &mut told {
                let now = router.invitation(operation).expect("an expected invitation");
                assert!(before.outcome.is_none() || before.outcome == now.outcome, "an end was taken back");
                assert!(now.seen || now.outcome.is_none());
                *before = now.clone();
            }
        }
    }
    let completed = |rel: &str| {
        let mut all = batches.iter().flat_map(|batch| &batch.events);
        all.any(|event| event.rel == rel && event.kind == EventType::Completed)
    };
    assert!(told.iter().all(|(_, progress)| progress.outcome.is_none()) || completed("messagingInvitation"));
    assert!(messages.iter().all(|message| router.message(message).is_none()) || completed("message"));
    let _ = router.modality(&modality).takes_html();
    router.close("over");
    assert!(!router.is_waiting());
    assert!(
        told.iter().all(|(operation, _)| router.invitation(operation).is_some_and(|i| i.outcome.is_some()))
    );
    let later = router.expect_message("/later");
    assert_eq!(router.message(&later), Some(&Outcome::Lost("over")));
}

/// Text survives the way through a link, which is printable ASCII.
pub(crate) fn data_uri(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = DataUri::parse(&text);
    let uri = encode_plain(&text);
    assert!(uri.bytes().all(|b| b.is_ascii_graphic()));
    assert_eq!(DataUri::parse(&uri).map(|read| read.text).as_deref(), Some(&*text));
}

/// Whatever a server at the first line's URL names, nothing is asked with less protection than the server itself has, and
/// no password in a URL is taken over.
pub(crate) fn links(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(2, '\n');
    let (Some(Ok(from)), Some(href)) = (lines.next().map(Url::parse), lines.next()) else { return };
    if !matches!(from.scheme(), "http" | "https") || from.host().is_none() {
        return;
    }
    let Some(to) = follow_link(&from, href) else { return };
    assert!(to.username().is_empty() && to.password().is_none(), "{to}");
    let both_https = from.scheme() == "https" && to.scheme() == "https";
    assert!(both_https || (is_this_machine(&from) && is_this_machine(&to)), "{from} -> {to}");
}

/// Written again here: what is checked must not be what checks.
fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.octets()[0] == 127,
        Some(Host::Ipv6(ip)) => ip.segments() == [0, 0, 0, 0, 0, 0, 0, 1],
        None => false,
    }
}
