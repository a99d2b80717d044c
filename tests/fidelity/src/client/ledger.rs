//! The events of a recording, booked: what ends an awaited invitation or message, and what does not.

use send_im::decode::{End, Ledger, Modality, Progress};
use send_im_ucwa::events::Event;
use send_im_ucwa::hypermedia::Resource;
use send_im_ucwa::reason::Reason;
use serde_json::Value;
use url::Url;

use crate::plain::{self, PlainEvent};
use crate::recordings::Exchange;
use crate::verdict::Verdict;

/// Books the events of one answer.
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

fn book(ledger: &Ledger, events: &[PlainEvent<'_>]) {
    for event in events {
        if let Some(decoded) = decoded(event) {
            ledger.book(&decoded, decoded.resource.as_ref());
        }
    }
}

fn decoded(event: &PlainEvent<'_>) -> Option<Event> {
    Event::parse(event.event, &(event.sender.to_owned(), event.sender_href.to_owned()))
}

/// How a completed operation ended: by the event's status, and without one by its reason or the resource's state.
fn end(event: &PlainEvent<'_>) -> Option<End> {
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
        return Some(End::Failed(Reason {
            code: code.map(str::to_owned),
            subcode: subcode.map(str::to_owned),
        }));
    }
    let accepted = event.resource().map(|r| plain::embedded(r, "acceptedByParticipant")).unwrap_or_default();
    Some(End::Done {
        by: accepted.into_iter().filter_map(|p| plain::text(p, "uri")).map(str::to_owned).collect(),
    })
}

/// An awaited invitation.
#[derive(Clone, Default)]
struct Awaited {
    operation: String,
    /// The hrefs it is known by.
    hrefs: Vec<String>,
    progress: Progress,
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
        progress.end = progress.end.take().or_else(|| end(event));
    }
    known
}

