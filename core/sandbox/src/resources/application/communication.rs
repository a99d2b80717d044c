//! GET and PUT of the communication resource (communication_ref, PayloadFormat).

use axum::http::header::{ETAG, IF_MATCH};

use crate::http::request::Request;
use crate::http::response::{self, Response, UcwaError};
use crate::state::application::{Application, ApplicationState, resource_event};
use crate::state::channel::Urgency;
use crate::values::event_faults::EventFaults;

/// The resource with its etag.
pub(crate) fn read(application: &Application) -> Response {
    let state = application.state();
    let etag = format!("\"{}\"", state.communication.etag);
    response::with(response::resource(&application.communication_view(&state)), ETAG, &etag)
}

/// Sets the formats and modalities, if the PUT has the current etag.
pub(crate) fn write(application: &Application, request: &Request) -> Result<Response, Response> {
    let input = request.input()?;
    let mut state = application.state();
    let known = request.header(IF_MATCH.as_str()).ok_or(UcwaError::EtagMissing)?;
    let current = state.communication.etag.to_string();
    let fresh = known.split(',').map(|etag| etag.trim().trim_start_matches("W/").trim_matches('"'));
    if !fresh.into_iter().any(|etag| etag == current || etag == "*") {
        return Err(UcwaError::EtagStale.into());
    }
    if input.get(&state.communication.pass_back).is_none() {
        return Err(response::invalid(&[(
            &state.communication.pass_back,
            "has to be passed back".to_owned(),
        )]));
    }
    set(&mut state, input.list("supportedMessageFormats"), input.list("supportedModalities"))?;
    updated(application, &mut state);
    drop(state);
    application.wake();
    Ok(read(application))
}

/// Checks and sets formats and modalities; those not given stay as they are.
pub(crate) fn set(
    state: &mut ApplicationState,
    formats: Option<Vec<String>>,
    modalities: Option<Vec<String>>,
) -> Result<(), Response> {
    let known = |given: Option<Vec<String>>, names: &[&str]| -> Option<Option<Vec<String>>> {
        let Some(given) = given else { return Some(None) };
        let named = given.iter().map(|item| names.iter().find(|name| name.eq_ignore_ascii_case(item)));
        named.map(|name| name.map(|name| (*name).to_owned())).collect::<Option<Vec<_>>>().map(Some)
    };
    let formats = known(formats, &["Plain", "Html"]).ok_or_else(|| {
        response::invalid(&[(
            "supportedMessageFormats",
            "holds something else than Plain and Html".to_owned(),
        )])
    })?;
    // Modalities that UCWA does not offer are not permitted (makeMeAvailable_ref).
    let modalities = known(modalities, &["Messaging", "PhoneAudio"]).ok_or(UcwaError::NotPermitted)?;
    state.communication.formats = formats.unwrap_or_else(|| state.communication.formats.clone());
    state.communication.modalities = modalities.unwrap_or_else(|| state.communication.modalities.clone());
    Ok(())
}

/// Gives the resource a new etag and queues the event.
pub(crate) fn updated(application: &Application, state: &mut ApplicationState) {
    state.communication.etag += 1;
    let href = format!("{}/communication", application.href);
    let view = application.communication_view(state);
    let event = resource_event("updated", "communication", &href, None, Some(view));
    state.queue_event(application.communication_sender(), event, Urgency::Medium, EventFaults::default());
}
