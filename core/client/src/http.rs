//! The one place that performs a request: TLS policy, deadline, size limit, step log.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{CONTROLS, percent_encode};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, IF_MATCH,
    LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use reqwest::{Method, redirect};
use secrecy::zeroize::{Zeroize, Zeroizing};
use send_im_ucwa::limits::MAX_HREF;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use url::Url;

use self::broken::{Again, CONNECT_TIMEOUT, innermost, network_error, not_processed, stream_error};
use self::cookies::Jar;
pub(crate) use self::proxy::USER_AGENT;
use self::proxy::{Proxies, through};
use crate::account::Account;
use crate::error::{Error, ErrorKind, Hop, Result, Sent, ended_early};
use crate::host::is_loopback;
use crate::steps::{Step, StepLog, host_of, origin};
use crate::tls::Tls;

mod broken;
mod ca_file;
mod cookies;
mod proxy;
mod tls;
mod tls_error;

/// The largest answer that is read. The largest real one, an application, is some 10 KiB.
const MAX_ANSWER: usize = 8 << 20;

/// How long a connection may have been idle that a request is put on. Balancers forget connections without a word, the first of
/// them after 60 s, and a message that is put on such a one has an outcome that nobody knows.
const MAX_IDLE: Duration = Duration::from_secs(50);

/// How often a request is asked again at once of which HTTP/2 says that it was not processed.
const MAX_REFUSALS: usize = 2;

/// A server that asks for more than this is taken to ask for this. It bounds sums with a clock, not waits.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 3600);

/// Connections to the servers of one account, and the cookies of those.
#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    /// Speaks HTTP/1.1 alone.
    classic: reqwest::Client,
    /// The origins that have asked for HTTP/1.1.
    classics: Arc<Mutex<HashSet<String>>>,
    cookies: Arc<Jar>,
    /// Absent where the server is on this machine.
    proxies: Option<Arc<Proxies>>,
    tls: Tls,
}

/// One request.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) body: Option<(&'static str, Bytes)>,
    pub(crate) if_match: Option<String>,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) step: Step,
    pub(crate) deadline: Instant,
    /// It must not reach its host twice: it rings at a person, or carries a text.
    pub(crate) once: bool,
    /// Cancelled when nobody waits for it any more: no token is fetched for it then.
    pub(crate) unwanted: Option<CancellationToken>,
}

impl Request {
    pub(crate) fn new(method: Method, url: Url, step: Step, deadline: Instant) -> Self {
        Self {
            method,
            url,
            body: None,
            if_match: None,
            authorization: None,
            step,
            deadline,
            once: false,
            unwanted: None,
        }
    }

    /// The same, which must not reach its host twice.
    pub(crate) fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// The same, for which no token is fetched once `unwanted` is cancelled.
    pub(crate) fn unless(mut self, unwanted: &CancellationToken) -> Self {
        self.unwanted = Some(unwanted.clone());
        self
    }

    pub(crate) fn body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.body = Some((content_type, body.into()));
        self
    }
}

/// One answer, whatever its status.
pub(crate) struct Answer {
    /// The step of the request it answers.
    pub(crate) step: Step,
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Other requests can be under way on the same connection: it speaks HTTP/2.
    pub(crate) multiplexed: bool,
}

