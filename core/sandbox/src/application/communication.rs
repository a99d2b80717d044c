//! PUT of the communication resource (communication_ref, PayloadFormat).

use axum::http::header::{ETAG, IF_MATCH};

use crate::channel::Urgency;
use crate::faults::Manner;
use crate::input::Call;
use crate::reply::{self, Problem, Reply};

use super::{Application, State, event};

/// The resource with its etag.
pub(crate) fn read(application: &Application) -> Reply {
    let state = application.state();
    let etag = format!("\"{}\"", state.communication.etag);
    reply::with(reply::resource(&application.communication_view(&state)), ETAG, &etag)
}

/// Takes over the formats and modalities of a PUT that knows the present etag.
pub(crate) fn write(application: &Application, call: &Call) -> Result<Reply, Reply> {
    let input = call.input()?;
    let mut state = application.state();
    let known = call.header(IF_MATCH.as_str()).ok_or(Problem::EtagMissing)?;
    let current = state.communication.etag.to_string();
    let fresh = known.split(',').map(|etag| etag.trim().trim_start_matches("W/").trim_matches('"'));
    if !fresh.into_iter().any(|etag| etag == current || etag == "*") {
        return Err(Problem::EtagStale.into());
    }
    if input.get(&state.communication.pass_back).is_none() {
        return Err(reply::invalid(&[(&state.communication.pass_back, "has to be passed back".to_owned())]));
    }
    accept(&mut state, input.list("supportedMessageFormats"), input.list("supportedModalities"))?;
    updated(application, &mut state);
    drop(state);
    application.wake();
    Ok(read(application))
}

/// Checks and takes over formats and modalities; what is not given stays.
pub(crate) fn accept(
    state: &mut State,
    formats: Option<Vec<String>>,
    modalities: Option<Vec<String>>,
) -> Result<(), Reply> {
    let known = |given: Option<Vec<String>>, names: &[&str]| -> Option<Option<Vec<String>>> {
        let Some(given) = given else { return Some(None) };
        let named = given.iter().map(|item| names.iter().find(|name| name.eq_ignore_ascii_case(item)));
        named.map(|name| name.map(|name| (*name).to_owned())).collect::<Option<Vec<_>>>().map(Some)
    };
    let formats = known(formats, &["Plain", "Html"]).ok_or_else(|| {
        reply::invalid(&[("supportedMessageFormats", "holds something else than Plain and Html".to_owned())])
    })?;
    // A modality of no use to UCWA is not allowed to anybody (makeMeAvailable_ref).
    let modalities = known(modalities, &["Messaging", "PhoneAudio"]).ok_or(Problem::NotPermitted)?;
    state.communication.formats = formats.unwrap_or_else(|| state.communication.formats.clone());
    state.communication.modalities = modalities.unwrap_or_else(|| state.communication.modalities.clone());
    Ok(())
}

/// Gives the resource its next etag and tells the client about it.
pub(crate) fn updated(application: &Application, state: &mut State) {
    state.communication.etag += 1;
    let href = format!("{}/communication", application.href);
    let view = application.communication_view(state);
    let event = event("updated", "communication", &href, None, Some(view));
    state.tell(application.communication_sender(), event, Urgency::Medium, Manner::default());
}
