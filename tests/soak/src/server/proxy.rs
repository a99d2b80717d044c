//! The proxy: what it does to a request, and what it forwards.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use hyper::body::Incoming;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::fault::{Fault, KINDS, Reply};
use super::record::Record;
use crate::chance::Chance;

/// How long an answer is waited for that the client does not get.
const LOST_ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// Time for the first half of an answer to leave before the connection ends.
const FLUSH_TIME: Duration = Duration::from_millis(50);

pub(crate) struct Proxy {
    /// Scheme, host and port of the sandbox.
    sandbox: String,
    client: reqwest::Client,
    pub(crate) seed: u64,
    kinds: Vec<(&'static str, u64)>,
    /// Faults may be injected.
    pub(crate) on: AtomicBool,
    /// One per route, so that its n-th request has the same fault with the same seed.
    chances: Mutex<HashMap<&'static str, Chance>>,
    pub(crate) record: Mutex<Record>,
}

/// A request, read whole.
struct Call {
    route: &'static str,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// An answer of the sandbox, read whole.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    /// The id of the session it names.
    session: Option<String>,
}

impl Proxy {
    pub(crate) fn new(sandbox: &str, seed: u64, faults: &str) -> Self {
        Self {
            sandbox: sandbox.trim_end_matches('/').to_owned(),
            client: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            seed,
            kinds: KINDS.into_iter().filter(|(kind, _)| super::has(faults, kind)).collect(),
            on: AtomicBool::new(false),
            chances: Mutex::default(),
            record: Mutex::default(),
        }
    }

    /// True when connections may be cut before their first request.
    pub(crate) fn cuts(&self) -> bool {
        self.on.load(Ordering::Acquire) && self.kinds.iter().any(|(kind, _)| *kind == "cut")
    }

