//! The events of a recording, applied: what ends an awaited invitation or message, and what does not.

use send_im_ucwa::events::Event;
use send_im_ucwa::hypermedia::Resource;
use send_im_ucwa::reason::Reason;
use send_im_ucwa::router::{EventRouter, InvitationProgress, Modality, Outcome};
use serde_json::Value;
use url::Url;

use crate::plain::{self, PlainEvent};
use crate::recordings::Exchange;
use crate::verdict::Verdict;

/// Applies the events of one answer.
pub(super) fn check(exchange: &Exchange, events: &[PlainEvent<'_>], verdict: &mut Verdict) {
    if events.is_empty() {
        return;
    }
    let base = exchange.base();
    invitations(&base, events, verdict);
    messages(&base, events, verdict);
    modalities(&base, events, verdict);
    wants(&base, events, verdict);
}

fn apply(router: &mut EventRouter, events: &[PlainEvent<'_>]) {
    for event in events {
        if let Some(decoded) = decoded(event) {
            router.apply(&decoded, decoded.resource.as_ref());
        }
    }
}

fn decoded(event: &PlainEvent<'_>) -> Option<Event> {
    Event::parse(event.event, &(event.sender.to_owned(), event.sender_href.to_owned()))
}

/// How a completed operation ended: by the event's status, and without one by its reason or the resource's state.
fn outcome(event: &PlainEvent<'_>) -> Option<Outcome> {
    if event.kind() != "completed" {
        return None;
    }
    let state =
        event.resource().and_then(|r| plain::text(r, "state")).unwrap_or_default().to_ascii_lowercase();
    let failed = match event.status().as_str() {
        "success" => false,
        "failure" => true,
        _ => event.reason().is_some() || ["failed", "declined", "cancelled"].contains(&state.as_str()),
    };
    if failed {
        let (code, subcode) = event.reason().unwrap_or_default();
        return Some(Outcome::Failed(Reason {
            code: code.map(str::to_owned),
            subcode: subcode.map(str::to_owned),
        }));
    }
    let accepted = event.resource().map(|r| plain::embedded(r, "acceptedByParticipant")).unwrap_or_default();
    Some(Outcome::Accepted {
        by: accepted.into_iter().filter_map(|p| plain::text(p, "uri")).map(str::to_owned).collect(),
    })
}

/// An awaited invitation.
#[derive(Clone, Default)]
struct Awaited {
    operation: String,
    /// The hrefs it is known by.
    hrefs: Vec<String>,
    progress: InvitationProgress,
}

/// The outgoing invitations in a list of events, each with what is known of it at the end. `located` are those whose
/// `Location` is known already.
fn progress(events: &[PlainEvent<'_>], located: Vec<Awaited>) -> Vec<Awaited> {
    let mut known = located;
    for event in events.iter().filter(|event| event.rel() == "messagingInvitation") {
        let named = event.resource().and_then(|r| plain::text(r, "operationId"));
        let at = match named {
            Some(_) if event.direction() == "incoming" => continue,
            Some(operation) => known.iter().position(|of| of.operation == operation).unwrap_or_else(|| {
                known.push(Awaited { operation: operation.to_owned(), ..Awaited::default() });
                known.len() - 1
            }),
            // A bare event is told by its href.
            None => match known
                .iter()
                .position(|of| of.hrefs.iter().any(|h| h.eq_ignore_ascii_case(event.href())))
            {
                Some(at) => at,
                None => continue,
            },
        };
        known[at].hrefs.push(event.href().to_owned());
        let progress = &mut known[at].progress;
        progress.seen = true;
        let link = |rels: [&str; 2]| {
            let resource = event.resource()?;
            rels.iter().find_map(|rel| plain::links(resource, rel).first().map(|href| (*href).to_owned()))
        };
        let thread = event.resource().and_then(|r| plain::text(r, "threadId")).map(str::to_owned);
        progress.messaging = link(["derivedMessaging", "messaging"]).or(progress.messaging.take());
        progress.conversation =
            link(["derivedConversation", "conversation"]).or(progress.conversation.take());
        progress.cancel = link(["cancel", "cancel"]).or(progress.cancel.take());
        progress.thread_id = thread.or(progress.thread_id.take());
        progress.outcome = progress.outcome.take().or_else(|| outcome(event));
    }
    known
}

fn invitations(base: &Url, events: &[PlainEvent<'_>], verdict: &mut Verdict) {
    let mut router = EventRouter::new(base.clone());
    let expected = progress(events, Vec::new());
    expected.iter().for_each(|of| router.expect_invitation(&of.operation));
    router.expect_invitation("of-another-send");
    // A server may tell everything twice; the first end counts.
    apply(&mut router, events);
    apply(&mut router, events);
    for of in &expected {
        let name = format!("the invitation {}", of.operation);
        verdict.equal(name, router.invitation(&of.operation), Some(&of.progress));
        let ended = of.progress.outcome.is_some();
        verdict.checked(if ended { "router: invitation ended" } else { "router: invitation goes on" });
    }
    let other = router.invitation("of-another-send");
    verdict.equal("an invitation of another send", other, Some(&InvitationProgress::default()));
    let all_ended = expected.iter().all(|of| of.progress.outcome.is_some());
    router.forget_invitation("of-another-send");
    verdict.equal("nothing is waited for", !router.is_waiting(), all_ended);
}

fn messages(base: &Url, events: &[PlainEvent<'_>], verdict: &mut Verdict) {
    for event in events.iter().filter(|event| event.rel() == "message") {
        let one = std::slice::from_ref(event);
        let expected = outcome(event).filter(|_| event.direction() != "incoming");
        let name = format!("the message {}", event.href());

        let mut router = EventRouter::new(base.clone());
        let awaited = router.expect_message(event.href());
        apply(&mut router, one);
        apply(&mut router, one);
        verdict.equal(format_args!("{name}, awaited"), router.message(&awaited), expected.as_ref());

        let mut router = EventRouter::new(base.clone());
        apply(&mut router, one);
        let late = router.expect_message(&event.href().to_ascii_uppercase());
        verdict.equal(
            format_args!("{name}, told before its answer"),
            router.message(&late),
            expected.as_ref(),
        );

        // Whether an event that hides its direction may end a lost message is the client's choice.
        if event.sender == "conversation" && !event.direction().is_empty() {
            let mut router = EventRouter::new(base.clone());
            let lost = router.expect_lost_message(event.sender_href);
            let elsewhere = router.expect_lost_message("/another/conversation");
            apply(&mut router, one);
            verdict.equal(
                format_args!("{name}, whose answer was lost"),
                router.message(&lost),
                expected.as_ref(),
            );
            verdict.equal("a lost message of another conversation", router.message(&elsewhere), None);
        }
        verdict.checked(if expected.is_some() {
            "router: message ended"
        } else {
            "router: message not ours"
        });
    }
}

/// Where the modality of a conversation is that an event ends.
fn modality_of(conversation: &PlainEvent<'_>, events: &[PlainEvent<'_>]) -> String {
    if let Some(href) = conversation.resource().and_then(|r| plain::links(r, "messaging").first().copied()) {
        return href.to_owned();
    }
    let belongs = |event: &&PlainEvent<'_>| {
        event.resource().is_some_and(|r| plain::links(r, "conversation").contains(&conversation.href()))
    };
    if let Some(event) = events.iter().filter(|event| event.rel() == "messaging").find(belongs) {
        return event.href().to_owned();
    }
    let (path, query) = conversation.href().split_once('?').unwrap_or((conversation.href(), ""));
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{path}/messaging{mark}{query}")
}

fn modalities(base: &Url, events: &[PlainEvent<'_>], verdict: &mut Verdict) {
    let mut expected: Vec<(String, Modality)> = Vec::new();
    for event in events {
        let gone = Modality { disconnected: true, ..Modality::default() };
        let (href, modality) = match (event.rel(), event.resource()) {
            ("messaging", _) if event.kind() == "deleted" => (event.href().to_owned(), gone),
            ("messaging", Some(resource)) => {
                let Ok(resource) = Resource::parse(resource.to_string().as_bytes()) else { continue };
                let modality = Modality::of(&resource);
                (event.href().to_owned(), if modality.disconnected { gone } else { modality })
            }
            ("conversation", resource) => {
                let state = resource.and_then(|r| plain::text(r, "state")).unwrap_or_default();
                if event.kind() != "deleted" && !state.eq_ignore_ascii_case("Disconnected") {
                    continue;
                }
                (modality_of(event, events), gone)
            }
            _ => continue,
        };
        match expected.iter_mut().find(|(known, _)| *known == href) {
            // What was cut off stays so for whoever followed it.
            Some((_, known)) if known.disconnected => {}
            Some((_, known)) => *known = modality,
            None => expected.push((href, modality)),
        }
    }
    let mut router = EventRouter::new(base.clone());
    let followed: Vec<_> = expected.iter().map(|(href, _)| router.follow_modality(href)).collect();
    let other = router.follow_modality("/another/messaging");
    apply(&mut router, events);
    for ((href, expected), followed) in expected.iter().zip(&followed) {
        verdict.equal(format_args!("the modality {href}"), &router.modality(followed), expected);
        verdict.checked(if expected.disconnected { "router: modality ended" } else { "router: modality" });
    }
    verdict.equal("the modality of another conversation", router.modality(&other), Modality::default());
}

/// Which bare events have to have their resource fetched.
fn wants(base: &Url, events: &[PlainEvent<'_>], verdict: &mut Verdict) {
    let idle = EventRouter::new(base.clone());
    let mut busy = EventRouter::new(base.clone());
    busy.expect_invitation("an operation");
    for event in events {
        let Some(decoded) = decoded(event) else { continue };
        let bare = event.resource().is_none() && event.kind() != "deleted";
        let name = format!("{} {} has to be fetched", event.rel(), event.kind());
        let completed = event.rel() == "message" && event.kind() == "completed";
        let of_invitation = matches!(event.rel(), "messagingInvitation" | "messaging");
        verdict.equal(
            format_args!("{name} while nothing is awaited"),
            idle.needs_resource(&decoded),
            bare && completed,
        );
        verdict.equal(
            format_args!("{name} while an invitation is awaited"),
            busy.needs_resource(&decoded),
            bare && (completed || of_invitation),
        );
    }
}

/// Plays the exchanges of one file into one router, as a client would live through them.
///
/// `None` when the file tells no story: no invitation or message was sent in it, or no events came.
pub(crate) fn in_order(exchanges: &[&Exchange]) -> Option<Verdict> {
    let mut verdict = Verdict::default();
    let json =
        |body: Option<&[u8]>| serde_json::from_slice::<Value>(body.unwrap_or_default()).unwrap_or_default();
    let answers: Vec<Value> =
        exchanges.iter().map(|exchange| json(exchange.answer().body.as_deref())).collect();
    let all: Vec<PlainEvent<'_>> = answers.iter().flat_map(plain::events).collect();
    let mut router = EventRouter::new(exchanges.first()?.base());
    let (mut invitations, mut messages) = (Vec::new(), Vec::new());
    // Invitations are expected before anything is posted: events may come before the answer that they belong to.
    for exchange in exchanges {
        let answer = exchange.answer();
        let (Some(request), Some(location)) = (&exchange.request, answer.header("location").first().copied())
        else {
            continue;
        };
        let sent = json(request.body.as_deref());
        if let (Some(operation), true) = (sent["operationId"].as_str(), sent["to"].is_string()) {
            router.expect_invitation(operation);
            router.locate_invitation(operation, location);
            let hrefs = vec![location.to_owned()];
            invitations.push(Awaited {
                operation: operation.to_owned(),
                hrefs,
                progress: InvitationProgress::default(),
            });
        }
    }
    for (exchange, answer) in exchanges.iter().zip(&answers) {
        if let Some(location) = exchange.answer().header("location").first().copied()
            && location.to_ascii_lowercase().contains("/messages/")
        {
            messages.push((location.to_owned(), router.expect_message(location)));
        }
        apply(&mut router, &plain::events(answer));
    }
    if all.is_empty() || (invitations.is_empty() && messages.is_empty()) {
        return None;
    }
    for of in &progress(&all, invitations) {
        let name = format!("the invitation {}", of.operation);
        verdict.equal(name, router.invitation(&of.operation), Some(&of.progress));
    }
    for (href, awaited) in messages {
        let told =
            |event: &PlainEvent<'_>| event.rel() == "message" && event.href().eq_ignore_ascii_case(&href);
        let ended = all.iter().filter(|event| told(event)).find_map(outcome);
        verdict.equal(format_args!("the message {href}"), router.message(&awaited), ended.as_ref());
    }
    verdict.checked("router: the whole story");
    Some(verdict)
}
