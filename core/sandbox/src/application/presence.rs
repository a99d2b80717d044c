//! makeMeAvailable, reportMyActivity and what they bring (ReceiveAnIM, makeMeAvailable_ref).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::channel::Urgency;
use crate::faults::Manner;
use crate::input::Call;
use crate::reply::{self, Problem, Reply};

use super::communication;
use super::{Application, event};

const AVAILABILITIES: [&str; 6] = ["Online", "Busy", "DoNotDisturb", "BeRightBack", "Away", "Offwork"];

/// The longest note and location that are kept. The reference names no limit.
const LONGEST: usize = 1024;

/// Publishes the user's presence, once.
pub(crate) fn make_me_available(application: &Application, call: &Call) -> Result<Reply, Reply> {
    let input = call.input()?;
    let presence = availability(input.text("signInAs"))?.unwrap_or_else(|| "Online".to_owned());
    let mut state = application.state();
    if state.presence.is_some() {
        return Err(Problem::AlreadyExists.into());
    }
    let formats = input.list("supportedMessageFormats");
    communication::accept(&mut state, formats, input.list("supportedModalities"))?;
    state.presence = Some(presence);
    communication::updated(application, &mut state);
    let me = format!("{}/me", application.href);
    let quietly = Manner::default();
    let news = event("updated", "me", &me, None, None);
    state.tell(application.me_sender(), news, Urgency::Medium, quietly);
    for rel in ["presence", "note", "location"] {
        let news = event("added", rel, &format!("{me}/{rel}"), None, None);
        state.tell(application.me_sender(), news, Urgency::Medium, quietly);
    }
    drop(state);
    application.wake();
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Keeps the user available; there has to be something to keep.
pub(crate) fn report_my_activity(application: &Application) -> Result<Reply, Reply> {
    available(application)?;
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Sets the user's availability; an empty input resets it.
pub(crate) fn set(application: &Application, call: &Call) -> Result<Reply, Reply> {
    available(application)?;
    let wanted = availability(call.input()?.text("availability"))?;
    let mut state = application.state();
    state.presence = Some(wanted.unwrap_or_else(|| "Online".to_owned()));
    let href = format!("{}/me/presence", application.href);
    let news = event("updated", "presence", &href, None, None);
    state.tell(application.me_sender(), news, Urgency::Medium, Manner::default());
    drop(state);
    application.wake();
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// Sets the user's note or location; an empty input takes it away.
pub(crate) fn tell(application: &Application, call: &Call, name: &str) -> Result<Reply, Reply> {
    available(application)?;
    let (rel, member) = if name == "note" { ("note", "message") } else { ("location", "location") };
    let mut faults = Vec::new();
    let said = call.input()?.limited(member, LONGEST, &mut faults).unwrap_or_default();
    if !faults.is_empty() {
        return Err(reply::invalid(&faults));
    }
    let mut state = application.state();
    match rel {
        "note" => state.note = said,
        _ => state.location = said,
    }
    let news = event("updated", rel, &format!("{}/me/{rel}", application.href), None, None);
    state.tell(application.me_sender(), news, Urgency::Medium, Manner::default());
    drop(state);
    application.wake();
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// One of the resources below `me`.
pub(crate) fn read(application: &Application, name: &str) -> Result<Reply, Reply> {
    let me = format!("{}/me", application.href);
    let resource = |rel: &str, members: Value| {
        let mut view = json!({ "_links": { "self": { "href": format!("{me}/{rel}") } }, "rel": rel });
        if let (Some(view), Value::Object(members)) = (view.as_object_mut(), members) {
            view.extend(members);
        }
        Ok(reply::resource(&view))
    };
    match name {
        "phones" => resource("phones", json!({})),
        "callforwardingsettings" => {
            resource("callForwardingSettings", json!({ "activePeriod": "Always", "activeSetting": "None" }))
        }
        "presence" => {
            let availability = available(application)?;
            resource("presence", json!({ "availability": availability, "activity": availability }))
        }
        "note" => {
            available(application)?;
            let note = application.state().note.clone();
            resource("note", json!({ "message": note, "type": "Personal" }))
        }
        "location" => {
            available(application)?;
            let location = application.state().location.clone();
            resource("location", json!({ "location": location }))
        }
        _ => Err(Problem::NoSuchResource.into()),
    }
}

fn available(application: &Application) -> Result<String, Reply> {
    application.state().presence.clone().ok_or_else(|| Problem::MakeMeAvailableRequired.into())
}

fn availability(asked: Option<String>) -> Result<Option<String>, Reply> {
    let Some(asked) = asked else { return Ok(None) };
    match AVAILABILITIES.iter().find(|known| known.eq_ignore_ascii_case(&asked)) {
        Some(known) => Ok(Some((*known).to_owned())),
        None => Err(reply::invalid(&[("availability", "is none of the known availabilities".to_owned())])),
    }
}
