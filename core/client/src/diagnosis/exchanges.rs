//! Records the client's own requests and what came of each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::Method;
use send_im_ucwa::challenge::Challenge;
use tokio::time::Instant;
use url::Url;

use crate::error::Error;
use crate::http::{Answer, Http, Request, RequestEvent, hop};
use crate::steps::{Step, host_of};

/// One request and what came of it. Neither header values nor bodies, which may hold a token.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) step: Step,
    /// A POST: of a sign-in, the one that carries the credential.
    pub(super) is_post: bool,
    pub(super) url: Url,
    pub(super) elapsed: Duration,
    pub(super) outcome: Result<Response, Error>,
}

#[derive(Clone)]
pub(super) struct Response {
    pub(super) status: u16,
    /// The pool has answered, and nothing in between.
    pub(super) from_pool: bool,
    pub(super) challenge: Option<Challenge>,
    /// The server's clock less this machine's, in seconds.
    pub(super) clock: Option<i64>,
    /// Of an answer that is no success.
    pub(super) refusal: Option<Error>,
}

/// The requests of one connection, in order.
#[derive(Clone, Default)]
pub(super) struct Exchanges(Arc<Mutex<Recorded>>);

#[derive(Default)]
struct Recorded {
    ended: Vec<Exchange>,
    /// The steps of the requests without an answer yet, and when they began.
    pending: Vec<(Step, Instant)>,
}

impl Exchanges {
    /// Records every request from now on.
    pub(super) fn record(http: &Http) -> Self {
        let exchanges = Self::default();
        let recorder = exchanges.clone();
        http.observe(Box::new(move |request, event| recorder.lock().add(request, &event)));
        exchanges
    }

    fn lock(&self) -> MutexGuard<'_, Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the latest request of this step has been waiting for its answer.
    pub(super) fn waiting(&self, step: Step) -> Duration {
        let recorded = self.lock();
        let latest = recorded.pending.iter().rev().find(|(of, _)| *of == step);
        latest.map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }

    pub(super) fn all(&self) -> Vec<Exchange> {
        self.lock().ended.clone()
    }

    /// The requests that match.
    pub(super) fn matching(&self, matches: impl Fn(&Exchange) -> bool) -> Vec<Exchange> {
        self.all().into_iter().filter(|exchange| matches(exchange)).collect()
    }

    /// How far the server's clock is ahead of this machine's, in seconds, by the last answer that says so, and its host.
    pub(super) fn clock(&self) -> Option<(i64, String)> {
        let all = self.all();
        let clock =
            |exchange: &Exchange| Some((exchange.outcome.as_ref().ok()?.clock?, host_of(&exchange.url)));
        all.iter().rev().find_map(clock)
    }
}

impl Recorded {
    fn add(&mut self, request: &Request, event: &RequestEvent<'_>) {
        match event {
            RequestEvent::Started => self.pending.push((request.step, Instant::now())),
            RequestEvent::Finished(outcome, elapsed) => {
                if let Some(at) = self.pending.iter().position(|(step, _)| *step == request.step) {
                    self.pending.remove(at);
                }
                self.ended.push(exchange(request, *outcome, *elapsed));
            }
        }
    }
}

fn exchange(request: &Request, outcome: Result<&Answer, &Error>, elapsed: Duration) -> Exchange {
    let response = |answer: &Answer| Response {
        status: answer.status,
        from_pool: answer.speaker().is_pool(),
        challenge: Challenge::parse(answer.www_authenticate().iter().map(AsRef::as_ref)),
        clock: clock(answer),
        refusal: (answer.status >= 300).then(|| answer.refusal(request.step, "answer the request")),
    };
    Exchange {
        step: request.step,
        is_post: request.method == Method::POST,
        url: request.url.clone(),
        elapsed,
        outcome: outcome.map(response).map_err(Clone::clone),
    }
}

/// By the `Date` of an answer.
fn clock(answer: &Answer) -> Option<i64> {
    let theirs = httpdate::parse_http_date(&answer.header("date")?).ok()?;
    let ours = SystemTime::now();
    Some(match theirs.duration_since(ours) {
        Ok(ahead) => ahead.as_secs() as i64,
        Err(behind) => -(behind.duration().as_secs() as i64),
    })
}

/// The requests with what came of each, in one line; equal ones after each other once, with their number.
pub(super) fn line_of(exchanges: &[Exchange]) -> String {
    let lines: Vec<String> = exchanges.iter().map(described).collect();
    let equal = lines.chunk_by(|one, next| one == next).map(|equal| match equal {
        [one] => one.clone(),
        more => format!("{}, {} times", more[0], more.len()),
    });
    equal.collect::<Vec<_>>().join("; ")
}

fn described(exchange: &Exchange) -> String {
    let method = if exchange.is_post { "POST" } else { "GET" };
    let outcome = match &exchange.outcome {
        Ok(response) => format!("HTTP {}", response.status),
        Err(_) => "without an answer".to_owned(),
    };
    format!("{method} {} {outcome}", hop(&exchange.url, "").url)
}

/// How long they took together.
pub(super) fn total_time(exchanges: &[Exchange]) -> Duration {
    exchanges.iter().map(|exchange| exchange.elapsed).sum()
}
