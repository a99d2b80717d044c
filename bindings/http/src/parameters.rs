//! The parameters of a request: from its query, a form, a multipart form or a JSON object.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use bytes::BytesMut;
use futures_util::StreamExt;
use percent_encoding::percent_decode;
use send_im::bindings::{decode_text, without_mark};
use send_im::{Error, ErrorKind, Result};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// How long a body may take to come in.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// The names there are. `_` is what jQuery adds against caches; it means nothing.
#[rustfmt::skip]
const NAMES: [&str; 10] = [
    "recipient", "message", "username", "password", "address", "subject", "importance", "html", "wait", "timeout",
];
const IGNORED: &str = "_";

/// Where a parameter stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Query,
    Body,
}

/// What a request says, not yet understood. Empty values count as not given, but for those that must be there.
#[derive(Default)]
pub(crate) struct Parameters(Vec<(&'static str, String, Source)>);

impl Parameters {
    /// Reads query and body.
    ///
    /// # Errors
    /// A body that is too large (413), too slow (408), of another type (415), or parameters that are not usable (400).
    pub(crate) async fn read(
        request: Request,
        largest_body: usize,
        bodies: &Arc<Semaphore>,
    ) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let mut parameters = Self::of_query(&parts.uri)?;
        let (body, _room) = whole(body, largest_body, bodies).await?;
        let media = media_type(&parts.headers);
        match media.as_deref() {
            _ if body.is_empty() => {}
            Some("application/x-www-form-urlencoded") => parameters.form(&body, Source::Body)?,
            Some("application/json") => parameters.json(&body)?,
            Some("multipart/form-data") => {
                parameters.multipart(Request::from_parts(parts, Body::from(body))).await?;
            }
            _ => {
                let detail = "The body is of no type that is understood: its Content-Type is one of application/json, application/x-www-form-urlencoded and multipart/form-data.";
                return Err(Problem::wrong(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
            }
        }
        Ok(parameters)
    }

    /// Those of the query alone.
    ///
    /// # Errors
    /// `invalid_input` where they are not usable.
    pub(crate) fn of_query(uri: &Uri) -> Result<Self> {
        let mut parameters = Self::default();
        let query = uri.query().map(str::as_bytes);
        query.map_or(Ok(()), |query| parameters.form(query, Source::Query))?;
        Ok(parameters)
    }

    /// True where a parameter is given, if only empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, ..)| *known == name)
    }

    /// The value of a parameter; `None` where it is not there or empty.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// The value of a parameter, which may be empty.
    pub(crate) fn given(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, ..)| *known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// True where a query string holds a value for one of these.
    pub(crate) fn in_query(&self, names: &[&str]) -> bool {
        self.0.iter().any(|(name, value, source)| {
            *source == Source::Query && names.contains(name) && !value.is_empty()
        })
    }

    /// # Errors
    /// `invalid_input` where there is no such parameter, or it is given already.
    pub(crate) fn add(&mut self, name: &str, value: &str, source: Source) -> Result<()> {
        if name == IGNORED {
            return Ok(());
        }
        // The name is not repeated: it may be a password in the wrong place.
        let Some(name) = NAMES.into_iter().find(|known| *known == name) else {
            return Err(Error::invalid_input(format!(
                "There is a parameter that is none of {}.",
                NAMES.join(", ")
            )));
        };
        if self.has(name) {
            return Err(Error::invalid_input(format!("The parameter {name} is given twice.")));
        }
        // The mark is that of a file the value was read from.
        self.0.push((name, without_mark(value).to_owned(), source));
        Ok(())
    }

    fn form(&mut self, text: &[u8], source: Source) -> Result<()> {
        // The parser would put a replacement character in the place of an umlaut of Latin-1.
        percent_decode(text).decode_utf8().map_err(|_| not_utf8())?;
        form_urlencoded::parse(text).try_for_each(|(name, value)| self.add(&name, &value, source))
    }

    fn json(&mut self, text: &[u8]) -> Result<()> {
        let wrong =
            |why: String| Error::invalid_input(format!("The body is not a JSON object in UTF-8: {why}."));
        let text = decode_text(text).ok_or_else(|| wrong("it holds other bytes".to_owned()))?;
        let mut json = serde_json::Deserializer::from_str(&text);
        let members = json.deserialize_map(Members).and_then(|members| json.end().map(|()| members));
        // The parser's own words may quote a value.
        let members = members.map_err(|e| {
            wrong(format!("it is not understood at line {}, column {}", e.line(), e.column()))
        })?;
        members.into_iter().try_for_each(|(name, value)| match value {
            Value::String(text) => self.add(&name, &text, Source::Body),
            Value::Bool(_) | Value::Number(_) => self.add(&name, &value.to_string(), Source::Body),
            Value::Null => self.add(&name, "", Source::Body),
            Value::Array(_) | Value::Object(_) => {
                Err(Error::invalid_input("A member of the JSON object is a list or an object."))
            }
        })
    }

    async fn multipart(&mut self, request: Request) -> Result<()> {
        // The parser's own words may quote a header of a part.
        let broken = || Error::invalid_input("The multipart form is not complete, or not well-formed.");
        let mut form = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
        while let Some(field) = form.next_field().await.map_err(|_| broken())? {
            let name = field.name().unwrap_or_default().to_owned();
            let value = field.bytes().await.map_err(|_| broken())?;
            self.add(&name, std::str::from_utf8(&value).map_err(|_| not_utf8())?, Source::Body)?;
        }
        Ok(())
    }
}

/// The body, and the room it takes among those of all requests.
///
/// # Errors
/// A body that is too large (413) or too slow (408), or that finds no room (503).
pub(crate) async fn whole(
    body: Body,
    largest: usize,
    bodies: &Arc<Semaphore>,
) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
    let read = async {
        let (mut pieces, mut whole) = (body.into_data_stream(), BytesMut::new());
        let too_many = |_| {
            let detail = "Too many large bodies come in at once; nothing was sent.";
            Problem::refused(StatusCode::SERVICE_UNAVAILABLE, ErrorKind::LimitReached, detail).retry_after(1)
        };
        let more = |kib| bodies.clone().try_acquire_many_owned(kib as u32).map_err(too_many);
        let mut room = more(0)?;
        while let Some(piece) = pieces.next().await {
            let Ok(piece) = piece else {
                // Nobody is left to read the answer.
                return Err(Error::invalid_input("The body broke off; nothing was sent.").into());
            };
            if whole.len() + piece.len() > largest {
                let detail = format!("The body is larger than {largest} bytes.");
                return Err(Problem::wrong(StatusCode::PAYLOAD_TOO_LARGE, &detail));
            }
            whole.extend_from_slice(&piece);
            room.merge(more(whole.len().div_ceil(1024) - room.num_permits())?);
        }
        Ok((whole.freeze(), room))
    };
    tokio::time::timeout(BODY_PATIENCE, read).await.unwrap_or_else(|_| {
        let detail = format!("The body took longer than {} s.", BODY_PATIENCE.as_secs());
        Err(Problem::wrong(StatusCode::REQUEST_TIMEOUT, &detail))
    })
}

/// The type of the body, without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn not_utf8() -> Error {
    Error::invalid_input("A parameter is not text in UTF-8.")
}

