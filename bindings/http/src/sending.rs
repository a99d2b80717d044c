//! The way of one request's message. The send is a task of its own: a caller who goes away does not end it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use send_im::bindings::StepListener;
use send_im::{Account, Error, ErrorKind, Message, Receipt, Result, Sent, Step};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::connections::ActiveRequest;
use crate::guard::Peer;
use crate::metrics;
use crate::order::Order;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::progress::{self, ProgressReceiver, ProgressSender};
use crate::service::Shared;

/// `GET` and `POST` of `/`, `/index.html` and `/send`.
///
/// Events are for POST alone: the `EventSource` of browsers, which asks by GET, asks again whenever a connection ends.
pub(crate) async fn send(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Result<Response, Problem> {
    let events = request.method() == Method::POST && progress::wanted(request.headers());
    let parameters = Parameters::read(request, shared.options.largest_body, &shared.bodies).await?;
    let order = Order::new(parameters, &shared.options)?;
    let (progress, active) = begin(&shared, &peer, order, events)?;
    match events {
        true => Ok(progress.events(active)),
        false => Ok(Json(progress.outcome().await?).into_response()),
    }
}

/// Begins to carry out an order: its progress, and what keeps the connection open until the answer.
///
/// # Errors
/// 503 where the service is stopping, or as many sends are under way as may be.
pub(crate) fn begin(
    shared: &Arc<Shared>,
    peer: &Peer,
    order: Order,
    events: bool,
) -> Result<(ProgressReceiver, ActiveRequest), Problem> {
    if shared.closing.is_cancelled() {
        return Err(Problem::closing());
    }
    let Some(active) = peer.permit.begin_request() else {
        let detail = "The connection has made room for another one; nothing was sent.";
        return Err(Problem::refused(StatusCode::SERVICE_UNAVAILABLE, ErrorKind::LimitReached, detail));
    };
    let send_permits = send_permits(shared, &order)?;
    let (sender, receiver) = progress::channel();
    let steps = if events { sender.step_listener() } else { None };
    shared.sends.spawn(carry_out(shared.clone(), order, peer.address, send_permits, steps, sender));
    Ok((receiver, active))
}

/// A permit to send, and one of those of other accounts than the service's own.
fn send_permits(shared: &Shared, order: &Order) -> Result<Vec<OwnedSemaphorePermit>, Problem> {
    let others = order.credentials.is_some().then_some(&shared.send_permits_of_others);
    let send_permits = [&shared.send_permits]
        .into_iter()
        .chain(others)
        .map(|send_permits| send_permits.clone().try_acquire_owned());
    send_permits.collect::<Result<_, _>>().map_err(|_| {
        let detail = format!(
            "As many sends are under way as may be ({}); nothing was sent.",
            shared.options.most_sends
        );
        Problem::refused(StatusCode::SERVICE_UNAVAILABLE, ErrorKind::LimitReached, detail).retry_after(1)
    })
}

async fn carry_out(
    shared: Arc<Shared>,
    order: Order,
    caller: IpAddr,
    send_permits: Vec<OwnedSemaphorePermit>,
    steps: Option<StepListener>,
    progress: ProgressSender,
) {
    let (started, to) = (Instant::now(), order.to.clone());
    let under_way = shared.metrics.sending();
    let result = deliver(&shared, order, caller, steps, started).await;
    under_way.end(&result);
    drop(send_permits);
    let (outcome, elapsed_ms) = (metrics::outcome(&result), started.elapsed().as_millis() as u64);
    let sent = result.as_ref().map_or_else(|error| error.sent().as_str(), |_| "yes");
    if progress.finish(result) {
        tracing::info!(%to, outcome, sent, elapsed_ms, "a send has ended");
    } else {
        tracing::warn!(%to, outcome, sent, elapsed_ms, "a send has ended whose caller had gone away");
    }
}

async fn deliver(
    shared: &Arc<Shared>,
    order: Order,
    caller: IpAddr,
    steps: Option<StepListener>,
    started: Instant,
) -> Result<Receipt> {
    let deadline = started + order.timeout;
    let message = with_listener(order.message, &order.account, steps.as_ref());
    let mut first = true;
    loop {
        let mut lease = shared.sessions.lease(&order.credentials, &order.account, caller, steps.as_ref())?;
        let client = tokio::select! {
            client = lease.client(deadline) => client?,
            () = shared.given_up.cancelled() => {
                return Err(Error::cancelled("The service stopped before the sender was signed in; nothing was sent.", Sent::No));
            }
        };
        // A timeout of zero would be refused as an argument; here it is one that has run out.
        let rest = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let error = match client.send(message.clone().timeout(rest)).await {
            Err(error) if ends_session(&error) => error,
            result => return result,
        };
        shared.sessions.forget(&lease);
        // Nothing was sent, and the server has no more than ended a session that it had let us open.
        let may_repeat = error.kind() == ErrorKind::Closed && error.sent() == Sent::No;
        if !(first && may_repeat) || shared.closing.is_cancelled() {
            return Err(error);
        }
        first = false;
    }
}

/// The message whose steps this listener hears, and the account's own as without it.
fn with_listener(message: Message, account: &Account, listener: Option<&StepListener>) -> Message {
    let Some(listener) = listener.cloned() else { return message };
    let before = account.step_listener();
    message.on_step(move |step| {
        before.iter().for_each(|before| before(step));
        listener(step);
    })
}

/// True where this session will not send any more, whatever is asked of it.
fn ends_session(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Closed
        | ErrorKind::SignInRefused
        | ErrorKind::SignInUnsupported
        | ErrorKind::UntrustedHost => true,
        // The event channel was refused for good, in the server's words.
        _ => {
            error.step() == Some(Step::Confirm) && matches!(error.http_status(), Some(400 | 403 | 405 | 410))
        }
    }
}
