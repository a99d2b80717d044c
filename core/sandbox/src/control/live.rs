//! The news of a sandbox as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream;
use serde::Serialize;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::broadcast::Receiver;

use crate::http::response::{self, Response};
use crate::state::inbox::Delivered;
use crate::state::news::Change;
use crate::state::shared::SharedState;

/// How often a stream without news says that it is alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

struct Watcher {
    shared: Arc<SharedState>,
    messages: Receiver<Delivered>,
    changes: Receiver<Change>,
    _permit: OwnedSemaphorePermit,
}

/// Answers with the news from now on, until the client goes away, falls behind, or the sandbox closes.
pub(super) fn stream(shared: Arc<SharedState>) -> Response {
    let Ok(permit) = shared.watchers.clone().try_acquire_owned() else {
        let why = json!({ "error": "as many watch the sandbox as may" });
        return response::json(StatusCode::SERVICE_UNAVAILABLE, &why);
    };
    let watcher = Watcher {
        messages: shared.inbox.subscribe(),
        changes: shared.news.subscribe(),
        shared,
        _permit: permit,
    };
    let news = stream::unfold(watcher, async |mut watcher| {
        let event = watcher.next().await?;
        Some((Ok::<_, Infallible>(event), watcher))
    });
    Sse::new(news).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("keep-alive")).into_response()
}

impl Watcher {
    /// None ends the stream: one that fell behind has missed news, so its client asks for everything again.
    async fn next(&mut self) -> Option<Event> {
        loop {
            // Messages go first: none that was delivered before the inbox was cleared is told after that.
            let change = tokio::select! {
                biased;
                () = self.shared.closing.cancelled() => return None,
                message = self.messages.recv() => return event("message", &message.ok()?),
                change = self.changes.recv() => change.ok()?,
            };
            match change {
                // It has gone where the journal was cleared meanwhile.
                Change::Ended(number) => {
                    if let Some(exchange) = self.shared.journal.get(number) {
                        return event("exchange", &exchange);
                    }
                }
                Change::Resource(name) => return event("changed", &name),
            }
        }
    }
}

fn event(name: &str, data: &impl Serialize) -> Option<Event> {
    Event::default().event(name).json_data(data).ok()
}