/// The members of a JSON object as they stand, so that one that stands twice is seen.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        std::iter::from_fn(|| map.next_entry().transpose()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(uri: &str, media: Option<&str>, body: &'static [u8]) -> Result<Parameters, Problem> {
        let mut request = Request::builder().method("POST").uri(uri);
        if let Some(media) = media {
            request = request.header(header::CONTENT_TYPE, media);
        }
        let bodies = Arc::new(Semaphore::new(1));
        Parameters::read(request.body(Body::from(body)).unwrap(), 100, &bodies).await
    }

    async fn text(uri: &str, media: Option<&str>, body: &'static [u8]) -> String {
        read(uri, media, body).await.unwrap().take("message").unwrap()
    }

    async fn refused(uri: &str, media: Option<&str>, body: &'static [u8]) -> (u16, String) {
        let problem = read(uri, media, body).await.err().unwrap();
        (problem.status.as_u16(), problem.error.detail().to_owned())
    }

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
    const JSON: Option<&str> = Some("Application/JSON; charset=utf-8");

    #[tokio::test]
    async fn reads_every_shape() {
        assert_eq!(text("/?message=a+b%20%C3%A9%2B%26", None, b"").await, "a b é+&");
        assert_eq!(text("/", FORM, b"message=a+b%20%C3%A9&").await, "a b é");
        assert_eq!(text("/", JSON, "{\"message\": \"a \\u00e9 😀\"}".as_bytes()).await, "a é 😀");
        let multipart = b"--x\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\na\r\nb\r\n--x--\r\n";
        assert_eq!(text("/", Some("multipart/form-data; boundary=x"), multipart).await, "a\r\nb");
    }

    #[tokio::test]
    async fn query_and_body_go_together() {
        let mut parameters = read("/?recipient=r&_=1", FORM, b"message=m").await.unwrap();
        assert_eq!(
            (parameters.take("recipient").as_deref(), parameters.take("message").as_deref()),
            (Some("r"), Some("m"))
        );
    }

    #[tokio::test]
    async fn numbers_truth_and_nothing_are_values_of_json() {
        let mut parameters =
            read("/", JSON, b"{\"timeout\": 1.5, \"html\": true, \"subject\": null}").await.unwrap();
        assert_eq!(parameters.take("timeout").as_deref(), Some("1.5"));
        assert_eq!(parameters.take("html").as_deref(), Some("true"));
        assert_eq!(parameters.take("subject"), None);
    }

    #[tokio::test]
    async fn refuses_what_is_ambiguous_without_repeating_it() {
        for (uri, media, body) in [
            ("/?message=s3cret&message=b", None, &b""[..]),
            ("/?message=s3cret", FORM, b"message=b"),
            ("/", JSON, b"{\"message\": \"s3cret\", \"message\": \"b\"}"),
            ("/", JSON, b"{\"message\": s3cret}"),
            ("/", JSON, b"[\"s3cret\"]"),
            ("/", JSON, b"{\"message\": [\"s3cret\"]}"),
            ("/", JSON, b"{\"s3cret\": 1}"),
            ("/?s3cret", None, b""),
            ("/?message=s3cret%FF", None, b""),
            ("/", JSON, b"{\"message\": \"s3cret\xff\"}"),
            ("/", Some("multipart/form-data; boundary=x"), b"--x\r\ns3cret"),
            ("/", Some("multipart/form-data"), b"s3cret"),
        ] {
            let (status, detail) = refused(uri, media, body).await;
            assert_eq!(status, 400, "{uri} {body:?}");
            assert!(!detail.contains("s3cret"), "{detail}");
        }
    }

    #[tokio::test]
    async fn refuses_other_types_and_what_is_too_large() {
        for media in [None, Some("text/plain"), Some("application/xml")] {
            assert_eq!(refused("/", media, b"message=a").await.0, 415, "{media:?}");
        }
        assert_eq!(refused("/", FORM, &[b'x'; 101]).await.0, 413);
    }

    #[tokio::test]
    async fn knows_what_stood_in_the_query() {
        let parameters = read("/?password=&message=m", FORM, b"username=u").await.unwrap();
        assert!(!parameters.in_query(&["username", "password"]));
        assert!(parameters.in_query(&["message"]));
    }
}
