//! POST, GET and DELETE of applications (CreateAnApplication, applications_ref, MultiTabSupport).

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use uuid::Uuid;

use crate::http::request::Request;
use crate::http::response::{self, Response};
use crate::state::application::{Application, Identity};
use crate::state::shared::SharedState;

/// The longest culture, endpointId, userAgent and instanceId, in characters (applications_ref).
const MAX_MEMBER: usize = 100;

/// Creates an application, or returns the one that the endpoint already has.
pub(crate) fn create(shared: &SharedState, request: &Request, user: &str) -> Result<Response, Response> {
    let input = request.input()?;
    let mut invalid = Vec::new();
    let mut required = |name: &'static str| {
        let value = input.limited(name, MAX_MEMBER, &mut invalid);
        if value.is_none() && !invalid.iter().any(|(member, _)| *member == name) {
            invalid.push((name, "is required".to_owned()));
        }
        value
    };
    let named = (required("endpointId"), required("culture"), required("userAgent"));
    let kind = input.limited("type", MAX_MEMBER, &mut invalid);
    input.limited("instanceId", MAX_MEMBER, &mut invalid);
    let (true, (Some(endpoint_id), Some(culture), Some(user_agent))) = (invalid.is_empty(), named) else {
        return Err(response::invalid(&invalid));
    };
    let identity = Identity { endpoint_id, culture, user_agent, kind };
    for open in shared.applications_of(user, request.pool) {
        if open.identity == identity {
            return Ok(resource(&open, StatusCode::OK));
        }
        if open.identity.endpoint_id == identity.endpoint_id {
            // An endpoint has one application: a new one replaces the old one.
            shared.end_application(&open.id);
        }
    }
    let application =
        Arc::new(Application::new(request.pool, user.to_owned(), identity, shared.config.poll_timeout));
    shared.add_application(Arc::clone(&application));
    Ok(resource(&application, StatusCode::CREATED))
}

/// The resource, with the cookie for photos.
pub(crate) fn resource(application: &Application, status: StatusCode) -> Response {
    let mut found = response::resource(&application.view(&application.state()));
    *found.status_mut() = status;
    let cookie =
        format!("cwt_ucwa={}; path={}/photos; secure; HttpOnly", Uuid::new_v4().simple(), application.href);
    let found = response::with(found, SET_COOKIE, &cookie);
    response::with(found, axum::http::HeaderName::from_static("p3p"), "CP=\"IDC CUR ADMa OUR BUS\"")
}
