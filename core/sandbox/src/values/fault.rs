//! A fault: what is to go wrong, with which request.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::values::time::millis;

/// The requests a fault can be put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Route {
    /// GET of the discovery root.
    Discovery,
    /// GET of the user resource, with or without a token.
    User,
    /// POST to a token service.
    Token,
    /// Any request to the `applications` resource: the POST, and the GET that asks for a challenge.
    Applications,
    /// GET of the event channel.
    Events,
    /// POST of startMessaging or addMessaging.
    StartMessaging,
    /// POST of sendMessage.
    SendMessage,
    /// POST of stopMessaging, which is also the `cancel` of an invitation.
    StopMessaging,
    /// DELETE of the application.
    DeleteApplication,
    /// Every request, including those that no other route names.
    Any,
}

/// The body of an [`Action::Status`] response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorBody {
    /// The error body of UCWA.
    #[default]
    Json,
    /// A page of the web server.
    Html,
    /// A line of text.
    Text,
}

/// The body of an [`Action::GatewayError`] response.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GatewayBody {
    /// A web page.
    #[default]
    Html,
    /// JSON with a `code` in words.
    JsonCode,
    /// JSON with a `code` that is a number.
    JsonNumber,
    /// `application/problem+json`.
    UcwaError,
    /// XML.
    Xml,
    /// Nothing.
    Empty,
}

impl GatewayBody {
    /// Every form.
    pub const ALL: [GatewayBody; 6] =
        [Self::Html, Self::JsonCode, Self::JsonNumber, Self::UcwaError, Self::Xml, Self::Empty];
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Action {
    /// The request is not processed and answered with this error.
    Status {
        /// The HTTP status.
        http: u16,
        /// The `code` of the body; by default the one that belongs to the status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The `subcode` of the body; by default `None`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subcode: Option<String>,
        /// Seconds for a `Retry-After` header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// The form of the body.
        #[serde(default)]
        body: ErrorBody,
        /// The whole value of an `X-Ms-diagnostics` header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        diagnostics: Option<String>,
    },
    /// The request is processed after this time.
    Delay {
        /// Milliseconds.
        #[serde(rename = "ms", with = "millis")]
        time: Duration,
    },
    /// The request is processed at once and answered after this time.
    DelayAnswer {
        /// Milliseconds.
        #[serde(rename = "ms", with = "millis")]
        time: Duration,
    },
    /// A gateway answers instead of the server, with none of the server's headers.
    GatewayError {
        /// The HTTP status.
        http: u16,
        /// The form of the body; by default a page.
        #[serde(default)]
        body: GatewayBody,
        /// True, the default: the request is processed before. False: it never gets through.
        #[serde(default = "yes")]
        processed: bool,
    },
    /// The connection is closed without an answer; the request is not processed.
    DropBefore,
    /// The request is processed, then the connection is closed: the answer is lost.
    DropAfter,
    /// The connection is broken off with a TCP reset; the request is not processed.
    ResetBefore,
    /// The request is processed, then the connection is broken off with a TCP reset.
    ResetAfter,
    /// HTTP/2: the stream of the request is reset. Over HTTP/1.1 nothing happens.
    ResetStream {
        /// The error code of RFC 9113, for example 7, `REFUSED_STREAM`, or 13, `HTTP_1_1_REQUIRED`.
        error: u32,
        /// True: the request is processed before. False, the default: it is not.
        #[serde(default)]
        processed: bool,
    },
    /// HTTP/2: GOAWAY, then the connection is closed without an answer. Over HTTP/1.1 nothing happens.
    ///
    /// Meant for a connection with one request besides pending GETs: GOAWAY makes the same statement about later requests.
    GoAway {
        /// The error code of RFC 9113, for example 0, `NO_ERROR`.
        error: u32,
        /// True: the request is processed before, and its stream is the last one that GOAWAY names. False, the default: it is not,
        /// and its stream is above that one.
        #[serde(default)]
        processed: bool,
    },
    /// The request is processed and answered. Then its origin closes its open connections and refuses new ones for this time.
    ThenRefuse {
        /// Milliseconds.
        #[serde(rename = "ms", with = "millis")]
        time: Duration,
    },
    /// The request is processed and answered. The connections of its origin are closed, and this number of new ones get a
    /// certificate of an untrusted authority. Without TLS the connections are only closed.
    ThenDistrust {
        /// The number of connections.
        connections: u32,
    },
    /// The request is processed; half of the body is sent, then the connection is closed.
    CutBody,
    /// The request is not processed and answered with 200 and a page, as a captive portal does.
    HtmlInstead,
    /// The request is processed; the `Content-Type` of the response is `text/plain`.
    WrongContentType,
    /// The request is processed; the body of the answer is at least this long.
    Oversized {
        /// Bytes.
        bytes: usize,
    },
    /// Every event comes twice.
    DuplicateEvents,
    /// The events come later.
    DelayEvents {
        /// Milliseconds.
        #[serde(rename = "ms", with = "millis")]
        time: Duration,
    },
    /// The events carry no `_embedded`; the resource has to be fetched.
    BareEvents,
    /// The events can be fetched before the answer to the request is written.
    EarlyEvents,
    /// Only `completed` events come; all states in between are left out.
    SkipStates,
}

impl Action {
    /// True if it changes events rather than answers.
    pub(crate) fn is_about_events(&self) -> bool {
        matches!(
            self,
            Self::DuplicateEvents
                | Self::DelayEvents { .. }
                | Self::BareEvents
                | Self::EarlyEvents
                | Self::SkipStates
        )
    }
}

/// A fault: its route, how many requests pass before it, how many it hits, and what it does.
///
/// In JSON: `{"route": "start_messaging", "skip": 0, "times": 1, "action": {"status": {"http": 503}}}`.
/// An action without parameters may be written as `"drop_after"`, `{"drop_after": {}}` or
/// `{"type": "drop_after"}`; one with parameters also as `{"type": "delay", "ms": 50}`.
///
/// Faults about events lie on the request that causes the events (`start_messaging`, `send_message`,
/// `stop_messaging`) and then follow the whole invitation, or on `events`, where they change one answer that
/// carries events. `early_events` belongs to the former.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// The requests it applies to.
    pub route: Route,
    /// How many requests pass unharmed first.
    pub skip: u32,
    /// How many requests are hit before the fault is gone; 0 means until it is removed.
    pub times: u32,
    /// What it does.
    pub action: Action,
}

fn yes() -> bool {
    true
}

impl Fault {
    /// A fault that hits the next request on this route, once.
    #[must_use]
    pub fn on(route: Route, action: Action) -> Self {
        Self { route, skip: 0, times: 1, action }
    }

    /// Lets this number of requests pass first.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Hits this number of requests; 0 means until it is removed.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}
