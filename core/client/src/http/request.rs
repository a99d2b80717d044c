//! One request.

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::HeaderValue;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::steps::Step;

#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// Content type and content.
    pub(crate) body: Option<(&'static str, Bytes)>,
    pub(crate) if_match: Option<String>,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) step: Step,
    pub(crate) deadline: Instant,
    /// It must not reach its host twice: it invites a person, or carries a message.
    pub(crate) at_most_once: bool,
    /// Once cancelled, no token is fetched for this request.
    pub(crate) cancellation: Option<CancellationToken>,
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
            at_most_once: false,
            cancellation: None,
        }
    }

    /// Marks a request that must not reach its host twice.
    pub(crate) fn at_most_once(mut self) -> Self {
        self.at_most_once = true;
        self
    }

    /// Fetches no token for this request once `cancellation` is cancelled.
    pub(crate) fn cancelled_by(mut self, cancellation: &CancellationToken) -> Self {
        self.cancellation = Some(cancellation.clone());
        self
    }

    pub(crate) fn body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.body = Some((content_type, body.into()));
        self
    }
}
