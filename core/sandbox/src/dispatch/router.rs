//! The way of a request to its resource.

use std::sync::Arc;

use axum::http::{Method, StatusCode};

use crate::dispatch::route::below_applications;
use crate::http::request::Request;
use crate::http::response::{self, Response, UcwaError};
use crate::resources::{
    application, challenge, conversation, cross_domain, discovery, events, people, token,
};
use crate::state::application::Application;
use crate::state::shared::SharedState;
use crate::values::fault::Route;
use crate::values::layout::Layout;

/// Processes a request.
pub(super) async fn process(shared: &Arc<SharedState>, request: &Request) -> Response {
    resource(shared, request).await.unwrap_or_else(|refusal| refusal)
}

async fn resource(shared: &Arc<SharedState>, request: &Request) -> Result<Response, Response> {
    if request.method == Method::OPTIONS && request.path() == ["webticket", "oauthtoken"] {
        // The CORS preflight of a token request. A pool does not know it, and answers that the credentials are missing.
        let refusal = response::page(StatusCode::BAD_REQUEST, "400 - Bad Request");
        return Err(response::diagnosed(refusal, 28020, request.pool, "No valid security token."));
    }
    cross_domain::check(shared, request)?;
    // No resource has a higher revision than 2. Compared as a number: clients send "2" and "2.0".
    let revision =
        request.header("x-ms-requiresminresourceversion").and_then(|value| value.trim().parse().ok());
    if revision.is_some_and(|revision: f64| revision > 2.0) {
        return Err(UcwaError::VersionUnknown.into());
    }
    match request.path().as_slice() {
        [] | ["autodiscover", "autodiscoverservice.svc", "root"] => {
            only(request, &Method::GET)?;
            Ok(discovery::root(shared, request))
        }
        ["autodiscover", "autodiscoverservice.svc", "root", "user"]
        | ["autodiscover", "autodiscoverservice.svc", "root", "oauth", "user"] => {
            only(request, &Method::GET)?;
            discovery::user(shared, request)
        }
        ["xframe"] | ["autodiscover", "xframe", "xframe.html"] => {
            only(request, &Method::GET)?;
            Ok(cross_domain::xframe())
        }
        ["sandbox", "redirect"] => {
            only(request, &Method::GET)?;
            Ok(discovery::redirect(request))
        }
        ["webticket", "oauthtoken"] if has_tickets(shared, request) => Ok(token::request(shared, request)),
        ["ucwa", rest @ ..] => match below_applications(rest) {
            Some(path) if request.pool == shared.home_pool() => ucwa(shared, request, path).await,
            // The home pool until the account was moved: its applications are no longer found.
            Some([_, ..]) if request.pool == shared.config.layout.home_pool() => {
                challenge::authenticate(shared, request)?;
                Err(UcwaError::ApplicationGone.into())
            }
            _ => Err(UcwaError::NoSuchResource.into()),
        },
        _ => Err(UcwaError::NoSuchResource.into()),
    }
}

/// False for the first origin of [`Layout::Redirect`], which has no token service.
fn has_tickets(shared: &SharedState, request: &Request) -> bool {
    shared.config.layout != Layout::Redirect || request.pool == shared.home_pool()
}

/// Checks the method. HEAD is allowed where GET is: clients request the challenge with it.
fn only(request: &Request, method: &Method) -> Result<(), Response> {
    let head = *method == Method::GET && request.method == Method::HEAD;
    if request.method == *method || head { Ok(()) } else { Err(UcwaError::MethodNotAllowed.into()) }
}