/// A request without an answer.
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// False when the request certainly was not processed.
    pub(crate) maybe_processed: bool,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl Http {
    pub(crate) fn new(account: &Account) -> Result<Self> {
        let tls = tls::config(account)?;
        let mut classic = tls.clone();
        classic.alpn_protocols = vec![b"http/1.1".to_vec()];
        let here = matches!(&account.server, crate::account::Server::Root(root)
            if Url::parse(root).is_ok_and(|url| is_loopback(&url)));
        let proxies = match here {
            true => None,
            false => Some(Arc::new(Proxies::of_this_process(tls.clone(), account.tls)?)),
        };
        let through = proxies.as_deref();
        Ok(Self {
            client: Self::client(account, reqwest::Client::builder(), tls, through)?,
            classic: Self::client(account, reqwest::Client::builder().http1_only(), classic, through)?,
            classics: Arc::default(),
            cookies: Arc::default(),
            proxies,
            tls: account.tls,
        })
    }

    fn client(
        account: &Account,
        builder: reqwest::ClientBuilder,
        tls: rustls::ClientConfig,
        proxies: Option<&Proxies>,
    ) -> Result<reqwest::Client> {
        let builder = builder
            .tls_backend_preconfigured(tls)
            // What may be asked again is decided here.
            .retry(reqwest::retry::never())
            .pool_idle_timeout(MAX_IDLE)
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .tcp_keepalive(Duration::from_secs(30))
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(Duration::from_secs(10))
            .user_agent(USER_AGENT);
        let builder = account.resolve.iter().fold(builder, |builder, (host, to)| builder.resolve(host, *to));
        let builder = match proxies {
            Some(proxies) => proxies.given_to(builder),
            None => Ok(builder.no_proxy()),
        };
        builder
            .and_then(reqwest::ClientBuilder::build)
            .map_err(|e| Error::new(ErrorKind::Tls, format!("TLS cannot be set up: {}.", innermost(&e))))
    }

    pub(crate) fn forget_cookies(&self) {
        self.cookies.clear();
    }

    /// Performs one request and reads its answer whole.
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
        let outcome = match timeout_at(deadline, self.exchange(&request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure { error: self.named(timed_out(step, &url), &url), maybe_processed: true }),
        };
        let status = outcome.as_ref().ok().map(|answer| answer.status);
        log.add(step, &url, status, started.elapsed());
        outcome
    }

    /// As [`call`](Self::call), but nobody who goes away or loses patience takes the request back: `judge` hears of its answer
    /// all the same.
    pub(crate) async fn call_to_its_end<T: Send + 'static>(
        &self,
        request: Request,
        patience: Instant,
        log: &StepLog,
        judge: impl FnOnce(&Answer) -> T + Send + 'static,
    ) -> Result<(Answer, T), Failure> {
        let (step, url, started) = (request.step, request.url.clone(), Instant::now());
        if started >= patience {
            return Err(Failure { error: timed_out(step, &url), maybe_processed: false });
        }
        log.begin(step, &url);
        let http = self.clone();
        // It must not tell the caller's log of steps: the caller may be gone by then.
        let end = tokio::spawn(async move {
            let answer = http.call(request, &StepLog::quiet()).await?;
            let judged = judge(&answer);
            Ok((answer, judged))
        });
        let outcome = match timeout_at(patience, end).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(ended)) => {
                Err(Failure { error: ended_early(&ended, Sent::No).at(step), maybe_processed: true })
            }
            Err(_) => Err(Failure { error: self.named(timed_out(step, &url), &url), maybe_processed: true }),
        };
        let status = outcome.as_ref().ok().map(|(answer, _)| answer.status);
        log.add(step, &url, status, started.elapsed());
        outcome
    }

    /// Asks, and asks again where it is certain that the request was not processed.
    async fn exchange(&self, request: &Request) -> Result<Answer, Failure> {
        let origin = origin(&request.url);
        let classics = || self.classics.lock().unwrap_or_else(PoisonError::into_inner);
        for refusals in 0.. {
            let client = if classics().contains(&origin) { &self.classic } else { &self.client };
            let (failure, again) = match self.attempt(client, request.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            if again == Some(Again::Http1) {
                classics().insert(origin.clone());
            }
            if again.is_none() || refusals == MAX_REFUSALS {
                return Err(failure);
            }
        }
        unreachable!("it ends with an answer or a failure")
    }

    async fn attempt(
        &self,
        client: &reqwest::Client,
        request: Request,
    ) -> Result<Answer, (Failure, Option<Again>)> {
        let Request { method, url, body, if_match, authorization, step, deadline, .. } = request;
        let mut builder = client.request(method.clone(), url.clone()).header(ACCEPT, "application/json");
        if let Some((content_type, body)) = body {
            builder = builder.header(CONTENT_TYPE, content_type).body(body);
        } else if method == Method::POST {
            builder = builder.body(Bytes::new()).header(reqwest::header::CONTENT_LENGTH, 0);
        }
        if let Some(etag) = if_match {
            builder = builder.header(IF_MATCH, format!("\"{}\"", etag.trim_matches('"')));
        }
        if let Some(authorization) = authorization {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        if let Some(cookies) = self.cookies.give(&url) {
            builder = builder.header(COOKIE, cookies);
        }
        let mut response = match builder.send().await {
            Ok(response) => response,
            Err(e) => {
                let again = stream_error(&e).and_then(not_processed);
                let mut failure = self.failed(&e, step, &url, deadline).await;
                failure.maybe_processed &= again.is_none();
                return Err((failure, again));
            }
        };
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        self.cookies.take(&headers, &url);
        let multiplexed = response.version() == reqwest::Version::HTTP_2;
        let mut whole = Zeroizing::new(Vec::new());
        loop {
            let chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(e) => return Err((self.failed(&e, step, &url, deadline).await, None)),
            };
            if whole.len() + chunk.len() > MAX_ANSWER {
                let detail =
                    format!("The answer of {} is larger than {} MiB.", host_of(&url), MAX_ANSWER >> 20);
                let error = Error::new(ErrorKind::Protocol, detail).at(step);
                return Err((Failure { error, maybe_processed: true }, None));
            }
            append(&mut whole, chunk);
        }
        Ok(Answer { step, url, status, headers, body: Bytes::from_owner(whole), multiplexed })
    }
}

