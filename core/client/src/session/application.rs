//! The application: one session on the server. Sources: CreateAnApplication, applications and application references.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use send_im_ucwa::application::{Links, LinksError};
use send_im_ucwa::hypermedia::{Resource, follow_link};
use send_im_ucwa::verdict::{self, Verdict};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::awaited_events::AwaitedEvents;
use crate::error::{Error, ErrorKind, Result, nobody_waits};
use crate::http::{Answer, Request, USER_AGENT};
use crate::reasons::{session_not_closed, session_refused};
use crate::retry::Retry;
use crate::sign_in::AuthenticatedHttp;
use crate::steps::{Step, StepLog};

/// The language of the server's texts, which are logged and never parsed.
const CULTURE: &str = "en-US";

/// How long the response is awaited beyond the deadline: an application that was created must be deleted.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

/// How long declaring html may take. Without it the text goes as plain.
const DECLARE_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the event channel of an application ended.
#[derive(Clone, Debug)]
pub(crate) enum ChannelEnd {
    /// The server has dropped the application: a new one may be created silently.
    Gone,
    /// What waits in the application has failed with this; the next send may create a new one.
    Failed(Error),
    /// Something a person must know. Source of "never automatic": ApplicationDashboard.
    ForGood(Error),
}

/// A created application. Every link is resolved against the URL that created it.
pub(crate) struct Application {
    /// Where it was created.
    pub(crate) created_at: Url,
    pub(crate) self_url: Url,
    pub(crate) events: Url,
    pub(crate) start_messaging: Url,
    /// The events that sends wait for.
    pub(crate) awaited: Arc<AwaitedEvents>,
    /// Why its event channel ended.
    pub(crate) channel_end: OnceLock<ChannelEnd>,
    /// The connection speaks HTTP/2: polling needs no connection of its own.
    pub(crate) multiplexed: bool,
    /// The `communication` resource as embedded at creation, until html is declared. As text it takes a tenth of the memory.
    communication: tokio::sync::Mutex<Option<Box<str>>>,
    pub(crate) polling: Mutex<Option<AbortHandle>>,
    /// The sends in it, from their first request to their outcome.
    pub(crate) uses: TaskTracker,
    closing: AtomicBool,
    unreachable: AtomicBool,
    /// Signals that the pending poll is to be replaced.
    poll_restarts: watch::Sender<()>,
    declared_html: AtomicBool,
}

impl Application {
    /// Creates an application.
    ///
    /// After a lost response it is repeated with the same `endpoint` id: the server then returns the same application
    /// (MultiTabSupport). Two sessions have different ids, so programs do not evict each other. A response is awaited a little
    /// beyond `deadline`, also once `unwanted` is cancelled; no new request is begun then.
    pub(crate) async fn create(
        connection: &AuthenticatedHttp,
        applications: &Url,
        endpoint: &str,
        log: &StepLog,
        deadline: Instant,
        unwanted: &CancellationToken,
    ) -> Result<Self> {
        let body = json!({
            "culture": CULTURE,
            "endpointId": endpoint,
            "userAgent": USER_AGENT,
        });
        let body = Bytes::from(body.to_string());
        let mut retry = Retry::new(deadline);
        let deadline = deadline + ANSWER_GRACE;
        let answer = loop {
            if unwanted.is_cancelled() {
                return Err(nobody_waits());
            }
            let request = Request::new(Method::POST, applications.clone(), Step::OpenSession, deadline)
                .body("application/json", body.clone())
                .cancelled_by(unwanted);
            match connection.call(request, log).await {
                Ok(answer) => match answer.verdict(verdict::Request::CreateApplication) {
                    // Whoever reads it tells what came instead of an application.
                    Verdict::Done | Verdict::Unknown => break answer,
                    verdict => tokio::select! {
                        biased;
                        again = retry.after_answer(&answer, verdict, session_refused(&answer)) => again?,
                        () = unwanted.cancelled() => return Err(nobody_waits()),
                    },
                },
                // An unreadable response may have named an application: only another response tells where it is.
                Err(failure) if failure.maybe_processed && failure.error.kind() == ErrorKind::Protocol => {
                    retry.after_any(failure.error).await?;
                }
                Err(failure) => retry.after_failure(failure.error).await?,
            }
        };
        match Self::read(&answer, applications) {
            Ok(application) => Ok(application),
            Err(error) => {
                // The application exists, and nothing else will delete it.
                let this = Resource::parse(&answer.body)
                    .ok()
                    .and_then(|a| follow_link(applications, a.link("self")?));
                if let Some(url) = this {
                    let _ = connection
                        .call(Request::new(Method::DELETE, url, Step::SignOut, deadline), log)
                        .await;
                }
                Err(error)
            }
        }
    }

    fn read(answer: &Answer, applications: &Url) -> Result<Self> {
        let unusable =
            |why: &dyn std::fmt::Display| answer.not_understood(Step::OpenSession, "a session", why);
        let links = Links::parse(&answer.body).map_err(|why| match why {
            LinksError::Missing("startMessaging") => {
                let detail = "This account may not send instant messages; ask the server's administrator.";
                unusable(&why).with_kind(ErrorKind::Forbidden, detail)
            }
            why => unusable(&why),
        })?;
        let resolve = |href: &str| {
            follow_link(applications, href).ok_or_else(|| {
                let detail = "The server's session has links that are not protected as the server itself is.";
                unusable(&"links that cannot be followed").with_kind(ErrorKind::UntrustedHost, detail)
            })
        };
        Ok(Self {
            created_at: applications.clone(),
            self_url: resolve(&links.this)?,
            events: resolve(&links.events)?,
            start_messaging: resolve(&links.start_messaging)?,
            awaited: AwaitedEvents::new(applications.clone()),
            channel_end: OnceLock::new(),
            multiplexed: answer.multiplexed,
            communication: tokio::sync::Mutex::new(links.communication.map(Resource::into_text)),
            polling: Mutex::default(),
            uses: TaskTracker::new(),
            closing: AtomicBool::new(false),
            unreachable: AtomicBool::new(false),
            poll_restarts: watch::Sender::default(),
            declared_html: AtomicBool::new(false),
        })
    }

