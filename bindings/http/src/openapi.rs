//! What the service takes and answers, as OpenAPI 3.1 says it.

use std::sync::LazyLock;

use send_im::ErrorKind;
use serde_json::{Map, Value, json};

use crate::progress::EVENTS;

/// The text of `/openapi.json`.
pub(crate) static DOCUMENT: LazyLock<String> = LazyLock::new(|| document().to_string());

const STEPS: [&str; 7] = ["discover", "sign_in", "open_session", "invite", "send", "confirm", "sign_out"];

/// What a stream of events is, of which OpenAPI has no schema.
const EVENTS_TOLD: &str = "With Accept: text/event-stream. Each event `step` has as its data a JSON object of `step`, a name as in a receipt's `steps`, and `elapsed_ms`, how long it took in milliseconds. The last event is one `receipt`, with a Receipt as its data, or one `problem`, with a Problem and its `status`. A comment comes every 15 s.";

/// The problems a request for a message may be answered with.
const PROBLEMS: [(&str, &str); 15] = [
    ("400", "A parameter is not usable; nothing was asked of the server."),
    ("401", "There is no token, or not one of this service's."),
    (
        "403",
        "The account cannot sign in or may not do this (`step` is set), or this service refuses the request's origin, name or proxy (`step` is null).",
    ),
    ("404", "There is no such recipient."),
    ("405", "The method is not GET or POST."),
    ("408", "The body took too long."),
    (
        "409",
        "The recipient is unavailable or busy, declined or did not answer; or, with `sent` `maybe`, the message may have arrived.",
    ),
    ("413", "The body is too large."),
    ("415", "The body is of a type that is not understood."),
    ("422", "The body does not fit this hook: which members are missing, or what one must be."),
    ("429", "The server, or this service, asks to slow down."),
    ("500", "The service failed inside, before anything was sent."),
    ("502", "The server was not found or not reached, is not trusted, or failed."),
    (
        "503",
        "A limit is reached, the service is stopping, or the token source of its own account gave no token.",
    ),
    ("504", "The timeout passed."),
];

