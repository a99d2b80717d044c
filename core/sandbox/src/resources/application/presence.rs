//! makeMeAvailable, reportMyActivity, and the presence, note and location of the user (ReceiveAnIM, makeMeAvailable_ref).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::http::request::Request;
use crate::http::response::{self, Response, UcwaError};
use crate::resources::application::communication;
use crate::state::application::{Application, resource_event};
use crate::state::channel::Urgency;
use crate::values::event_faults::EventFaults;

const AVAILABILITIES: [&str; 6] = ["Online", "Busy", "DoNotDisturb", "BeRightBack", "Away", "Offwork"];

/// The longest note and location, in characters. The reference names no limit.
const MAX_NOTE: usize = 1024;

/// Publishes the user's presence; a second time is a conflict.
pub(crate) fn make_me_available(application: &Application, request: &Request) -> Result<Response, Response> {
    let input = request.input()?;
    let presence = availability(input.text("signInAs"))?.unwrap_or_else(|| "Online".to_owned());
    let mut state = application.state();
    if state.presence.is_some() {
        return Err(UcwaError::AlreadyExists.into());
    }
    let formats = input.list("supportedMessageFormats");
    communication::set(&mut state, formats, input.list("supportedModalities"))?;
    state.presence = Some(presence);
    communication::updated(application, &mut state);
    let me = format!("{}/me", application.href);
    let event = resource_event("updated", "me", &me, None, None);
    state.queue_event(application.me_sender(), event, Urgency::Medium, EventFaults::default());
    for rel in ["presence", "note", "location"] {
        let event = resource_event("added", rel, &format!("{me}/{rel}"), None, None);
        state.queue_event(application.me_sender(), event, Urgency::Medium, EventFaults::default());
    }
    drop(state);
    application.wake();
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// Reports activity of the user, who has to have been made available.
pub(crate) fn report_my_activity(application: &Application) -> Result<Response, Response> {
    available(application)?;
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// Sets the user's availability; an empty input resets it.
pub(crate) fn set(application: &Application, request: &Request) -> Result<Response, Response> {
    available(application)?;
    let requested = availability(request.input()?.text("availability"))?;
    let mut state = application.state();
    state.presence = Some(requested.unwrap_or_else(|| "Online".to_owned()));
    let href = format!("{}/me/presence", application.href);
    let event = resource_event("updated", "presence", &href, None, None);
    state.queue_event(application.me_sender(), event, Urgency::Medium, EventFaults::default());
    drop(state);
    application.wake();
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// Sets the user's note or location; an empty input clears it.
pub(crate) fn set_note(
    application: &Application,
    request: &Request,
    name: &str,
) -> Result<Response, Response> {
    available(application)?;
    let (rel, member) = if name == "note" { ("note", "message") } else { ("location", "location") };
    let mut invalid = Vec::new();
    let text = request.input()?.limited(member, MAX_NOTE, &mut invalid).unwrap_or_default();
    if !invalid.is_empty() {
        return Err(response::invalid(&invalid));
    }
    let mut state = application.state();
    match rel {
        "note" => state.note = text,
        _ => state.location = text,
    }
    let event = resource_event("updated", rel, &format!("{}/me/{rel}", application.href), None, None);
    state.queue_event(application.me_sender(), event, Urgency::Medium, EventFaults::default());
    drop(state);
    application.wake();
    Ok(response::empty(StatusCode::NO_CONTENT))
}

/// One of the resources below `me`.
pub(crate) fn read(application: &Application, name: &str) -> Result<Response, Response> {
    let me = format!("{}/me", application.href);
    let resource = |rel: &str, members: Value| {
        let mut view = json!({ "_links": { "self": { "href": format!("{me}/{rel}") } }, "rel": rel });
        if let (Some(view), Value::Object(members)) = (view.as_object_mut(), members) {
            view.extend(members);
        }
        Ok(response::resource(&view))
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
        _ => Err(UcwaError::NoSuchResource.into()),
    }
}

fn available(application: &Application) -> Result<String, Response> {
    application.state().presence.clone().ok_or_else(|| UcwaError::MakeMeAvailableRequired.into())
}

fn availability(requested_host: Option<String>) -> Result<Option<String>, Response> {
    let Some(requested_host) = requested_host else { return Ok(None) };
    match AVAILABILITIES.iter().find(|known| known.eq_ignore_ascii_case(&requested_host)) {
        Some(known) => Ok(Some((*known).to_owned())),
        None => Err(response::invalid(&[("availability", "is none of the known availabilities".to_owned())])),
    }
}