    /// Deletes the application. Gone counts as deleted when the pool says so. Any failure is retried: the next connection may
    /// reach another machine.
    pub(crate) async fn delete(
        &self,
        connection: &AuthenticatedHttp,
        log: &StepLog,
        mut retry: Retry,
    ) -> Result<()> {
        self.closing.store(true, Ordering::Release);
        self.stop_polling();
        // No event comes any more, so nothing in the background needs to wait for one.
        self.awaited.close("the session was closed");
        loop {
            let request =
                Request::new(Method::DELETE, self.self_url.clone(), Step::SignOut, retry.deadline());
            match connection.call(request, log).await {
                Ok(answer) => match answer.verdict(verdict::Request::DeleteApplication) {
                    Verdict::Done => return Ok(()),
                    verdict => retry.after_answer(&answer, verdict, session_not_closed(&answer)).await?,
                },
                Err(failure) => retry.after_any(failure.error).await?,
            }
        }
    }

    /// The absolute URL of an href of this application; `None` when nothing may be sent there.
    pub(crate) fn url(&self, href: &str) -> Option<Url> {
        follow_link(&self.created_at, href)
    }

    /// Why the outcome of a message is not known: no event will tell it, because of `why`.
    pub(crate) fn outcome_lost(&self, why: &str) -> Error {
        let cause = match self.channel_end.get() {
            Some(ChannelEnd::ForGood(error) | ChannelEnd::Failed(error)) => error.detail(),
            _ => "",
        };
        Error::new(ErrorKind::OutcomeUnknown, format!("In between, {why}. {cause}").trim_end())
    }

    /// True once it is being deleted: everything in it ends with it.
    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Acquire)
    }

    /// True once everything in it has ended, or is about to.
    pub(crate) fn has_ended(&self) -> bool {
        self.is_closing() || matches!(self.channel_end.get(), Some(ChannelEnd::Gone))
    }

    /// True while polls cannot reach the server.
    pub(crate) fn is_unreachable(&self) -> bool {
        self.unreachable.load(Ordering::Acquire)
    }

    pub(crate) fn set_unreachable(&self, unreachable: bool) {
        self.unreachable.store(unreachable, Ordering::Release);
    }

    /// Replaces the pending poll: an event that it should have delivered was read from its resource.
    pub(crate) fn restart_poll(&self) {
        self.poll_restarts.send_replace(());
    }

    /// A future that ends when a poll that begins after this call is to be replaced.
    pub(crate) fn poll_restarted(&self) -> impl Future<Output = ()> + use<> {
        let mut restarts = self.poll_restarts.subscribe();
        // It fails when the application is dropped, and the poll with it.
        async move { drop(restarts.changed().await) }
    }

    /// True once the server was asked to accept html, whatever it said.
    pub(crate) fn has_declared_html(&self) -> bool {
        self.declared_html.load(Ordering::Acquire)
    }

    pub(crate) fn stop_polling(&self) {
        let polling = self.polling.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(task) = polling {
            task.abort();
        }
    }

    /// Tells the server, once, that this session sends html as well. It may refuse; then text is sent as plain.
    ///
    /// A PUT carries all members back and the etag (PayloadFormat). makeMeAvailable would do the same and change the
    /// account's presence, so it is not used.
    pub(crate) async fn declare_html(
        &self,
        connection: &AuthenticatedHttp,
        log: &StepLog,
        deadline: Instant,
    ) {
        if self.has_declared_html() {
            return;
        }
        let deadline = deadline.min(Instant::now() + DECLARE_TIMEOUT);
        let Ok(mut communication) = timeout_at(deadline, self.communication.lock()).await else { return };
        let Some(resource) = communication.as_ref().and_then(|text| Resource::parse(text.as_bytes()).ok())
        else {
            return;
        };
        // Without a response the next html message asks again.
        if self.put_html(connection, resource, log, deadline).await.is_some() {
            *communication = None;
            self.declared_html.store(true, Ordering::Release);
        }
    }

    /// `None` without a response.
    async fn put_html(
        &self,
        connection: &AuthenticatedHttp,
        mut resource: Resource,
        log: &StepLog,
        deadline: Instant,
    ) -> Option<()> {
        let Some(url) = resource.link("self").and_then(|href| self.url(href)) else { return Some(()) };
        // A stale etag is answered with 412; one fresh copy settles it.
        for _ in 0..2 {
            let mut members = resource.members().clone();
            members.retain(|name, _| !name.starts_with('_') && !matches!(name.as_str(), "rel" | "etag"));
            members.insert("supportedMessageFormats".to_owned(), json!(["Plain", "Html"]));
            let body = Value::Object(members).to_string();
            let mut put =
                Request::new(Method::PUT, url.clone(), Step::Send, deadline).body("application/json", body);
            put.if_match = resource.text("etag").map(str::to_owned);
            if connection.call(put, log).await.ok()?.status != 412 {
                break;
            }
            let fresh =
                connection.call(Request::new(Method::GET, url.clone(), Step::Send, deadline), log).await;
            match Resource::parse(&fresh.ok()?.body) {
                Ok(fresh) => resource = fresh,
                Err(_) => break,
            }
        }
        Some(())
    }
}