fn document() -> Value {
    let answer = |description: &str, schema| json!({"description": description, "content": {"application/json": {"schema": schema}}});
    let security = json!([{}, {"token": []}, {"certificate": []}]);
    let send = json!({"$ref": "#/components/pathItems/Send"});
    let receipt =
        answer("Delivered; with `wait=submitted`: the server took it.", reference("schemas", "Receipt"));
    let answers = |never: &[&str]| {
        let mut answers = Map::from_iter([("200".to_owned(), receipt.clone())]);
        let problems = PROBLEMS.into_iter().filter(|(status, _)| !never.contains(status));
        answers.extend(problems.map(|(status, _)| (status.to_owned(), problem(status))));
        answers
    };
    let of_hooks = answers(&["408", "429"]);
    let answers = answers(&["422"]);
    let mut answers_of_post = answers.clone();
    answers_of_post["200"]["content"][EVENTS] = json!({"schema": text(EVENTS_TOLD)});
    let body = json!({"schema": reference("schemas", "Message")});
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "send-im",
            "version": env!("CARGO_PKG_VERSION"),
            "license": {"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")},
            "description": "Delivers an instant message to a Skype for Business or Lync user. Programs repeat requests by themselves after 408, 429 and 5xx; with those, nothing was sent. Where a message may have arrived, the status is 409 and `sent` is `maybe`.",
        },
        "paths": {
            "/send": send,
            "/": send,
            "/index.html": send,
            "/hooks/{name}": {"post": {
                "summary": "Send the message that a body of a monitoring system makes",
                "description": "alertmanager takes the body of Alertmanager's webhook receiver (version 4), grafana that of Grafana's webhook contact point, apprise the JSON payload of Apprise; other names are those of the operator's files. Where a send is answered with 408 or 429, a hook is answered with 503, since these systems try again after 5xx alone.",
                "security": security,
                "parameters": in_hook(&message()),
                "requestBody": {"required": true, "content": {"application/json": {"schema": {}}}},
                "responses": of_hooks,
            }},
            "/healthz": {"get": {
                "operationId": "health",
                "summary": "Whether the service takes requests",
                "responses": {
                    "200": answer("It does.", json!({"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}})),
                    "503": problem("503"),
                },
            }},
            "/metrics": {"get": {
                "operationId": "metrics",
                "summary": "Counts and times in the text format of OpenMetrics",
                "security": security,
                "responses": {
                    "200": {"description": "The metrics.", "content": {"application/openmetrics-text": {"schema": {"type": "string"}}}},
                    "401": problem("401"),
                    "403": problem("403"),
                    "429": problem("429"),
                },
            }},
            "/openapi.json": {"get": {
                "operationId": "description",
                "summary": "This document",
                "responses": {"200": answer("This document.", json!({"type": "object"}))},
            }},
        },
        "components": {
            "pathItems": {"Send": {
                "get": {
                    "summary": "Send the message of a query string",
                    "security": security,
                    "parameters": in_query(&message()),
                    "responses": answers,
                },
                "post": {
                    "summary": "Send the message of a body",
                    "description": "Query string and body may be mixed; no parameter may stand twice.",
                    "security": security,
                    "requestBody": {"required": true, "content": {
                        "application/json": body,
                        "application/x-www-form-urlencoded": body,
                        "multipart/form-data": body,
                    }},
                    "responses": answers_of_post,
                },
            }},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Needed where the service was started with tokens.",
                },
                "certificate": {
                    "type": "mutualTLS",
                    "description": "Needed where the service was started with a client CA and without tokens.",
                },
            },
            "responses": problems(),
            "schemas": {"Message": message(), "Receipt": receipt_schema(), "Problem": problem_schema()},
        },
    })
}

fn reference(place: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{place}/{name}")})
}

fn problem(status: &str) -> Value {
    reference("responses", status)
}

fn problems() -> Map<String, Value> {
    let described = PROBLEMS.into_iter().map(|(status, description)| {
        let mut problem = json!({
            "description": description,
            "content": {"application/problem+json": {"schema": reference("schemas", "Problem")}},
        });
        match status {
            "401" => problem["headers"] = json!({"WWW-Authenticate": {"schema": {"type": "string"}}}),
            "429" | "503" => {
                problem["headers"] = json!({"Retry-After": {
                    "description": "Seconds to wait before the next request.",
                    "schema": {"type": "integer", "minimum": 0},
                }});
            }
            _ => {}
        }
        (status.to_owned(), problem)
    });
    described.collect()
}

