//! A running sandbox: what was delivered, what is to go wrong, and its end.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use tempfile::TempPath;
use tokio::sync::broadcast;

use crate::control::api;
use crate::resources::conversation::stop;
use crate::state::inbox::{Delivered, WaitTimeout};
use crate::state::journal::Exchange;
use crate::state::shared::SharedState;
use crate::values::behaviour::Behaviour;
use crate::values::challenge_style::ChallengeStyle;
use crate::values::fault::Fault;

/// How long open requests may take when the sandbox stops.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Why the sandbox refuses a request to its own HTTP interface.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RequestRefused(String);

/// A running UCWA server. Dropping it stops it at once; [`Sandbox::stop`] lets open requests end first.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) shared: Arc<SharedState>,
    pub(crate) url: String,
    pub(crate) authority: Option<Authority>,
}

/// The certificate of the authority that vouches for the sandbox.
#[derive(Debug)]
pub(crate) struct Authority {
    pem: String,
    file: TempPath,
}

impl Authority {
    pub(crate) fn new(pem: String) -> io::Result<Self> {
        let mut file = tempfile::Builder::new().prefix("send-im-sandbox-").suffix(".pem").tempfile()?;
        file.write_all(pem.as_bytes())?;
        // Closed, as Windows keeps other readers away from a file that is open for writing.
        Ok(Self { pem, file: file.into_temp_path() })
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // In this order, so that pending requests end without a 503.
        self.shared.stopped.cancel();
        self.shared.closing.cancel();
    }
}

impl Sandbox {
    /// The discovery root, for example `http://127.0.0.1:41234/`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate of the authority that clients have to trust, as PEM; none with plain http.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority.as_ref().map(|authority| authority.pem.as_str())
    }

    /// A file with [`ca_pem`](Self::ca_pem), in the folder for temporary files. It is removed with the sandbox.
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        self.authority.as_ref().map(|authority| &*authority.file)
    }

    /// What was delivered to this address, oldest first. It matches the address that was invited as well
    /// as the one that accepted. `sip:` is optional, case does not matter.
    #[must_use]
    pub fn inbox(&self, address: &str) -> Vec<Delivered> {
        self.shared.inbox.of(address)
    }

    /// Everything that was delivered, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Delivered> {
        self.shared.inbox.all()
    }

    /// Forgets what was delivered.
    pub fn clear_messages(&self) {
        self.shared.inbox.clear();
    }

    /// Waits until `count` messages in total are delivered, and returns all of them.
    ///
    /// # Errors
    /// Fewer were delivered in this time.
    pub async fn wait_for(&self, count: usize, timeout: Duration) -> Result<Vec<Delivered>, WaitTimeout> {
        self.shared.inbox.wait_for(count, timeout).await
    }

    /// One item for each message delivered from now on. A receiver that falls 1024 items behind loses the
    /// oldest and gets [`RecvError::Lagged`](broadcast::error::RecvError::Lagged).
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Delivered> {
        self.shared.inbox.subscribe()
    }

    /// Every request received on every origin, oldest first; the last 100,000 are recorded.
    #[must_use]
    pub fn journal(&self) -> Vec<Exchange> {
        self.shared.journal.last(usize::MAX)
    }

    /// Forgets the requests received.
    pub fn clear_journal(&self) {
        self.shared.journal.clear();
    }

    /// How many applications are open.
    #[must_use]
    pub fn open_applications(&self) -> usize {
        self.shared.open_applications()
    }

    /// How many requests for events are pending.
    #[must_use]
    pub fn pending_gets(&self) -> usize {
        self.shared.pending_gets()
    }

    /// Replaces all faults.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.shared.faults.set(faults);
    }

    /// Adds a fault after the others.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.faults.add([fault]);
    }

    /// Removes all faults; origins that refuse connections accept them again.
    pub fn clear_faults(&self) {
        self.shared.faults.set(Vec::new());
        self.shared.reopen_listeners();
    }

    /// Refuses connections to one origin for this time and closes the open ones: 0 is the discovery root, 1 the second
    /// pool. When it returns, connections are refused; [`clear_faults`](Self::clear_faults) ends that earlier.
    pub async fn refuse_connections(&self, pool: usize, time: Duration) {
        self.shared.listener(pool).refuse(time, None).await;
    }

    /// Moves the account to another home pool: discovery leads to it from now on. With [`Layout::TwoPools`](crate::Layout). The
    /// applications of the old pool are no longer found.
    pub fn move_home(&self, pool: usize) {
        self.shared.move_home(pool);
    }

    /// Closes the connections of one origin; this number of new ones get an untrusted certificate.
    pub fn distrust_connections(&self, pool: usize, connections: u32) {
        self.shared.listener(pool).distrust(connections, None);
    }

    /// The faults that are still to hit a request.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.faults.all()
    }

    /// Changes the form of the challenge.
    pub fn set_challenge(&self, style: ChallengeStyle) {
        *self.shared.challenge.lock() = style;
    }

    /// Sets the behaviour of one address, whatever its local part, from the next invitation on.
    pub fn recipient(&self, address: &str, behaviour: Behaviour) {
        self.shared.recipients.set(address, behaviour);
    }

    /// A token for this user that is valid at every origin, for clients that bring their own.
    #[must_use]
    pub fn issue_token(&self, address: &str) -> String {
        self.shared.issue_token(address)
    }

    /// Revokes every token, including those of [`Sandbox::issue_token`].
    pub fn revoke_tokens(&self) {
        self.shared.tickets.revoke_all();
    }

    /// Ends every application: requests to it are answered with ApplicationNotFound.
    pub fn drop_applications(&self) {
        self.shared.end_applications();
    }

    /// Answers the next or the pending request for events of each application with a `resync` link alone.
    pub fn force_resync(&self) {
        self.shared.force_resync();
    }

    /// Ends the conversations of each application without an event, and answers the next or the pending
    /// request for events with a `resume` link instead of `next`.
    pub fn force_resume(&self) {
        self.shared.force_resume();
    }

    /// The other side closes every connected conversation.
    pub fn end_conversations(&self) {
        stop::end_conversations(&self.shared);
    }

    /// Messaging ends in every connected conversation; the conversations stay and offer addMessaging.
    pub fn disconnect_messaging(&self) {
        stop::disconnect_messaging(&self.shared);
    }

    /// Asks the sandbox's own HTTP interface, without a connection; the README of this crate lists its resources. `path` is what
    /// follows `/sandbox/api/`, for example `recipients/boss@contoso.com`, `json` the body. Gives the body of the response: JSON, or
    /// nothing.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the request.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        json: Option<&str>,
    ) -> Result<String, RequestRefused> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/sandbox/api/{path}"))
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(json.unwrap_or_default().to_owned()));
        let request =
            request.map_err(|_| RequestRefused("This is no method and path of a request.".to_owned()))?;
        let response = api::route(self.shared.clone(), request).await;
        let succeeded = response.status().is_success();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap_or_default();
        let body = String::from_utf8_lossy(&body).into_owned();
        if succeeded {
            return Ok(body);
        }
        let said: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        let reason = said["error"].as_str().unwrap_or_default().trim_end_matches('.');
        Err(RequestRefused(format!("The sandbox refuses this request: {reason}.")))
    }

    /// Stops: no new connection, requests for events are answered with 503, the others end by themselves
    /// or are cut off after a second.
    pub async fn stop(self) {
        self.shared.closing.cancel();
        self.shared.tasks.close();
        let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, self.shared.tasks.wait()).await;
        self.shared.stopped.cancel();
        self.shared.tasks.wait().await;
    }
}
