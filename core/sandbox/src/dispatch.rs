//! One request from arrival to answer: journal, faults, and the way to the resource.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, Uri};
use bytes::Bytes;

use crate::application::{self, Application};
use crate::challenge;
use crate::conversation;
use crate::cross_domain;
use crate::damage;
use crate::discovery;
use crate::door::Line;
use crate::events;
use crate::faults::Route;
use crate::input::Call;
use crate::origin::Asked;
use crate::people;
use crate::reply::{self, Problem, Reply};
use crate::token;
use crate::world::World;

/// The longest body that is read to its end; a longer one has its connection closed.
const READABLE: usize = 16 * 1024 * 1024;
/// The longest body that is accepted.
const ACCEPTED: usize = 1024 * 1024;

/// Answers a request of the UCWA side that came over the connection of this number.
pub(crate) async fn answer(
    world: Arc<World>,
    pool: usize,
    number: u64,
    (connection, stream): (Line, Option<u32>),
    request: Request<Body>,
) -> Reply {
    let (head, body) = request.into_parts();
    let segments = Call::split(head.uri.path());
    let mut call = Call {
        method: head.method,
        segments,
        query: head.uri.query().unwrap_or_default().to_owned(),
        asked: Asked::of(&head.uri, &head.headers),
        headers: head.headers,
        body: Bytes::new(),
        pool,
        connection,
        stream,
    };
    let number = world.journal.open(
        call.method.to_string(),
        shown_path(&head.uri, &call),
        world.origin(pool).url().to_owned(),
        pool,
        number,
    );
    let mut reply = match axum::body::to_bytes(body, READABLE).await {
        Ok(body) if body.len() <= ACCEPTED => {
            call.body = body;
            damage::answer(&world, &call, route(&call)).await
        }
        _ => Problem::TooLarge.into(),
    };
    reply::sign(&mut reply, World::server_name(pool));
    world.journal.close(number, reply.status().as_u16());
    tracing::debug!(number, pool, method = %call.method, status = reply.status().as_u16(), "answered");
    reply
}

/// The path and query for the journal. A token request may carry a password in its query.
fn shown_path(uri: &Uri, call: &Call) -> String {
    let secret = route(call) == Some(Route::Token);
    let whole = uri.path_and_query().map_or(uri.path(), |path| path.as_str());
    if secret { uri.path().to_owned() } else { whole.to_owned() }
}

