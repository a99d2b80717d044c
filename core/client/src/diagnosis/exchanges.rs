//! What the client's own requests brought while it was looked on at.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::Method;
use send_im_ucwa::challenge::Challenge;
use tokio::time::Instant;
use url::Url;

use crate::error::Error;
use crate::http::{Answer, Http, Look, Request, hop};
use crate::steps::{Step, host_of};

/// One request and what came of it. Neither header values nor bodies, which may hold a token.
#[derive(Clone)]
pub(super) struct Sight {
    pub(super) step: Step,
    /// A POST: of a sign-in, the one that carries the credential.
    pub(super) is_post: bool,
    pub(super) url: Url,
    pub(super) took: Duration,
    pub(super) outcome: Result<Answered, Error>,
}

#[derive(Clone)]
pub(super) struct Answered {
    pub(super) status: u16,
    /// The pool has answered, and nothing in between.
    pub(super) is_pool: bool,
    pub(super) challenge: Option<Challenge>,
    /// The server's clock less this machine's, in seconds.
    pub(super) clock: Option<i64>,
    /// Of an answer that is no success.
    pub(super) refusal: Option<Error>,
}

/// The requests of one connection, in order.
#[derive(Clone, Default)]
pub(super) struct Sights(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    ended: Vec<Sight>,
    /// The steps of the requests without an answer yet, and when they began.
    pending: Vec<(Step, Instant)>,
}

impl Sights {
    /// Looks on at every request from now on.
    pub(super) fn of(http: &Http) -> Self {
        let sights = Self::default();
        let seen = sights.clone();
        http.watched_by(Box::new(move |request, look| seen.lock().look(request, &look)));
        sights
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the latest request of this step has been waiting for its answer.
    pub(super) fn waiting(&self, step: Step) -> Duration {
        let seen = self.lock();
        let latest = seen.pending.iter().rev().find(|(of, _)| *of == step);
        latest.map_or(Duration::ZERO, |(_, since)| since.elapsed())
    }

    pub(super) fn all(&self) -> Vec<Sight> {
        self.lock().ended.clone()
    }

    /// The requests that match.
    pub(super) fn that(&self, matches: impl Fn(&Sight) -> bool) -> Vec<Sight> {
        self.all().into_iter().filter(|sight| matches(sight)).collect()
    }

    /// How far the server's clock is ahead of this machine's, in seconds, by the last answer that says so, and its host.
    pub(super) fn clock(&self) -> Option<(i64, String)> {
        let seen = self.all();
        let clock = |sight: &Sight| Some((sight.outcome.as_ref().ok()?.clock?, host_of(&sight.url)));
        seen.iter().rev().find_map(clock)
    }
}

impl Seen {
    fn look(&mut self, request: &Request, look: &Look<'_>) {
        match look {
            Look::Begun => self.pending.push((request.step, Instant::now())),
            Look::Ended(outcome, took) => {
                if let Some(at) = self.pending.iter().position(|(step, _)| *step == request.step) {
                    self.pending.remove(at);
                }
                self.ended.push(sight(request, *outcome, *took));
            }
        }
    }
}

fn sight(request: &Request, outcome: Result<&Answer, &Error>, took: Duration) -> Sight {
    let answered = |answer: &Answer| Answered {
        status: answer.status,
        is_pool: answer.speaker().is_pool(),
        challenge: Challenge::parse(answer.www_authenticate().iter().map(AsRef::as_ref)),
        clock: clock(answer),
        refusal: (answer.status >= 300).then(|| answer.refusal(request.step, "answer this request")),
    };
    Sight {
        step: request.step,
        is_post: request.method == Method::POST,
        url: request.url.clone(),
        took,
        outcome: outcome.map(answered).map_err(Clone::clone),
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

/// The requests with what came of each, in one line.
pub(super) fn line_of(sights: &[Sight]) -> String {
    let mut line = String::new();
    for sight in sights {
        if !line.is_empty() {
            line.push_str("; ");
        }
        let outcome = match &sight.outcome {
            Ok(answered) => format!("HTTP {}", answered.status),
            Err(error) => error.detail().to_owned(),
        };
        let _ = write!(
            line,
            "{} {} {outcome}",
            if sight.is_post { "POST" } else { "GET" },
            hop(&sight.url, "").url
        );
    }
    line
}

/// How long they took together.
pub(super) fn time_of(sights: &[Sight]) -> Duration {
    sights.iter().map(|sight| sight.took).sum()
}