    /// Answers one request that came to `origin`. An error ends its stream; over HTTP/1.1, its connection.
    pub(crate) async fn answer(
        self: Arc<Self>,
        origin: Arc<str>,
        hang_up: Arc<Notify>,
        request: Request<Incoming>,
    ) -> io::Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let body = to_bytes(Body::new(body), usize::MAX).await.map_err(io::Error::other)?;
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let route = route(&head.method, head.uri.path());
        let call = Arc::new(Call { route, method: head.method, path, headers: head.headers, body });
        let Some(fault) = self.fault_for(&call) else {
            // A GET ends when its client goes away. Anything else is completed, so that its outcome is on record.
            let answer = match call.method {
                Method::GET => self.forward(&call).await?,
                _ => self.forward_detached(call, Duration::ZERO).await?,
            };
            return Ok(self.respond(answer, &origin));
        };
        let forwarding = fault.forward_after.map(|wait| self.forward_detached(call, wait));
        let answer = match (&fault.reply, forwarding) {
            (Reply::Genuine | Reply::Half { .. }, Some(forwarding)) => Some(forwarding.await?),
            (_, Some(forwarding)) if fault.forwards_at_once() => {
                timeout(LOST_ANSWER_TIMEOUT, forwarding).await.ok().and_then(Result::ok)
            }
            _ => None,
        };
        sleep(fault.hold).await;
        match (fault.reply, answer) {
            (Reply::Genuine, Some(answer)) => Ok(self.respond(answer, &origin)),
            (Reply::Half { looks_complete }, Some(answer)) => {
                Ok(self.truncate(answer, looks_complete, &origin))
            }
            (Reply::Gateway(gateway), _) => Ok(gateway.response()),
            (Reply::Disconnect { whole_connection: true }, _) => {
                hang_up.notify_one();
                std::future::pending().await
            }
            _ => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    /// Chooses the fault of this request and puts it on record.
    fn fault_for(&self, call: &Call) -> Option<Fault> {
        let mut record = self.record.lock().unwrap();
        *record.requests.entry(call.route).or_default() += 1;
        let mut session = match call.route {
            "delete" => record.sessions.get_mut(last_segment(&call.path)),
            _ => None,
        };
        if let Some(session) = &mut session {
            session.deletes += 1;
        }
        if !self.on.load(Ordering::Acquire) {
            return None;
        }
        let failed_deletes = session.as_ref().map_or(0, |session| session.failed_deletes.len());
        let fault = {
            let mut chances = self.chances.lock().unwrap();
            let chance = chances.entry(call.route).or_insert_with(|| Chance::new(self.seed, call.route));
            Fault::next(chance, &self.kinds, call.route, failed_deletes)?
        };
        if let Some(session) = session {
            session.failed_deletes.push(fault.to_string());
        }
        let kind = match &fault.reply {
            Reply::Gateway(gateway) => format!("answer {}", gateway.status),
            _ => fault.kind.to_owned(),
        };
        *record.faults.entry(kind).or_default() += 1;
        if matches!(call.route, "invite" | "message") {
            let body = String::from_utf8_lossy(&call.body).into_owned();
            record.messages.push((fault.to_string(), body));
        }
        Some(fault)
    }

    /// Forwards a request after `wait`, whether or not its client is still there.
    fn forward_detached(
        self: &Arc<Self>,
        call: Arc<Call>,
        wait: Duration,
    ) -> impl Future<Output = io::Result<Answer>> + use<> {
        let proxy = self.clone();
        let task = tokio::spawn(async move {
            sleep(wait).await;
            proxy.forward(&call).await
        });
        async { task.await.unwrap() }
    }

    async fn forward(&self, call: &Call) -> io::Result<Answer> {
        let mut headers = call.headers.clone();
        for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let request = self.client.request(call.method.clone(), format!("{}{}", self.sandbox, call.path));
        let response =
            request.headers(headers).body(call.body.clone()).send().await.map_err(io::Error::other)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(io::Error::other)?;
        let mut session = None;
        let mut record = self.record.lock().unwrap();
        match call.route {
            "session" if status.is_success() => {
                let application: Value = serde_json::from_slice(&body)?;
                let href = application["_links"]["self"]["href"].as_str().unwrap_or_default();
                let id = last_segment(href).to_owned();
                record.sessions.entry(id.clone()).or_default();
                session = Some(id);
            }
            "delete" if status.is_success() || status == StatusCode::NOT_FOUND => {
                record.sessions.remove(last_segment(&call.path));
            }
            "delete" => {
                if let Some(session) = record.sessions.get_mut(last_segment(&call.path)) {
                    session.refused_deletes.push(status.as_u16());
                }
            }
            _ => {}
        }
        Ok(Answer { status, headers, body, session })
    }

    /// The answer for the client, who now knows of the session in it.
    fn respond(&self, answer: Answer, origin: &str) -> Response<Body> {
        if let Some(id) = &answer.session
            && let Some(session) = self.record.lock().unwrap().sessions.get_mut(id)
        {
            session.named = true;
        }
        self.rewrite(&answer, origin).map(Body::from)
    }

    fn truncate(&self, answer: Answer, looks_complete: bool, origin: &str) -> Response<Body> {
        let mut response = self.rewrite(&answer, origin);
        let length = response.body().len();
        let half = response.body().slice(..length / 2);
        if looks_complete {
            return response.map(|_| Body::from(half));
        }
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
        let broken = async {
            sleep(FLUSH_TIME).await;
            Err(io::Error::from(io::ErrorKind::ConnectionAborted))
        };
        let body = stream::iter([Ok(half)]).chain(stream::once(broken));
        response.map(|_| Body::from_stream(body))
    }

    /// The answer with links that lead to the proxy instead of past it.
    fn rewrite(&self, answer: &Answer, origin: &str) -> Response<Bytes> {
        let body = String::from_utf8_lossy(&answer.body).replace(&self.sandbox, origin);
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = answer.status;
        for (name, value) in &answer.headers {
            if ![CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING].contains(name) {
                let value = value.to_str().unwrap().replace(&self.sandbox, origin);
                response.headers_mut().append(name, HeaderValue::from_str(&value).unwrap());
            }
        }
        response
    }
}

/// What a request is for.
fn route(method: &Method, path: &str) -> &'static str {
    let path = path.to_ascii_lowercase();
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match (method.as_str(), segments.as_slice()) {
        (_, ["webticket", ..]) => "token",
        ("POST", [.., "applications"]) => "session",
        ("DELETE", [.., "applications", _]) => "delete",
        (_, [.., "events"]) => "events",
        ("POST", [.., "messaginginvitations"]) => "invite",
        ("POST", [.., "messaging", "messages"]) => "message",
        (_, ["ucwa", ..]) => "other",
        _ => "discovery",
    }
}

fn last_segment(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}
