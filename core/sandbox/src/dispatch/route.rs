//! The route of a request: the name under which faults are put on it.

use axum::http::Method;

use crate::http::request::Request;
use crate::values::fault::Route;

/// The route of this request, if it has one besides [`Route::Any`].
pub(super) fn route(request: &Request) -> Option<Route> {
    let is = |method: &Method| request.method == *method;
    match request.path().as_slice() {
        [] | ["autodiscover", "autodiscoverservice.svc", "root"] => Some(Route::Discovery),
        ["autodiscover", "autodiscoverservice.svc", "root", ..] => Some(Route::User),
        ["webticket", "oauthtoken"] => Some(Route::Token),
        ["ucwa", rest @ ..] => match below_applications(rest)? {
            [] => Some(Route::Applications),
            [_] if is(&Method::DELETE) => Some(Route::DeleteApplication),
            [_, "events"] => Some(Route::Events),
            [_, "communication", "messaginginvitations" | "startmessaging"]
            | [_, "communication", "conversations", _, "messaging", "addmessaging"]
                if is(&Method::POST) =>
            {
                Some(Route::StartMessaging)
            }
            [_, "communication", "conversations", _, "messaging", last] if is(&Method::POST) => match *last {
                "messages" | "sendmessage" => Some(Route::SendMessage),
                "terminate" | "stopmessaging" => Some(Route::StopMessaging),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The path below `applications`. Clients with a token use the paths with `oauth`.
pub(super) fn below_applications<'a, 'b>(path: &'b [&'a str]) -> Option<&'b [&'a str]> {
    match path {
        ["oauth", "v1", "applications", rest @ ..] | ["v1", "applications", rest @ ..] => Some(rest),
        _ => None,
    }
}
