//! The one place that performs a request: TLS policy, deadline, size limit, step log.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, IF_MATCH};
use secrecy::zeroize::{Zeroize, Zeroizing};
use tokio::time::{Instant, timeout_at};
use url::Url;

pub(crate) use self::answer::{Answer, Failure, MAX_SERVER_DURATION, hop, timed_out};
use self::body::{BodyGate, CloseOnDrop, GatedBody};
pub(crate) use self::certificate::Certificate;
use self::connections::Connections;
use self::cookies::Jar;
use self::network_error::{ImmediateRetry, innermost, network_error, not_processed, stream_error};
pub(crate) use self::probe::{Handshake, HandshakeError, Probe, ProxyInUse, connect};
pub(crate) use self::proxy::USER_AGENT;
pub(crate) use self::proxy::connect::Duplex;
use self::proxy::{Proxies, name_proxy};
pub(crate) use self::request::Request;
use crate::account::{Account, Server};
use crate::error::{Error, ErrorKind, Result, Sent, ended_early};
use crate::host::is_loopback;
use crate::steps::{Step, StepLog, host_of, origin};
use crate::tls::Tls;

mod answer;
mod body;
mod ca_file;
mod certificate;
mod connections;
mod cookies;
mod network_error;
mod probe;
mod proxy;
mod request;
mod tls;
mod tls_error;

/// The largest body that is read. The largest real one, an application, has some 10 KiB.
const MAX_BODY: usize = 8 << 20;

/// Immediate retries of a request which, as HTTP/2 says, was not processed.
const MAX_IMMEDIATE_RETRIES: usize = 2;

/// Is called when a request starts and when it has finished.
pub(crate) type Observer = Box<dyn Fn(&Request, RequestEvent<'_>) + Send + Sync>;

/// What an observer learns of a request.
pub(crate) enum RequestEvent<'a> {
    Started,
    /// What came of it, and how long it took.
    Finished(Result<&'a Answer, &'a Error>, Duration),
}

/// HTTP to the servers of one account. Clones share connections and cookies.
#[derive(Clone)]
pub(crate) struct Http {
    connections: Arc<Connections>,
    cookies: Arc<Jar>,
    /// Absent where the server is on this machine.
    proxies: Option<Arc<Proxies>>,
    tls: Tls,
    observer: Arc<OnceLock<Observer>>,
}

impl Http {
    pub(crate) fn new(account: &Account) -> Result<Self> {
        let tls = tls::config(account)?;
        let on_loopback = matches!(&account.server, Server::Root(root)
            if Url::parse(root).is_ok_and(|url| is_loopback(&url)));
        let proxies = match on_loopback {
            true => None,
            false => Some(Arc::new(Proxies::from_environment(tls.clone(), account.tls)?)),
        };
        Ok(Self {
            connections: Arc::new(Connections::new(account, tls, proxies.as_deref())?),
            cookies: Arc::default(),
            proxies,
            tls: account.tls,
            observer: Arc::default(),
        })
    }

    /// What opens single connections as these requests do, to be looked at.
    pub(crate) fn probe(&self, account: &Account) -> Probe {
        Probe { account: account.clone(), proxies: self.proxies.clone() }
    }

    /// Has every request from now on observed. Only the first call counts.
    pub(crate) fn observe(&self, observer: Observer) {
        drop(self.observer.set(observer));
    }

    pub(crate) fn clear_cookies(&self) {
        self.cookies.clear();
    }

    /// Performs one request and reads the whole answer.
    pub(crate) async fn call(&self, request: Request, log: &StepLog) -> Result<Answer, Failure> {
        let (step, url, started) = (request.step, request.url.clone(), Instant::now());
        let deadline = request.deadline;
        if url.scheme() != "https" && !is_loopback(&url) {
            let detail = format!("{} would be asked without TLS, so nothing was sent to it.", host_of(&url));
            let error = Error::new(ErrorKind::UntrustedHost, detail).at(step);
            return Err(Failure { error, maybe_processed: false });
        }
        if started >= deadline {
            return Err(Failure { error: timed_out(step, &url), maybe_processed: false });
        }
        log.begin(step, &url);
        self.observer.get().inspect(|observer| observer(&request, RequestEvent::Started));
        let gate = BodyGate::default();
        let _closes = CloseOnDrop(&gate);
        let outcome = timeout_at(deadline, self.exchange(&request, &gate)).await;
        let outcome = outcome.unwrap_or_else(|_| {
            let never_leaves = request.body.is_some() && gate.close();
            Err(self.timeout(step, &url, !never_leaves))
        });
        log.add(step, &url, outcome.as_ref().ok().map(|answer| answer.status), started.elapsed());
        let ended = outcome.as_ref().map_err(|failure| &failure.error);
        self.observer
            .get()
            .inspect(|observer| observer(&request, RequestEvent::Finished(ended, started.elapsed())));
        outcome
    }

