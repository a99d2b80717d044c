//! Applications, error bodies, and bodies that are no resource at all.

use send_im_ucwa::application::Links;
use send_im_ucwa::discovery::DiscoveryAnswer;
use send_im_ucwa::events::Batch;
use send_im_ucwa::hypermedia::{DecodeError, Resource};
use send_im_ucwa::reason::Reason;
use send_im_ucwa::token::decode_token;
use serde_json::Value;

use crate::content::Content;
use crate::plain;
use crate::recordings::Exchange;
use crate::verdict::Verdict;

/// A body that is no JSON object is told apart from one, and by every decoder.
pub(super) fn no_resource(content: &Content, bytes: &[u8], verdict: &mut Verdict) {
    let (allowed, what): (&[DecodeError], _) = match content {
        Content::Nothing => (&[DecodeError::Empty], "no body"),
        Content::Html => (&[DecodeError::Html], "HTML is no resource"),
        Content::Xml => (&[DecodeError::Xml], "XML is no resource"),
        Content::Markup => (&[DecodeError::Html, DecodeError::Xml], "markup is no resource"),
        Content::Json(_) | Content::Elided(_) | Content::Other => {
            (&[DecodeError::Malformed], "broken JSON is refused")
        }
    };
    let answers = [
        ("Resource", Resource::parse(bytes).err()),
        ("DiscoveryAnswer", DiscoveryAnswer::parse(bytes).err()),
        ("Batch", Batch::parse(bytes).err()),
    ];
    for (decoder, answer) in answers {
        if !answer.as_ref().is_some_and(|error| allowed.contains(error)) {
            verdict.wrong.push(format!("{decoder} says {answer:?}, expected {allowed:?}"));
        }
    }
    verdict.holds("it is no application", Links::parse(bytes).is_err());
    verdict.holds("it is no token", decode_token(bytes).is_err());
    verdict.equal("it holds no reason", Reason::from_body(bytes), Reason::default());
    verdict.checked(what);
}

/// The links a sender needs, as given. A resource that lacks one of them is no application to send from.
pub(super) fn applications(bytes: &[u8], value: &Value, verdict: &mut Verdict) {
    let this = plain::links(value, "self");
    let events = plain::links(value, "events");
    let communication = plain::embedded(value, "communication");
    let start = communication.first().map(|c| plain::links(c, "startMessaging")).unwrap_or_default();
    let complete = ![&this, &events, &start].iter().any(|hrefs| hrefs.is_empty());
    match Links::parse(bytes) {
        Ok(links) if complete => {
            verdict.checked("application");
            for (name, href, allowed) in [
                ("self", &links.this, this),
                ("events", &links.events, events),
                ("startMessaging", &links.start_messaging, start),
            ] {
                verdict.holds(format_args!("{href} is the link {name}"), allowed.contains(&href.as_str()));
            }
            let formats: Vec<_> = communication[0]["supportedMessageFormats"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let decoded = links.communication.as_ref().map(|c| c.texts("supportedMessageFormats"));
            verdict.equal("the formats", decoded, Some(formats));
        }
        Ok(links) => verdict.wrong.push(format!("an application without all its links was taken: {links:?}")),
        Err(why) => verdict.holds(format_args!("the application is complete, yet: {why}"), !complete),
    }
}

/// An error body. Source: ErrorsAndInformationalMessages.
pub(super) fn reason(exchange: &Exchange, bytes: &[u8], value: &Value, verdict: &mut Verdict) {
    let (code, subcode) = plain::code_and_subcode(value);
    let reason = Reason::from_body(bytes);
    verdict.equal("code and subcode", (reason.code.as_deref(), reason.subcode.as_deref()), (code, subcode));
    if code.is_none() || exchange.answer().status.is_none_or(|status| status < 400) {
        return;
    }
    verdict.checked("error body");
    verdict.equal(
        "the application is gone",
        reason.is_application_not_found(),
        subcode == Some("ApplicationNotFound"),
    );
    verdict.equal("another request took over", reason.is_pget_replaced(), subcode == Some("PGetReplaced"));
}
