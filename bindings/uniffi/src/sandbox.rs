//! The sandbox server, for demos and for the host's own tests.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use futures_util::TryFutureExt;
use send_im::{Error, ErrorKind, Sent};
use send_im_runtime::{Generation, unless_cancelled};
use send_im_sandbox::{Builder, Delivered, NotAFault, NotOptions, Sandbox};

use crate::cancellation::{Cancellation, token};
use crate::failure::{Result, SendError};
use crate::news::News;
use crate::pending::{Outcome, PendingCall};
use crate::records::milliseconds;

/// Someone who may sign in. Once one is declared, only declared users may.
#[derive(Clone, uniffi::Record)]
pub struct SandboxUser {
    /// The address.
    pub address: String,
    /// The password.
    pub password: String,
}

/// How a sandbox is laid out.
#[derive(Clone, uniffi::Record)]
pub struct SandboxOptions {
    /// `one-pool`, `two-pools` or `redirect`.
    #[uniffi(default = "one-pool")]
    pub layout: String,
    /// True for https with a certificate authority made for this sandbox.
    #[uniffi(default = false)]
    pub https: bool,
    /// Address and port to listen on. None: 127.0.0.1 and a free port.
    #[uniffi(default = None)]
    pub listen: Option<String>,
    /// How long an invitation to `silent@` rings, in milliseconds.
    #[uniffi(default = 30000)]
    pub ring_ms: u64,
    /// How long `slow@` takes to accept, in milliseconds.
    #[uniffi(default = 3000)]
    pub slow_ms: u64,
    /// How long a token lasts, in milliseconds. None: as a real server.
    #[uniffi(default = None)]
    pub token_lifetime_ms: Option<u64>,
    /// How long the server holds an empty event request, in milliseconds. None: as a real server.
    #[uniffi(default = None)]
    pub poll_timeout_ms: Option<u64>,
    /// Who may sign in. Empty: anybody with any password.
    #[uniffi(default = [])]
    pub users: Vec<SandboxUser>,
    /// The discovery root answers with a redirect to this URL.
    #[uniffi(default = None)]
    pub redirect_to: Option<String>,
    /// A further host name for the certificate and the links.
    #[uniffi(default = None)]
    pub host_name: Option<String>,
}

/// One message that reached a recipient.
#[derive(Clone, uniffi::Record)]
pub struct DeliveredMessage {
    /// Counts deliveries, from 1.
    pub number: u64,
    /// The sender's address.
    pub sender: String,
    /// The address the sender asked for.
    pub to: String,
    /// The address that took it.
    pub accepted_by: String,
    /// The subject of the conversation.
    pub subject: Option<String>,
    /// `normal`, `urgent` or `emergency`.
    pub importance: String,
    /// `plain` or `html`.
    pub format: String,
    /// The text as it was sent.
    pub text: String,
    /// `invitation` if the text came with the invitation, else `message`.
    pub via: String,
    /// The conversation it belongs to.
    pub conversation: String,
    /// The thread of the conversation.
    pub thread_id: String,
    /// When the recipient got it, in milliseconds since 1970 (UTC).
    pub received_at_ms: u64,
}

impl From<Delivered> for DeliveredMessage {
    fn from(delivered: Delivered) -> Self {
        let format = delivered.format.strip_prefix("text/").unwrap_or(&delivered.format);
        DeliveredMessage {
            number: delivered.number,
            format: format.to_owned(),
            importance: delivered.importance.to_ascii_lowercase(),
            received_at_ms: milliseconds(
                delivered.received_at.duration_since(UNIX_EPOCH).unwrap_or_default(),
            ),
            sender: delivered.from,
            to: delivered.to,
            accepted_by: delivered.accepted_by,
            subject: delivered.subject,
            text: delivered.text,
            via: delivered.via,
            conversation: delivered.conversation,
            thread_id: delivered.thread_id,
        }
    }
}

/// Begins [`SandboxServer::start`].
#[uniffi::export]
pub fn start_sandbox(options: SandboxOptions) -> Arc<PendingCall> {
    let work = SandboxServer::start(options);
    PendingCall::start(News::new(), work.map_ok(|value| Outcome::Sandbox { value }))
}

/// A running sandbox. Dropping it stops it.
#[derive(uniffi::Object)]
pub struct SandboxServer {
    generation: &'static Generation,
    number: u64,
}

#[uniffi::export]
impl SandboxServer {
    /// Starts a sandbox.
    #[uniffi::constructor]
    pub async fn start(options: SandboxOptions) -> Result<Arc<Self>> {
        let generation = Generation::current();
        let work = async move {
            let builder = builder(options)?;
            let sandbox = builder.start().await.map_err(|e| {
                SendError::local(ErrorKind::Network, format!("The sandbox cannot listen: {e}."), Sent::No)
            })?;
            Ok(Arc::new(SandboxServer { generation, number: generation.sandboxes.insert(Arc::new(sandbox)) }))
        };
        generation.call_on(&generation.sandboxes_run, Sent::No, work).await
    }

