//! What a monitoring system is told: counts and times, and nobody's name.

use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};
use send_im::{ErrorKind, Evidence, Receipt, Result};

use crate::hooks;

/// The type of what [`Metrics::text`] gives.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Upper ends of the buckets, in seconds. A ring takes about 30 s, a send 60 s by default.
const BUCKETS: [f64; 13] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 45.0, 90.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    path: &'static str,
    method: &'static str,
    status: u16,
}

/// One label and its value.
type Label = [(&'static str, &'static str); 1];

pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Label, Histogram>,
    sends: Family<Label, Counter>,
    send_durations: Histogram,
    in_flight: Gauge,
    sessions: Gauge,
    sign_ins: Family<Label, Counter>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let mut registry = Registry::with_prefix("send_im");
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The version of the service", version);
        let all = &mut registry;
        let this = Self {
            requests: new(all, "http_requests", "Requests answered", Family::default()),
            durations: new(
                all,
                "http_request_duration_seconds",
                "Time to the answer of a request",
                Family::new_with_constructor(histogram),
            ),
            sends: new(
                all,
                "sends",
                "Messages sent, by delivered, submitted or the kind of the error",
                Family::default(),
            ),
            send_durations: new(
                all,
                "send_duration_seconds",
                "Time of a send, signing in included",
                histogram(),
            ),
            in_flight: new(all, "sends_in_flight", "Sends under way", Gauge::default()),
            sessions: new(all, "sessions", "Sessions signed in", Gauge::default()),
            sign_ins: new(all, "sign_ins", "Sign-ins, by ok or the kind of the error", Family::default()),
            registry,
        };
        // A counter that begins to exist with its first event hides that event from a rate.
        let errors = ErrorKind::ALL.iter().map(|kind| kind.as_str());
        for kind in errors.chain(["delivered", "submitted"]) {
            let _ = this.sends.get_or_create(&[("kind", kind)]);
        }
        this
    }

    /// A request is answered, with its path as [`known`] gives it.
    pub(crate) fn answered(&self, path: &'static str, method: &str, status: u16, took: Duration) {
        let method =
            ["GET", "POST", "OPTIONS", "HEAD"].into_iter().find(|known| *known == method).unwrap_or("other");
        self.requests.get_or_create(&Answered { path, method, status }).inc();
        self.durations.get_or_create(&[("path", path)]).observe(took.as_secs_f64());
    }

    /// A send begins.
    pub(crate) fn sending(&self) -> UnderWay<'_> {
        self.in_flight.inc();
        UnderWay { metrics: self, since: Instant::now() }
    }

    pub(crate) fn signed_in<T>(&self, result: &Result<T>) {
        let kind = result.as_ref().map_or_else(|error| error.kind().as_str(), |_| "ok");
        self.sign_ins.get_or_create(&[("kind", kind)]).inc();
    }

    pub(crate) fn text(&self, sessions: usize) -> String {
        self.sessions.set(i64::try_from(sessions).unwrap_or(i64::MAX));
        let mut out = String::new();
        // Only a writer that fails makes this fail, and a String does not.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

/// A metric that is told of.
fn new<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

/// A send under way. However it ends, it is under way no more.
pub(crate) struct UnderWay<'a> {
    metrics: &'a Metrics,
    since: Instant,
}

impl UnderWay<'_> {
    pub(crate) fn end(self, result: &Result<Receipt>) {
        self.metrics.sends.get_or_create(&[("kind", outcome(result))]).inc();
        self.metrics.send_durations.observe(self.since.elapsed().as_secs_f64());
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.metrics.in_flight.dec();
    }
}

/// `delivered`, `submitted`, or the kind of the error.
pub(crate) fn outcome(result: &Result<Receipt>) -> &'static str {
    match result {
        Ok(receipt) if receipt.evidence == Evidence::Submitted => "submitted",
        Ok(_) => "delivered",
        Err(error) => error.kind().as_str(),
    }
}

/// Paths that are none of ours are one: a stranger must not fill the memory, nor the log with text.
pub(crate) fn known(path: &str) -> &'static str {
    ["/", "/index.html", "/send", "/healthz", "/metrics", "/openapi.json"]
        .into_iter()
        .find(|known| *known == path)
        .or_else(|| hooks::is_one(path).then_some("/hooks"))
        .unwrap_or("other")
}
