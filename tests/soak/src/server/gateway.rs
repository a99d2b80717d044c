//! What a gateway, a load balancer or a web proxy says in the server's place.

use std::fmt;

use axum::body::Body;
use axum::http::Response;
use axum::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE};

use crate::chance::Chance;

/// A captive portal answers 200, and always with a page.
const STATUSES: [u16; 16] = [200, 302, 400, 401, 403, 404, 408, 409, 410, 413, 429, 499, 500, 502, 503, 504];

#[derive(Clone, Copy)]
enum Form {
    TextualCode,
    NumericCode,
    ProblemJson,
    Xml,
    Html,
    Empty,
}

use Form::{Empty, Html, NumericCode, ProblemJson, TextualCode, Xml};

/// One such answer.
#[derive(Clone, Copy)]
pub(crate) struct Gateway {
    pub(crate) status: u16,
    form: Form,
    asks_to_wait: bool,
}

impl Gateway {
    pub(crate) fn any(chance: &mut Chance) -> Self {
        let status = chance.pick(&STATUSES);
        let form = chance.pick(&[TextualCode, NumericCode, ProblemJson, Xml, Html, Empty]);
        let form = if status == 200 { Html } else { form };
        Self { status, form, asks_to_wait: chance.permille(500) }
    }

    pub(crate) fn response(self) -> Response<Body> {
        let Self { status, form, .. } = self;
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status.try_into().unwrap();
        let reason = response.status().canonical_reason().unwrap_or("Client Closed Request");
        let code = reason.to_uppercase().replace(' ', "_");
        let (content_type, body) = match form {
            TextualCode => {
                ("application/json", format!(r#"{{"code":"{code}","message":"upstream connect error"}}"#))
            }
            NumericCode => ("application/json", format!(r#"{{"code":{status},"message":"{reason}"}}"#)),
            ProblemJson => {
                let body = format!(r#"{{"type":"about:blank","title":"{reason}","status":{status}}}"#);
                ("application/problem+json", body)
            }
            Xml => ("application/xml", format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>")),
            Html => ("text/html", format!("<html><head><title>{status} {reason}</title></head></html>")),
            Empty => ("", String::new()),
        };
        let mut line =
            |name, value: &'static str| response.headers_mut().insert(name, value.parse().unwrap());
        if !content_type.is_empty() {
            line(CONTENT_TYPE, content_type);
        }
        match status {
            302 => drop(line(LOCATION, "/login")),
            401 => drop(line(WWW_AUTHENTICATE, "Basic realm=\"gateway\"")),
            429 | 503 if self.asks_to_wait => drop(line(RETRY_AFTER, "1")),
            _ => {}
        }
        *response.body_mut() = body.into();
        response
    }
}

impl fmt::Display for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let form = match self.form {
            TextualCode => "JSON with a textual code",
            NumericCode => "JSON with a numeric code",
            ProblemJson => "problem+json",
            Xml => "XML",
            Html => "HTML",
            Empty => "no body",
        };
        write!(f, "{} with {form}", self.status)
    }
}