async fn ucwa(shared: &Arc<SharedState>, request: &Request, path: &[&str]) -> Result<Response, Response> {
    let user = challenge::authenticate(shared, request)?;
    let [id, below @ ..] = path else {
        only(request, &Method::POST)?;
        return application::create::create(shared, request, &user);
    };
    let application = shared.application(id).ok_or(UcwaError::ApplicationGone)?;
    if application.user != user {
        return Err(UcwaError::NotPermitted.into());
    }
    match below {
        [] if request.method == Method::DELETE => {
            shared.end_application(&application.id);
            Ok(response::empty(StatusCode::NO_CONTENT))
        }
        [] => {
            only(request, &Method::GET)?;
            Ok(application::create::resource(&application, StatusCode::OK))
        }
        ["events"] => {
            only(request, &Method::GET)?;
            Ok(events::get(shared, &application, request).await)
        }
        ["policies"] => {
            only(request, &Method::GET)?;
            Ok(response::resource(&application.policies_view()))
        }
        ["me" | "communication", "makemeavailable"] => me(&application, request, &["makemeavailable"]),
        ["reportmyactivity"] => me(&application, request, below),
        ["me", rest @ ..] => me(&application, request, rest),
        ["people", path @ ..] => {
            only(request, &Method::GET)?;
            people::read(shared, &application, request, path)
        }
        ["onlinemeetings"] => {
            only(request, &Method::GET)?;
            Ok(response::resource(&application.online_meetings_view()))
        }
        ["communication", rest @ ..] => communication(shared, &application, request, rest).await,
        _ => Err(UcwaError::NoSuchResource.into()),
    }
}

fn me(application: &Application, request: &Request, path: &[&str]) -> Result<Response, Response> {
    match path {
        [] => {
            only(request, &Method::GET)?;
            Ok(response::resource(&application.me_view(&application.state())))
        }
        ["makemeavailable"] => {
            only(request, &Method::POST)?;
            application::presence::make_me_available(application, request)
        }
        ["reportmyactivity"] => {
            only(request, &Method::POST)?;
            application::presence::report_my_activity(application)
        }
        ["presence"] if request.method == Method::POST => application::presence::set(application, request),
        [name @ ("note" | "location")] if [Method::POST, Method::PUT].contains(&request.method) => {
            application::presence::set_note(application, request, name)
        }
        [name] => {
            only(request, &Method::GET)?;
            application::presence::read(application, name)
        }
        _ => Err(UcwaError::NoSuchResource.into()),
    }
}

async fn communication(
    shared: &Arc<SharedState>,
    application: &Arc<Application>,
    request: &Request,
    path: &[&str],
) -> Result<Response, Response> {
    match path {
        [] if request.method == Method::PUT => application::communication::write(application, request),
        [] => {
            only(request, &Method::GET)?;
            Ok(application::communication::read(application))
        }
        ["messaginginvitations" | "startmessaging"] => {
            only(request, &Method::POST)?;
            let existing = request.query("conversationId").map(|id| id.to_lowercase());
            conversation::invite::start(shared, application, request, existing.as_deref()).await
        }
        ["messaginginvitations" | "invitations", id] => {
            only(request, &Method::GET)?;
            conversation::get::invitation(application, id)
        }
        ["conversations"] => {
            only(request, &Method::GET)?;
            Ok(conversation::get::list(application))
        }
        ["conversations", id] if request.method == Method::DELETE => {
            conversation::stop::leave(application, id)
        }
        ["conversations", id, "messaging", "terminate" | "stopmessaging"] => {
            only(request, &Method::POST)?;
            let event_faults = shared.faults.for_events(Route::StopMessaging);
            conversation::stop::stop(application, id, event_faults).await
        }
        ["conversations", id, "messaging", "messages" | "sendmessage"] => {
            only(request, &Method::POST)?;
            conversation::message::send(shared, application, id, request).await
        }
        ["conversations", id, "messaging", "addmessaging"] => {
            only(request, &Method::POST)?;
            conversation::invite::start(shared, application, request, Some(id)).await
        }
        ["conversations", id, "messaging", "typing" | "setistyping"] => {
            only(request, &Method::POST)?;
            conversation::message::typing(application, id)
        }
        ["conversations", id, below @ ..] => {
            only(request, &Method::GET)?;
            conversation::get::resource(application, id, below)
        }
        _ => Err(UcwaError::NoSuchResource.into()),
    }
}