    /// As [`call`](Self::call), in a task of its own: the request goes on, and `record_outcome` sees its answer, even when the
    /// caller is dropped or `deadline` passes. `deadline` is the caller's; the request has its own.
    pub(crate) async fn call_detached<T: Send + 'static>(
        &self,
        request: Request,
        deadline: Instant,
        log: &StepLog,
        record_outcome: impl FnOnce(&Answer) -> T + Send + 'static,
    ) -> Result<(Answer, T), Failure> {
        let (step, url, started) = (request.step, request.url.clone(), Instant::now());
        if started >= deadline {
            return Err(Failure { error: timed_out(step, &url), maybe_processed: false });
        }
        log.begin(step, &url);
        let http = self.clone();
        let task = tokio::spawn(async move {
            // Not the caller's log: the caller may be gone by then.
            let answer = http.call(request, &StepLog::quiet()).await?;
            let recorded = record_outcome(&answer);
            Ok((answer, recorded))
        });
        let outcome = match timeout_at(deadline, task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(ended)) => {
                Err(Failure { error: ended_early(&ended, Sent::No).at(step), maybe_processed: true })
            }
            Err(_) => Err(self.timeout(step, &url, true)),
        };
        log.add(step, &url, outcome.as_ref().ok().map(|(answer, _)| answer.status), started.elapsed());
        outcome
    }

    /// Sends a request, and again where it certainly was not processed.
    async fn exchange(&self, request: &Request, gate: &BodyGate) -> Result<Answer, Failure> {
        let origin = origin(&request.url);
        for retries in 0.. {
            let client = self.connections.client_for(&origin);
            let (failure, retry) = match self.attempt(client, request.clone(), gate).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            if retry == Some(ImmediateRetry::OverHttp1) {
                self.connections.use_http1(&origin);
            }
            if retry.is_none() || retries == MAX_IMMEDIATE_RETRIES {
                return Err(failure);
            }
        }
        unreachable!("it ends with an answer or a failure")
    }

    async fn attempt(
        &self,
        client: &reqwest::Client,
        request: Request,
        gate: &BodyGate,
    ) -> Result<Answer, (Failure, Option<ImmediateRetry>)> {
        let Request { method, url, body, if_match, authorization, step, deadline, .. } = request;
        let mut builder = client.request(method.clone(), url.clone()).header(ACCEPT, "application/json");
        if let Some((content_type, body)) = body {
            let body = reqwest::Body::wrap(GatedBody { content: Some(body), gate: gate.clone() });
            builder = builder.header(CONTENT_TYPE, content_type).body(body);
        } else if method == Method::POST {
            builder = builder.body(Bytes::new()).header(CONTENT_LENGTH, 0);
        }
        if let Some(etag) = if_match {
            builder = builder.header(IF_MATCH, format!("\"{}\"", etag.trim_matches('"')));
        }
        if let Some(authorization) = authorization {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        if let Some(cookies) = self.cookies.header_for(&url) {
            builder = builder.header(COOKIE, cookies);
        }
        let mut response = match builder.send().await {
            Ok(response) => response,
            Err(e) => {
                let retry = stream_error(&e).and_then(not_processed);
                let mut failure = self.failure(&e, step, &url, deadline).await;
                failure.maybe_processed &= retry.is_none();
                return Err((failure, retry));
            }
        };
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        self.cookies.store(&headers, &url);
        let multiplexed = response.version() == reqwest::Version::HTTP_2;
        let mut body = Zeroizing::new(Vec::new());
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(e) => return Err((self.failure(&e, step, &url, deadline).await, None)),
            };
            if body.len() + chunk.len() > MAX_BODY {
                let detail =
                    format!("The answer of {} is larger than {} MiB.", host_of(&url), MAX_BODY >> 20);
                let error = Error::new(ErrorKind::Protocol, detail).at(step);
                return Err((Failure { error, maybe_processed: true }, None));
            }
            append(&mut body, chunk);
        }
        Ok(Answer { step, url, status, headers, body: Bytes::from_owner(body), multiplexed })
    }

    /// Why a request has no answer, and whether it can have been processed.
    async fn failure(&self, e: &reqwest::Error, step: Step, url: &Url, deadline: Instant) -> Failure {
        let maybe_processed = !e.is_connect();
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.for_url(url));
        let proxy_failure = match &proxy {
            Some(proxy) => proxy.explain(e, url, deadline).await,
            None => None,
        };
        let error = match proxy_failure {
            Some((detail, kind)) => {
                let source = std::io::Error::new(kind, innermost(e));
                Error::new(ErrorKind::Network, detail).at(step).with_source(source)
            }
            None => self.name_proxy(network_error(e, step, url, self.tls), url),
        };
        Failure { error, maybe_processed }
    }

    fn timeout(&self, step: Step, url: &Url, maybe_processed: bool) -> Failure {
        Failure { error: self.name_proxy(timed_out(step, url), url), maybe_processed }
    }

    /// Adds to an error the proxy through which the server was asked.
    fn name_proxy(&self, error: Error, url: &Url) -> Error {
        match self.proxies.as_ref().and_then(|proxies| proxies.for_url(url)) {
            Some(proxy) => {
                let (kind, detail) = (error.kind(), name_proxy(&proxy, error.detail()));
                error.with_kind(kind, detail)
            }
            None => error,
        }
    }
}

/// Appends a chunk, which may hold a token, and wipes what held it before, where no one else holds it.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: Bytes) {
    let needed = body.len() + chunk.len();
    if needed > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * body.capacity())));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(&chunk);
    if let Ok(mut chunk) = chunk.try_into_mut() {
        chunk.zeroize();
    }
}
