//! What the packages of other languages, the command and the service need, and Rust programs do not. Not part of the stable
//! interface: it comes with the feature `bindings`.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use url::Url;

pub use crate::account::{TokenSource, secret};
pub use crate::account_options::{AccountOptions, process_environment};
pub use crate::files::{read, read_secret};
pub use crate::plain::option_name;
pub use crate::steps::OnStep as StepListener;
pub use crate::text::{decode_text, without_mark};

use crate::account::Account;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::http::{Http, Request};
use crate::message::Message;
use crate::outbox::DeadlineStart;
use crate::receipt::Receipt;
use crate::steps::{Step, StepLog, StepRecord};

impl Account {
    /// Counts what is left to do for sessions that nobody signed out, and for calls that were cut off, among these tasks:
    /// whoever ends the process can wait for them.
    #[must_use]
    pub fn background(mut self, tasks: TaskTracker) -> Self {
        self.background = tasks;
        self
    }

    /// The password is the program's own and no guess of somebody else's: what others are refused for the same user name does
    /// not keep this account out. Its own refusals do.
    #[must_use]
    pub fn not_guessed(mut self) -> Self {
        self.not_guessed = true;
        self
    }

    /// Who is told of this account's steps. Setting another one takes its place, unless that passes them on to this one.
    #[must_use]
    pub fn step_listener(&self) -> Option<StepListener> {
        self.on_step.clone()
    }

    /// Checks every field, as signing in does before its first request.
    ///
    /// # Errors
    /// `invalid_input` with the sentence that names the field.
    pub fn check_fields(&self) -> Result<()> {
        self.check().map(drop)
    }
}

impl Message {
    /// Tells this callback of the message's steps, and not the account's.
    #[must_use]
    pub fn on_step(mut self, callback: impl Fn(&StepRecord) + Send + Sync + 'static) -> Self {
        self.on_step = Some(Arc::new(callback));
        self
    }
}

impl Client {
    /// One message of many: as [`send`](Self::send), but its timeout begins when its turn comes.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_in_turn(&self, message: Message) -> impl Future<Output = Result<Receipt>> + Send + use<> {
        self.outbox.clone().send(message, DeadlineStart::Turn)
    }

    /// As [`sign_out_within`](Self::sign_out_within), or [`sign_out`](Self::sign_out) without a bound. Later sends are refused
    /// from this call on, and it goes on whether the future is polled or not.
    ///
    /// # Errors
    /// As [`sign_out`](Self::sign_out).
    pub fn begin_sign_out(&self, bound: Option<Duration>) -> impl Future<Output = Result<()>> + Send + use<> {
        self.close(bound)
    }

    /// From now on the session is closed whenever no send is under way in it, and opened again by the next send: for the end
    /// of a program, whose own code may still send. True when the session is closed, false when a send is under way in it or
    /// the server could not be told within 3 s.
    pub async fn close_when_idle(&self) -> bool {
        self.outbox.session.close_when_idle().await
    }
}

/// GETs a URL of a service of our own, without an account, a proxy or a redirect, and gives the status. `at` is where to connect,
/// in place of where the host's name leads to; the certificate is verified for that name all the same.
///
/// # Errors
/// `invalid_input` for a URL or a file that is not usable; `untrusted_host` for plain http beyond this machine; `tls`, `network`
/// and `timeout` where no answer comes.
pub async fn status_of(
    url: &str,
    ca_file: Option<&Path>,
    at: Option<SocketAddr>,
    timeout: Duration,
) -> Result<u16> {
    let parsed = Url::parse(url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some());
    let Some(url) = parsed else {
        return Err(Error::invalid_input(
            "The URL is not usable; it is http://host:port/ or https://host:port/.",
        ));
    };
    // Nobody is signed in, and a server on loopback is asked without a proxy.
    let mut account = Account::with_password("", "").server("http://127.0.0.1/");
    account.ca_file = ca_file.map(Path::to_owned);
    if let (Some(at), Some(host)) = (at, url.host_str()) {
        account = account.resolve(host, at);
    }
    let request = Request::new(Method::GET, url, Step::Discover, Instant::now() + timeout);
    let answer = Http::new(&account)?.call(request, &StepLog::quiet()).await;
    answer.map(|answer| answer.status).map_err(|failure| failure.error)
}
