//! What came back: an answer, whatever its status, or a failure. What an answer proves: `answer_verdict.rs`; the errors it becomes:
//! `reasons.rs`.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use percent_encoding::{CONTROLS, percent_encode};
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};
use send_im_ucwa::limits::MAX_HREF;
use url::Url;

use crate::error::{Error, ErrorKind, Hop};
use crate::steps::{Step, host_of};

/// Longer times that a server names are cut to this, so that sums with a clock cannot overflow.
pub(crate) const MAX_SERVER_DURATION: Duration = Duration::from_secs(365 * 24 * 3600);

/// One answer, whatever its status.
pub(crate) struct Answer {
    /// The step of its request.
    pub(crate) step: Step,
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// It came over HTTP/2, where one connection carries many requests.
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

impl Answer {
    /// The content encoding of a body that is compressed although none was asked for. It is not decompressed.
    pub(crate) fn content_encoding(&self) -> Option<Cow<'_, str>> {
        let encoding = header_text(self.headers.get(CONTENT_ENCODING)?);
        let is_plain =
            encoding.is_empty() || encoding.eq_ignore_ascii_case("identity") || self.body.is_empty();
        (!is_plain).then_some(encoding)
    }

    /// The values of `WWW-Authenticate`.
    pub(crate) fn www_authenticate(&self) -> Vec<Cow<'_, str>> {
        self.headers.get_all(WWW_AUTHENTICATE).iter().map(header_text).collect()
    }

    /// The value of a header, if it is there.
    pub(crate) fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        self.headers.get(name).map(header_text)
    }

    /// How long the server asks to wait. Text after the seconds is ignored; a date is read by the server's clock, and one in the
    /// past is no wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let value = header_text(self.headers.get(RETRY_AFTER)?);
        let value = value.trim();
        let seconds = value.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let wait = match seconds.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            // An HTTP date begins with the day of the week.
            Err(_) => {
                let date = self.header("date").and_then(|date| httpdate::parse_http_date(&date).ok());
                let until = httpdate::parse_http_date(value).ok()?;
                until.duration_since(date.unwrap_or_else(SystemTime::now)).ok()?
            }
        };
        Some(wait.min(MAX_SERVER_DURATION))
    }

    /// The `Location`, its non-ASCII bytes percent-encoded.
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

/// A header's text. Non-ASCII bytes are UTF-8 or else ISO-8859-1, as in localised diagnostics.
fn header_text(value: &HeaderValue) -> Cow<'_, str> {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    }
}

pub(crate) fn timed_out(step: Step, url: &Url) -> Error {
    let detail = format!("{} did not answer before the timeout at step {step}.", host_of(url));
    Error::new(ErrorKind::Timeout, detail).at(step)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use reqwest::header::DATE;

    use super::*;

    /// The clocks of this machine and the server may differ by minutes.
    #[test]
    fn a_date_to_wait_for_is_read_by_the_clock_of_the_server() {
        let date = |seconds| {
            let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
            HeaderValue::from_str(&date).unwrap()
        };
        let headers = HeaderMap::from_iter([(DATE, date(1_000_000)), (RETRY_AFTER, date(1_000_002))]);
        let url = Url::parse("https://pool.test/").unwrap();
        let (step, status) = (Step::Discover, 503);
        let answer = Answer { step, url, status, headers, body: Bytes::new(), multiplexed: false };
        assert_eq!(answer.retry_after(), Some(Duration::from_secs(2)));
    }
}