impl Http {
    /// Why a request has no answer, and whether it can have been processed.
    async fn failed(&self, e: &reqwest::Error, step: Step, url: &Url, deadline: Instant) -> Failure {
        let maybe_processed = !e.is_connect();
        let proxy = self.proxies.as_ref().and_then(|proxies| proxies.of(url));
        let told = match &proxy {
            Some(proxy) => proxy.told(e, url, deadline).await,
            None => None,
        };
        let error = match told {
            Some((detail, kind)) => {
                let source = std::io::Error::new(kind, innermost(e));
                Error::new(ErrorKind::Network, detail).at(step).with_source(source)
            }
            None => self.named(network_error(e, step, url, self.tls), url),
        };
        Failure { error, maybe_processed }
    }

    /// The same error, which also says through which proxy the server was asked.
    fn named(&self, error: Error, url: &Url) -> Error {
        match self.proxies.as_ref().and_then(|proxies| proxies.of(url)) {
            Some(proxy) => {
                let (kind, detail) = (error.kind(), through(&proxy, error.detail()));
                error.with_kind(kind, detail)
            }
            None => error,
        }
    }
}

/// Adds a piece of an answer, which may hold a token: what held it before is wiped, as far as it is ours alone.
fn append(whole: &mut Zeroizing<Vec<u8>>, piece: Bytes) {
    let needed = whole.len() + piece.len();
    if needed > whole.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * whole.capacity())));
        larger.extend_from_slice(whole);
        *whole = larger;
    }
    whole.extend_from_slice(&piece);
    if let Ok(mut piece) = piece.try_into_mut() {
        piece.zeroize();
    }
}

impl Answer {
    /// How the body is packed, though that was not asked for. It is not unpacked: it counts as a page, which may say anything.
    pub(crate) fn packing(&self) -> Option<Cow<'_, str>> {
        let packing = lenient(self.headers.get(CONTENT_ENCODING)?);
        let plain = packing.is_empty() || packing.eq_ignore_ascii_case("identity") || self.body.is_empty();
        (!plain).then_some(packing)
    }

    /// The values of `WWW-Authenticate`: how the server wants a sign-in, if it does.
    pub(crate) fn challenges(&self) -> Vec<Cow<'_, str>> {
        self.headers.get_all(WWW_AUTHENTICATE).iter().map(lenient).collect()
    }

    pub(crate) fn diagnostics(&self) -> Option<Cow<'_, str>> {
        self.headers.get("x-ms-diagnostics").map(lenient)
    }

    /// The number before the first `;` of the diagnostics header.
    pub(crate) fn diagnostics_id(&self) -> Option<u32> {
        self.diagnostics()?.split(';').next()?.trim().parse().ok()
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let value = lenient(self.headers.get(RETRY_AFTER)?);
        let value = value.trim();
        // A date begins with the day of the week. What follows a number is a remark.
        let seconds = value.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let wait = match seconds.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                httpdate::parse_http_date(value).ok()?.duration_since(std::time::SystemTime::now()).ok()?
            }
        };
        Some(wait.min(LONGEST_WAIT))
    }

    /// Bytes beyond ASCII are escaped as they stand: a server that writes them raw means them so.
    pub(crate) fn location(&self) -> Option<Cow<'_, str>> {
        let href = self.headers.get(LOCATION)?.as_bytes();
        (href.len() <= MAX_HREF).then(|| percent_encode(href, CONTROLS).into())
    }

    pub(crate) fn hop(&self) -> Hop {
        hop(&self.url, self.status.to_string())
    }
}

/// A hop without the URL's query, which may hold an address or a key.
pub(crate) fn hop(url: &Url, outcome: impl Into<String>) -> Hop {
    let mut url = url.clone();
    url.set_query(None);
    Hop { url: url.into(), outcome: outcome.into() }
}

/// A header's text. Beyond ASCII it is UTF-8 or, as the servers' own languages have it, ISO-8859-1.
fn lenient(value: &HeaderValue) -> Cow<'_, str> {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    }
}

pub(crate) fn timed_out(step: Step, url: &Url) -> Error {
    Error::new(
        ErrorKind::Timeout,
        format!("{} did not answer before the timeout at step {step}.", host_of(url)),
    )
    .at(step)
}
