//! What is to go wrong, and when.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::behaviour::millis;
use crate::read;
use crate::sync::Guarded;

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
    /// Every request, those without a name of their own too.
    Any,
}

/// The body of a [`Action::Status`] answer.
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

/// The body of a [`Action::GatewayError`] answer.
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
    Problem,
    /// XML.
    Xml,
    /// Nothing.
    Empty,
}

impl GatewayBody {
    /// Every form.
    pub const ALL: [GatewayBody; 6] =
        [Self::Html, Self::JsonCode, Self::JsonNumber, Self::Problem, Self::Xml, Self::Empty];
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
    /// A gateway answers in the server's place, with none of the server's headers.
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
    /// It is meant for a connection with one request that is not a pending GET: of later ones it says what it says of this one.
    GoAway {
        /// The error code of RFC 9113, for example 0, `NO_ERROR`.
        error: u32,
        /// True: the request is processed before, and its stream is the last one that GOAWAY names. False, the default: it is not,
        /// and its stream is above that one.
        #[serde(default)]
        processed: bool,
    },
    /// The request is processed and answered. From then on the origin it came to refuses connections for this time, and
    /// those that were open are closed.
    ThenRefuse {
        /// Milliseconds.
        #[serde(rename = "ms", with = "millis")]
        time: Duration,
    },
    /// The request is processed and answered. The connections of its origin are closed, and so many new ones get a
    /// certificate of an authority that nobody trusts. Without TLS they are closed and that is all.
    ThenDistrust {
        /// How many.
        connections: u32,
    },
    /// The request is processed; half of the body is sent, then the connection is closed.
    CutBody,
    /// The request is not processed and answered with 200 and a page, as a captive portal does.
    HtmlInstead,
    /// The request is processed; the answer says `text/plain`.
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
    fn is_about_events(&self) -> bool {
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

/// A fault: the route it lies on, how many requests pass before it, how many it hits, and what it does.
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
    /// The requests it lies on.
    pub route: Route,
    /// So many requests pass unharmed first.
    pub skip: u32,
    /// So many requests are hit, then the fault is gone; 0 means until it is taken away.
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

    /// Lets so many requests pass first.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Hits so many requests; 0 means until it is taken away.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }
}

/// A text that is no fault: what is wrong with it, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("This is not a fault: {0}.")]
pub struct NotAFault(pub(crate) String);

impl FromStr for Fault {
    type Err = NotAFault;

    fn from_str(json: &str) -> Result<Self, NotAFault> {
        read::value(json.as_bytes()).and_then(read::fault).map_err(NotAFault)
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        read::fault(Value::deserialize(from)?).map_err(|why| serde::de::Error::custom(NotAFault(why)))
    }
}

/// The faults that wait for their request.
#[derive(Debug, Default)]
pub(crate) struct Faults(Guarded<Vec<Fault>>);

impl Faults {
    pub(crate) fn set(&self, faults: Vec<Fault>) {
        *self.0.lock() = faults;
    }

    pub(crate) fn add(&self, faults: impl IntoIterator<Item = Fault>) {
        self.0.lock().extend(faults);
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        self.0.lock().clone()
    }

    /// The fault that changes the answer to a request on this route.
    pub(crate) fn for_answer(&self, route: Option<Route>) -> Option<Action> {
        self.take(|fault| {
            !fault.action.is_about_events() && (fault.route == Route::Any || Some(fault.route) == route)
        })
    }

    /// The fault that changes the events of a request on this route.
    pub(crate) fn for_events(&self, route: Route) -> Manner {
        let action = self.take(|fault| {
            fault.action.is_about_events() && (fault.route == Route::Any || fault.route == route)
        });
        Manner::from(action)
    }