fn invitations(base: &Url, events: &[PlainEvent<'_>], verdict: &mut Verdict) {
    let ledger = Ledger::new(base.clone());
    let expected = progress(events, Vec::new());
    let watched: Vec<_> = expected.iter().map(|of| ledger.expect_invitation(&of.operation)).collect();
    let other = ledger.expect_invitation("of-another-send");
    // A server may tell everything twice; the first end counts.
    book(&ledger, events);
    book(&ledger, events);
    for (of, watched) in expected.iter().zip(&watched) {
        verdict.equal(format_args!("the invitation {}", of.operation), &*watched.borrow(), &of.progress);
        let ended = of.progress.end.is_some();
        verdict.checked(if ended { "ledger: invitation ended" } else { "ledger: invitation goes on" });
    }
    verdict.equal("an invitation of another send", &*other.borrow(), &Progress::default());
    let all_ended = expected.iter().all(|of| of.progress.end.is_some());
    ledger.close_invitation("of-another-send");
    verdict.equal("nothing is waited for", !ledger.is_waiting(), all_ended);
}

fn messages(base: &Url, events: &[PlainEvent<'_>], verdict: &mut Verdict) {
    for event in events.iter().filter(|event| event.rel() == "message") {
        let one = std::slice::from_ref(event);
        let expected = end(event).filter(|_| event.direction() != "incoming");
        let name = format!("the message {}", event.href());

        let ledger = Ledger::new(base.clone());
        let mut awaited = ledger.expect_message(event.href());
        book(&ledger, one);
        book(&ledger, one);
        verdict.equal(format_args!("{name}, awaited"), awaited.try_recv().ok(), expected.clone());

        let ledger = Ledger::new(base.clone());
        book(&ledger, one);
        let mut late = ledger.expect_message(&event.href().to_ascii_uppercase());
        verdict.equal(format_args!("{name}, told before its answer"), late.try_recv().ok(), expected.clone());

        // Whether an event that hides its direction may end a lost message is the client's choice.
        if event.sender == "conversation" && !event.direction().is_empty() {
            let ledger = Ledger::new(base.clone());
            let mut lost = ledger.expect_orphan(event.sender_href);
            let mut elsewhere = ledger.expect_orphan("/another/conversation");
            book(&ledger, one);
            verdict.equal(
                format_args!("{name}, whose answer was lost"),
                lost.try_recv().ok(),
                expected.clone(),
            );
            verdict.equal("a lost message of another conversation", elsewhere.try_recv().ok(), None);
        }
        verdict.checked(if expected.is_some() {
            "ledger: message ended"
        } else {
            "ledger: message not ours"
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
            // What was cut off stays so for whoever watched it.
            Some((_, known)) if known.disconnected => {}
            Some((_, known)) => *known = modality,
            None => expected.push((href, modality)),
        }
    }
    let ledger = Ledger::new(base.clone());
    let watched: Vec<_> = expected.iter().map(|(href, _)| ledger.modality(href)).collect();
    let other = ledger.modality("/another/messaging");
    book(&ledger, events);
    for ((href, expected), watched) in expected.iter().zip(&watched) {
        verdict.equal(format_args!("the modality {href}"), &*watched.borrow(), expected);
        verdict.checked(if expected.disconnected { "ledger: modality ended" } else { "ledger: modality" });
    }
    verdict.equal("the modality of another conversation", &*other.borrow(), &Modality::default());
}

/// Which bare events have to have their resource fetched.
fn wants(base: &Url, events: &[PlainEvent<'_>], verdict: &mut Verdict) {
    let idle = Ledger::new(base.clone());
    let busy = Ledger::new(base.clone());
    let _awaited = busy.expect_invitation("an operation");
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

/// Plays the exchanges of one file into one ledger, as a client would live through them.
///
/// `None` when the file tells no story: no invitation or message was sent in it, or no events came.
pub(crate) fn in_order(exchanges: &[&Exchange]) -> Option<Verdict> {
    let mut verdict = Verdict::default();
    let json =
        |body: Option<&[u8]>| serde_json::from_slice::<Value>(body.unwrap_or_default()).unwrap_or_default();
    let answers: Vec<Value> =
        exchanges.iter().map(|exchange| json(exchange.answer().body.as_deref())).collect();
    let all: Vec<PlainEvent<'_>> = answers.iter().flat_map(plain::events).collect();
    let ledger = Ledger::new(exchanges.first()?.base());
    let (mut invitations, mut watched, mut messages) = (Vec::new(), Vec::new(), Vec::new());
    // The books are opened before anything is posted: events may come before the answer that they belong to.
    for exchange in exchanges {
        let answer = exchange.answer();
        let (Some(request), Some(location)) = (&exchange.request, answer.header("location").first().copied())
        else {
            continue;
        };
        let sent = json(request.body.as_deref());
        if let (Some(operation), true) = (sent["operationId"].as_str(), sent["to"].is_string()) {
            watched.push(ledger.expect_invitation(operation));
            ledger.locate_invitation(operation, location);
            let hrefs = vec![location.to_owned()];
            invitations.push(Awaited {
                operation: operation.to_owned(),
                hrefs,
                progress: Progress::default(),
            });
        }
    }
    for (exchange, answer) in exchanges.iter().zip(&answers) {
        if let Some(location) = exchange.answer().header("location").first().copied()
            && location.to_ascii_lowercase().contains("/messages/")
        {
            messages.push((location.to_owned(), ledger.expect_message(location)));
        }
        book(&ledger, &plain::events(answer));
    }
    if all.is_empty() || (invitations.is_empty() && messages.is_empty()) {
        return None;
    }
    for (of, watched) in progress(&all, invitations).iter().zip(&watched) {
        verdict.equal(format_args!("the invitation {}", of.operation), &*watched.borrow(), &of.progress);
    }
    for (href, mut awaited) in messages {
        let told =
            |event: &PlainEvent<'_>| event.rel() == "message" && event.href().eq_ignore_ascii_case(&href);
        let ended = all.iter().filter(|event| told(event)).find_map(end);
        verdict.equal(format_args!("the message {href}"), awaited.try_recv().ok(), ended);
    }
    verdict.checked("ledger: the whole story");
    Some(verdict)
}
