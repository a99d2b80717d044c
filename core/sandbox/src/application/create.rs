//! POST, GET and DELETE of applications (CreateAnApplication, applications_ref, MultiTabSupport).

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use uuid::Uuid;

use crate::input::Call;
use crate::reply::{self, Reply};
use crate::world::World;

use super::{Application, Identity};

/// The longest culture, endpointId, userAgent and instanceId (applications_ref).
const LONGEST: usize = 100;

/// Creates an application, or finds the one that the same endpoint has already.
pub(crate) fn create(world: &World, call: &Call, user: &str) -> Result<Reply, Reply> {
    let input = call.input()?;
    let mut faults = Vec::new();
    let mut required = |name: &'static str| {
        let value = input.limited(name, LONGEST, &mut faults);
        if value.is_none() && !faults.iter().any(|(fault, _)| *fault == name) {
            faults.push((name, "is required".to_owned()));
        }
        value
    };
    let named = (required("endpointId"), required("culture"), required("userAgent"));
    let kind = input.limited("type", LONGEST, &mut faults);
    input.limited("instanceId", LONGEST, &mut faults);
    let (true, (Some(endpoint_id), Some(culture), Some(user_agent))) = (faults.is_empty(), named) else {
        return Err(reply::invalid(&faults));
    };
    let identity = Identity { endpoint_id, culture, user_agent, kind };
    for open in world.applications_of(user, call.pool) {
        if open.identity == identity {
            return Ok(answer(&open, StatusCode::OK));
        }
        if open.identity.endpoint_id == identity.endpoint_id {
            // An endpoint runs one application; the older one gives way.
            world.end_application(&open.id);
        }
    }
    let application =
        Arc::new(Application::new(call.pool, user.to_owned(), identity, world.config.poll_timeout));
    world.add_application(Arc::clone(&application));
    Ok(answer(&application, StatusCode::CREATED))
}

/// The resource, with the cookie that opens photos and nothing else.
pub(crate) fn answer(application: &Application, status: StatusCode) -> Reply {
    let mut found = reply::resource(&application.view(&application.state()));
    *found.status_mut() = status;
    let cookie =
        format!("cwt_ucwa={}; path={}/photos; secure; HttpOnly", Uuid::new_v4().simple(), application.href);
    let found = reply::with(found, SET_COOKIE, &cookie);
    reply::with(found, axum::http::HeaderName::from_static("p3p"), "CP=\"IDC CUR ADMa OUR BUS\"")
}