    fn take(&self, fits: impl Fn(&Fault) -> bool) -> Option<Action> {
        let mut faults = self.0.lock();
        let mut hit = None;
        // Each fault on the route counts the request; the first one that is ready hits it.
        for (at, fault) in faults.iter_mut().enumerate().filter(|(_, fault)| fits(fault)) {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if hit.is_none() {
                hit = Some(at);
            }
        }
        let at = hit?;
        let action = faults[at].action.clone();
        match faults[at].times {
            0 => {}
            1 => drop(faults.remove(at)),
            _ => faults[at].times -= 1,
        }
        Some(action)
    }
}

/// How the events of one invitation or one answer come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) twice: bool,
    pub(crate) bare: bool,
    pub(crate) completed_only: bool,
    pub(crate) early: bool,
    pub(crate) held: Option<Duration>,
}

impl From<Option<Action>> for Manner {
    fn from(action: Option<Action>) -> Self {
        let mut manner = Self::default();
        match action {
            Some(Action::DuplicateEvents) => manner.twice = true,
            Some(Action::BareEvents) => manner.bare = true,
            Some(Action::SkipStates) => manner.completed_only = true,
            Some(Action::EarlyEvents) => manner.early = true,
            Some(Action::DelayEvents { time }) => manner.held = Some(time),
            _ => {}
        }
        manner
    }
}

impl Manner {
    /// The event as it is to come: not at all, once or twice.
    pub(crate) fn apply(self, mut event: Value) -> Vec<Value> {
        if self.completed_only && event["type"] != "completed" {
            return Vec::new();
        }
        if let (true, Some(members)) = (self.bare, event.as_object_mut()) {
            members.remove("_embedded");
        }
        if self.twice { vec![event.clone(), event] } else { vec![event] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_after_the_skipped_requests_and_as_often_as_it_says() {
        let faults = Faults::default();
        faults.add([Fault::on(Route::Token, Action::DropBefore).skip(1).times(2)]);
        let hits: Vec<bool> = (0..4).map(|_| faults.for_answer(Some(Route::Token)).is_some()).collect();
        assert_eq!(hits, [false, true, true, false]);
        assert!(faults.all().is_empty());
    }

    #[test]
    fn a_fault_leaves_other_routes_alone_and_any_takes_all() {
        let faults = Faults::default();
        faults.add([Fault::on(Route::Token, Action::CutBody)]);
        assert_eq!(faults.for_answer(Some(Route::User)), None);
        faults.set(vec![Fault::on(Route::Any, Action::CutBody).times(0)]);
        assert_eq!(faults.for_answer(None), Some(Action::CutBody));
        assert_eq!(faults.for_answer(Some(Route::User)), Some(Action::CutBody));
    }

    #[test]
    fn an_action_is_read_in_every_form() {
        for text in [r#""drop_after""#, r#"{"drop_after":{}}"#, r#"{"type":"drop_after"}"#] {
            let json = format!(r#"{{"route":"send_message","action":{text}}}"#);
            let fault: Fault = serde_json::from_str(&json).unwrap();
            assert_eq!(fault, Fault::on(Route::SendMessage, Action::DropAfter), "{text}");
        }
        for text in [r#"{"delay":{"ms":50}}"#, r#"{"type":"delay","ms":50}"#] {
            let json = format!(r#"{{"route":"any","times":3,"action":{text}}}"#);
            let fault: Fault = serde_json::from_str(&json).unwrap();
            assert_eq!(fault.action, Action::Delay { time: Duration::from_millis(50) });
        }
        assert!(serde_json::from_str::<Fault>(r#"{"route":"any","action":"explode"}"#).is_err());
    }

    #[test]
    fn a_fault_reads_back_what_it_writes() {
        let status = Action::Status {
            http: 503,
            code: None,
            subcode: Some("None".to_owned()),
            retry_after: Some(2),
            body: ErrorBody::Html,
            diagnostics: None,
        };
        for action in [
            status,
            Action::DropBefore,
            Action::Oversized { bytes: 9 },
            Action::ThenRefuse { time: Duration::from_millis(9) },
            Action::ResetStream { error: 7, processed: false },
            Action::GoAway { error: 0, processed: true },
            Action::ThenDistrust { connections: 2 },
        ] {
            let fault = Fault::on(Route::Events, action).skip(2).times(0);
            let json = serde_json::to_string(&fault).unwrap();
            assert_eq!(serde_json::from_str::<Fault>(&json).unwrap(), fault);
        }
    }
}