/// The name that faults know this request by.
fn route(call: &Call) -> Option<Route> {
    let is = |method: &Method| call.method == *method;
    match call.path().as_slice() {
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

/// What follows `applications`, with or without the `oauth` that tells the paths of token clients apart.
fn below_applications<'a, 'b>(path: &'b [&'a str]) -> Option<&'b [&'a str]> {
    match path {
        ["oauth", "v1", "applications", rest @ ..] | ["v1", "applications", rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Processes a request that no fault keeps from being processed.
pub(crate) async fn process(world: &Arc<World>, call: &Call) -> Reply {
    if call.method == Method::OPTIONS && call.path() == ["webticket", "oauthtoken"] {
        // What a browser asks before it posts elsewhere. A pool knows no such request and misses the credentials.
        let refusal = reply::page(axum::http::StatusCode::BAD_REQUEST, "400 - Bad Request");
        return challenge::diagnosed(refusal, 28020, call.pool, "No valid security token.");
    }
    if let Err(refusal) = cross_domain::check(world, call) {
        return refusal;
    }
    // Revision 2 is the newest of any resource; compared as a number, as clients send "2" and "2.0".
    let revision = call.header("x-ms-requiresminresourceversion").and_then(|value| value.trim().parse().ok());
    if revision.is_some_and(|revision: f64| revision > 2.0) {
        return Problem::VersionUnknown.into();
    }
    match call.path().as_slice() {
        [] | ["autodiscover", "autodiscoverservice.svc", "root"] => {
            only(call, &Method::GET).map_or_else(|refusal| refusal, |()| discovery::root(world, call))
        }
        ["autodiscover", "autodiscoverservice.svc", "root", "user"]
        | ["autodiscover", "autodiscoverservice.svc", "root", "oauth", "user"] => {
            only(call, &Method::GET).map_or_else(|refusal| refusal, |()| discovery::user(world, call))
        }
        ["xframe"] | ["autodiscover", "xframe", "xframe.html"] => {
            only(call, &Method::GET).map_or_else(|refusal| refusal, |()| cross_domain::xframe())
        }
        ["sandbox", "redirect"] => {
            only(call, &Method::GET).map_or_else(|refusal| refusal, |()| discovery::redirect(call))
        }
        ["webticket", "oauthtoken"] if has_tickets(world, call) => token::request(world, call),
        ["ucwa", rest @ ..] => match below_applications(rest) {
            Some(path) if call.pool == world.home() => {
                ucwa(world, call, path).await.unwrap_or_else(|refusal| refusal)
            }
            // The account's home until it was moved: what it had there is gone.
            Some([_, ..]) if call.pool == world.config.layout.home() => challenge::authenticate(world, call)
                .map_or_else(|refusal| refusal, |_| Problem::ApplicationGone.into()),
            _ => Problem::NoSuchResource.into(),
        },
        _ => Problem::NoSuchResource.into(),
    }
}

/// The first origin of a redirect has nothing but its redirect.
fn has_tickets(world: &World, call: &Call) -> bool {
    world.config.layout != crate::Layout::Redirect || call.pool == world.home()
}

/// Checks the method. HEAD is allowed where GET is: clients fetch the challenge with it.
fn only(call: &Call, method: &Method) -> Result<(), Reply> {
    let head = *method == Method::GET && call.method == Method::HEAD;
    if call.method == *method || head { Ok(()) } else { Err(Problem::MethodNotAllowed.into()) }
}

async fn ucwa(world: &Arc<World>, call: &Call, path: &[&str]) -> Result<Reply, Reply> {
    let user = challenge::authenticate(world, call)?;
    let [id, below @ ..] = path else {
        only(call, &Method::POST)?;
        return application::create::create(world, call, &user);
    };
    let application = world.application(id).ok_or(Problem::ApplicationGone)?;
    if application.user != user {
        return Err(Problem::NotPermitted.into());
    }
    match below {
        [] if call.method == Method::DELETE => {
            world.end_application(&application.id);
            Ok(reply::empty(axum::http::StatusCode::NO_CONTENT))
        }
        [] => {
            only(call, &Method::GET)?;
            Ok(application::create::answer(&application, axum::http::StatusCode::OK))
        }
        ["events"] => {
            only(call, &Method::GET)?;
            Ok(events::get(world, &application, call).await)
        }
        ["policies"] => {
            only(call, &Method::GET)?;
            Ok(reply::resource(&application.policies_view()))
        }
        ["me" | "communication", "makemeavailable"] => {
            only(call, &Method::POST)?;
            application::presence::make_me_available(&application, call)
        }
        ["me", "reportmyactivity"] | ["reportmyactivity"] => {
            only(call, &Method::POST)?;
            application::presence::report_my_activity(&application)
        }
        ["me"] => {
            only(call, &Method::GET)?;
            Ok(reply::resource(&application.me_view(&application.state())))
        }
        ["me", "presence"] if call.method == Method::POST => application::presence::set(&application, call),
        ["me", name @ ("note" | "location")] if [Method::POST, Method::PUT].contains(&call.method) => {
            application::presence::tell(&application, call, name)
        }
        ["me", name] => {
            only(call, &Method::GET)?;
            application::presence::read(&application, name)
        }
        ["people", path @ ..] => {
            only(call, &Method::GET)?;
            people::read(world, &application, call, path)
        }
        ["onlinemeetings"] => {
            only(call, &Method::GET)?;
            Ok(reply::resource(&application.online_meetings_view()))
        }
        ["communication", rest @ ..] => communication(world, &application, call, rest).await,
        _ => Err(Problem::NoSuchResource.into()),
    }
}

async fn communication(
    world: &Arc<World>,
    application: &Arc<Application>,
    call: &Call,
    path: &[&str],
) -> Result<Reply, Reply> {
    match path {
        [] if call.method == Method::PUT => application::communication::write(application, call),
        [] => {
            only(call, &Method::GET)?;
            Ok(application::communication::read(application))
        }
        ["messaginginvitations" | "startmessaging"] => {
            only(call, &Method::POST)?;
            let existing = call.query("conversationId").map(|id| id.to_lowercase());
            conversation::invite::start(world, application, call, existing.as_deref()).await
        }
        ["messaginginvitations" | "invitations", id] => {
            only(call, &Method::GET)?;
            conversation::read::invitation(application, id)
        }
        ["conversations"] => {
            only(call, &Method::GET)?;
            Ok(conversation::read::list(application))
        }
        ["conversations", id] if call.method == Method::DELETE => conversation::end::leave(application, id),
        ["conversations", id, "messaging", "terminate" | "stopmessaging"] => {
            only(call, &Method::POST)?;
            let manner = world.faults.for_events(Route::StopMessaging);
            conversation::end::stop(application, id, manner).await
        }
        ["conversations", id, "messaging", "messages" | "sendmessage"] => {
            only(call, &Method::POST)?;
            conversation::message::send(world, application, id, call).await
        }
        ["conversations", id, "messaging", "addmessaging"] => {
            only(call, &Method::POST)?;
            conversation::invite::start(world, application, call, Some(id)).await
        }
        ["conversations", id, "messaging", "typing" | "setistyping"] => {
            only(call, &Method::POST)?;
            conversation::message::typing(application, id)
        }
        ["conversations", id, below @ ..] => {
            only(call, &Method::GET)?;
            conversation::read::resource(application, id, below)
        }
        _ => Err(Problem::NoSuchResource.into()),
    }
}
