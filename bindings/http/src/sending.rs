//! The way of one request's message. The send is a task of its own: a caller who goes away does not end it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use send_im::{Error, ErrorKind, Receipt, Result, Sent, Step};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use crate::guard::Peer;
use crate::metrics;
use crate::order::Order;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::service::Shared;

/// `GET` and `POST` of `/`, `/index.html` and `/send`.
pub(crate) async fn send(
    State(shared): State<Arc<Shared>>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Result<Json<Receipt>, Problem> {
    let parameters = Parameters::read(request, shared.options.largest_body, &shared.bodies).await?;
    let order = Order::new(parameters, &shared.options)?;
    if shared.closing.is_cancelled() {
        return Err(Problem::closing());
    }
    let Some(_answering) = peer.place.answering() else {
        let detail = "The connection has made room for another one; nothing was sent.";
        return Err(Problem::refused(StatusCode::SERVICE_UNAVAILABLE, ErrorKind::LimitReached, detail));
    };
    let places = places(&shared, &order)?;
    let (done, result) = oneshot::channel();
    shared.sends.spawn(carry_out(shared.clone(), order, peer.address, places, done));
    Ok(Json(outcome(result).await?))
}

/// A place among the sends under way, and one among those of other accounts than the service's own.
fn places(shared: &Shared, order: &Order) -> Result<Vec<OwnedSemaphorePermit>, Problem> {
    let others = order.who.is_some().then_some(&shared.places_of_others);
    let places = [&shared.places].into_iter().chain(others).map(|places| places.clone().try_acquire_owned());
    places.collect::<Result<_, _>>().map_err(|_| {
        let detail = format!(
            "As many sends are under way as may be ({}); nothing was sent.",
            shared.options.most_sends
        );
        Problem::refused(StatusCode::SERVICE_UNAVAILABLE, ErrorKind::LimitReached, detail).retry_after(1)
    })
}

/// What the task of a send told. One that told nothing has died of an error of ours, perhaps after the message was sent.
async fn outcome(told: oneshot::Receiver<Result<Receipt>>) -> Result<Receipt> {
    told.await.unwrap_or_else(|_| {
        let detail = "The service failed inside; please report this with its log.";
        Err(Error::new(ErrorKind::OutcomeUnknown, detail).with_sent(Sent::Maybe))
    })
}

async fn carry_out(
    shared: Arc<Shared>,
    order: Order,
    caller: IpAddr,
    places: Vec<OwnedSemaphorePermit>,
    done: oneshot::Sender<Result<Receipt>>,
) {
    let (started, to) = (Instant::now(), order.to.clone());
    let under_way = shared.metrics.sending();
    let result = deliver(&shared, order, caller, started).await;
    under_way.end(&result);
    drop(places);
    let (outcome, elapsed_ms) = (metrics::outcome(&result), started.elapsed().as_millis() as u64);
    let sent = result.as_ref().map_or_else(|error| error.sent().as_str(), |_| "yes");
    if done.send(result).is_ok() {
        tracing::info!(%to, outcome, sent, elapsed_ms, "a send has ended");
    } else {
        tracing::warn!(%to, outcome, sent, elapsed_ms, "a send has ended whose caller had gone away");
    }
}

async fn deliver(shared: &Arc<Shared>, order: Order, caller: IpAddr, started: Instant) -> Result<Receipt> {
    let deadline = started + order.timeout;
    let mut first = true;
    loop {
        let mut lease = shared.sessions.lease(&order.who, &order.account, caller)?;
        let client = tokio::select! {
            client = lease.client(deadline) => client?,
            () = shared.given_up.cancelled() => {
                return Err(Error::cancelled("The service stopped before the sender was signed in; nothing was sent.", Sent::No));
            }
        };
        // A timeout of zero would be refused as an argument; here it is one that has run out.
        let rest = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let error = match client.send(order.message.clone().timeout(rest)).await {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_send_that_died_may_have_arrived() {
        let (done, told) = oneshot::channel();
        let died = tokio::spawn(async move {
            let _done = done;
            panic!("as an error of ours would");
        });
        assert!(died.await.is_err());
        let error = outcome(told).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::OutcomeUnknown, Sent::Maybe));
    }
}