    /// The discovery root.
    pub fn url(&self) -> Result<String> {
        Ok(self.sandbox()?.url().to_owned())
    }

    /// With https, a file with the certificate authority, until it is stopped.
    pub fn ca_file(&self) -> Result<Option<String>> {
        Ok(self.sandbox()?.ca_file().map(|path| path.to_string_lossy().into_owned()))
    }

    /// What was delivered to this address, oldest first.
    pub fn inbox(&self, address: String) -> Result<Vec<DeliveredMessage>> {
        Ok(self.sandbox()?.inbox(&address).into_iter().map(Into::into).collect())
    }

    /// Everything delivered, oldest first.
    pub fn messages(&self) -> Result<Vec<DeliveredMessage>> {
        Ok(self.sandbox()?.messages().into_iter().map(Into::into).collect())
    }

    /// Waits until `count` messages were delivered in all.
    ///
    /// # Errors
    /// `timeout` if it takes longer than `timeout_ms`.
    #[uniffi::method(default(cancellation = None))]
    pub async fn wait_for(
        &self,
        count: u32,
        timeout_ms: u64,
        cancellation: Option<Arc<Cancellation>>,
    ) -> Result<Vec<DeliveredMessage>> {
        let sandbox = self.sandbox()?;
        let work = async move {
            let delivered = sandbox.wait_for(count as usize, Duration::from_millis(timeout_ms)).await;
            let delivered =
                delivered.map_err(|e| SendError::local(ErrorKind::Timeout, format!("{e}."), Sent::No))?;
            Ok(delivered.into_iter().map(Into::into).collect())
        };
        let work = unless_cancelled(token(cancellation), || Sent::No, work);
        self.generation.call_on(&self.generation.sandboxes_run, Sent::No, work).await
    }

    /// Asks the sandbox's own HTTP interface, without a connection; the README of the crate send-im-sandbox lists its resources.
    /// `path` is what follows `/sandbox/api/`, `json` the body. Gives the body of the response: JSON, or nothing.
    ///
    /// # Errors
    /// `invalid_input` if the sandbox refuses the request.
    #[uniffi::method(default(json = None))]
    pub async fn request(&self, method: String, path: String, json: Option<String>) -> Result<String> {
        let sandbox = self.sandbox()?;
        let work = async move {
            let response = sandbox.request(&method, &path, json.as_deref()).await;
            response.map_err(|why| Error::invalid_input(why.to_string()).into())
        };
        self.generation.call_on(&self.generation.sandboxes_run, Sent::No, work).await
    }

    /// Begins [`SandboxServer::wait_for`].
    pub fn start_wait_for(self: Arc<Self>, count: u32, timeout_ms: u64) -> Arc<PendingCall> {
        let work = async move { self.wait_for(count, timeout_ms, None).await };
        PendingCall::start(News::new(), work.map_ok(|value| Outcome::Delivered { value }))
    }

    /// Begins [`SandboxServer::request`].
    #[uniffi::method(default(json = None))]
    pub fn start_request(
        self: Arc<Self>,
        method: String,
        path: String,
        json: Option<String>,
    ) -> Arc<PendingCall> {
        let work = async move { self.request(method, path, json).await };
        PendingCall::start(News::new(), work.map_ok(|value| Outcome::Answer { value }))
    }

    /// Makes something go wrong: a fault as JSON, as the sandbox's documentation writes it.
    pub fn add_fault(&self, json: String) -> Result<()> {
        let refused = |why: NotAFault| Error::invalid_input(why.to_string());
        self.sandbox()?.add_fault(json.parse().map_err(refused)?);
        Ok(())
    }

    /// Takes every fault away.
    pub fn clear_faults(&self) -> Result<()> {
        self.sandbox()?.clear_faults();
        Ok(())
    }

    /// Stops the server. May be called again.
    pub fn stop(&self) {
        if self.generation.is_foreign() {
            return;
        }
        self.generation.sandboxes_run.drop_inside(self.generation.sandboxes.remove(self.number));
    }
}

impl SandboxServer {
    fn sandbox(&self) -> Result<Arc<Sandbox>> {
        if self.generation.is_foreign() {
            return Err(SendError::forked());
        }
        let sandbox = self.generation.sandboxes.get(self.number);
        sandbox.ok_or_else(|| Error::closed("The sandbox is stopped.").into())
    }
}

impl Drop for SandboxServer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn builder(options: SandboxOptions) -> Result<Builder> {
    let user =
        |user: SandboxUser| send_im_sandbox::SandboxUser { address: user.address, password: user.password };
    let options = send_im_sandbox::SandboxOptions {
        layout: Some(options.layout),
        https: options.https,
        listen: options.listen,
        ring_ms: Some(options.ring_ms),
        slow_ms: Some(options.slow_ms),
        token_lifetime_ms: options.token_lifetime_ms,
        poll_timeout_ms: options.poll_timeout_ms,
        users: options.users.into_iter().map(user).collect(),
        redirect_to: options.redirect_to,
        host_name: options.host_name,
        ..Default::default()
    };
    options.try_into().map_err(|why: NotOptions| Error::invalid_input(why.to_string()).into())
}