/// The members of a body as the parameters of a query string.
fn in_query(message: &Value) -> Vec<Value> {
    let required =
        |name: &str| message["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
    let members = message["properties"].as_object().into_iter().flatten();
    let parameter = |(name, schema): (&String, &Value)| json!({"name": name, "in": "query", "required": required(name), "description": schema["description"], "schema": schema});
    members.map(parameter).collect()
}

/// Those that the URL of a hook may have. What is required of a message may come from the operator's file or the body.
fn in_hook(message: &Value) -> Vec<Value> {
    let name = json!({"name": "name", "in": "path", "required": true, "description": "Which hook.", "schema": {"type": "string"}, "example": "alertmanager"});
    let mut parameters = in_query(message);
    parameters.retain(|parameter| !matches!(parameter["name"].as_str(), Some("message" | "html")));
    parameters.iter_mut().for_each(|parameter| parameter["required"] = false.into());
    [vec![name], parameters].concat()
}

fn message() -> Value {
    json!({
        "type": "object",
        "required": ["recipient", "message"],
        "additionalProperties": false,
        "dependentRequired": {"username": ["password"], "password": ["username"], "address": ["username", "password"]},
        "properties": {
            "recipient": {
                "description": "The recipient's address, user@domain; sip: may stand before it.",
                "type": "string", "pattern": r"^([sS][iI][pP]:)?[^@\s]+@[A-Za-z0-9.-]+$", "examples": ["lenea@contoso.com"],
            },
            "message": {
                "description": "The text. Up to 800 UTF-16 units are shown in the recipient's notification.",
                "type": "string", "pattern": r"\S", "examples": ["disk full"],
            },
            "username": text("The name to sign in with. Left out together with password, the service's own account sends."),
            "password": text("Its password. Refused in a query string unless the service was started to take it."),
            "address": text(r"The sender's address, where username is none, as in CONTOSO\smith. In JSON a backslash is written twice."),
            "subject": {
                "description": "The subject of the conversation, at most 250 UTF-16 units on one line.",
                "type": "string", "maxLength": 250,
            },
            "importance": {
                "description": "How urgent it is.",
                "type": "string", "enum": ["normal", "urgent", "emergency"], "default": "normal",
            },
            "html": {"description": "The message is html.", "type": "boolean", "default": false},
            "wait": {
                "description": "Whether to wait for the recipient's answer or only for the server to take the message.",
                "type": "string", "enum": ["delivered", "submitted"], "default": "delivered",
            },
            "timeout": {
                "description": "Seconds the message has to be delivered, signing in included. An invitation rings until then; the answer comes within 2 s after it.",
                "type": "number", "minimum": 0.001, "maximum": 600, "default": 60,
            },
        },
    })
}

fn text(description: &str) -> Value {
    json!({"description": description, "type": "string"})
}

fn or_null(kind: &str, description: &str) -> Value {
    json!({"description": description, "type": [kind, "null"]})
}

/// One of these words, and of those that later versions add.
fn open(description: &str, words: &[&str]) -> Value {
    json!({"type": "string", "description": format!("{description} New words may come."), "examples": words})
}

/// An object that has all of these members.
fn object(description: &str, properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({"type": "object", "description": description, "required": required, "properties": properties})
}

fn receipt_schema() -> Value {
    let step = object(
        "One exchange with a server.",
        json!({
            "step": open("The step.", &STEPS),
            "host": {"type": "string"},
            "status": {"type": ["integer", "null"]},
            "elapsed_ms": {"type": "number"},
        }),
    );
    object(
        "What became of the message.",
        json!({
            "to": {"type": "string"},
            "accepted_by": or_null("string", "Who accepted: someone else after a call-forward; null where only submitted, or where the server does not say."),
            "evidence": open("How the delivery is known.", &["invitation_accepted", "message_confirmed", "submitted"]),
            "format": {"enum": ["plain", "html"]},
            "thread_id": or_null("string", "The server's id of the conversation's thread."),
            "steps": {"type": "array", "items": step},
        }),
    )
}

fn problem_schema() -> Value {
    let kinds: Vec<&str> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let hop = object(
        "One place the call went through, and what came back.",
        json!({"url": {"type": "string"}, "outcome": {"type": "string"}}),
    );
    object(
        "A problem of RFC 9457 with the members of the error.",
        json!({
            "type": {"const": "about:blank"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "kind": open("What sort of failure it was.", &kinds),
            "step": {"description": "The step that failed; null where none had begun.", "type": ["string", "null"], "examples": STEPS},
            "detail": text("One sentence a person can act on."),
            "sent": {"description": "Whether the message can have arrived all the same.", "enum": ["no", "maybe"]},
            "http_status": or_null("integer", "The status of the Lync or Skype for Business server's answer that decided."),
            "code": or_null("string", "That server's error code."),
            "subcode": or_null("string", "Its subcode."),
            "diagnostics": or_null("string", "Its diagnostics, for its administrator."),
            "retry_after": or_null("number", "Seconds the server asked to wait."),
            "hops": {"type": "array", "items": hop},
            "exit_code": {"description": "What the command send-im would have ended with.", "type": "integer"},
        }),
    )
}
