//! The sandbox's own HTTP interface, as another language would use it.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use send_im_sandbox::Sandbox;
use serde_json::{Value, json};
use support::{Session, href, json_of};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Control<'a>(&'a Session, String);

impl Control<'_> {
    async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let method = method.parse().unwrap();
        let request = self.0.http.request(method, format!("{}sandbox/api/{path}", self.1));
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

#[tokio::test]
async fn messages_are_listed_waited_for_and_forgotten() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let control = Control(&session, sandbox.url().to_owned());
    assert_eq!(control.call("GET", "messages", None).await, (200, json!([])));
    session.invite_with("bob@contoso.com", "one").await;
    session.invite_with("amy@contoso.com", "two").await;
    let (status, waited) = control.call("GET", "messages/wait?count=2&timeout_ms=10000", None).await;
    assert_eq!((status, waited.as_array().unwrap().len()), (200, 2));
    let (_, hers) = control.call("GET", "messages?to=sip:AMY@contoso.com", None).await;
    assert_eq!((&hers[0]["text"], &hers[0]["number"]), (&json!("two"), &json!(2)));
    assert_eq!(hers[0]["accepted_by"], "amy@contoso.com");
    assert!(hers[0]["received_at"].as_u64().unwrap() > 1_500_000_000_000, "milliseconds since 1970");
    let (status, late) = control.call("GET", "messages/wait?count=3&timeout_ms=1", None).await;
    assert_eq!(status, 408);
    assert!(late["error"].as_str().unwrap().starts_with("2 of 3 messages"));
    assert_eq!(control.call("GET", "messages/wait?count=x", None).await.0, 400);
    assert_eq!(control.call("DELETE", "messages", None).await.0, 204);
    assert!(sandbox.messages().is_empty());
}

#[tokio::test]
async fn the_journal_shows_every_request_and_no_secret() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let control = Control(&session, sandbox.url().to_owned());
    session.http.post(format!("{}WebTicket/oauthtoken?password=hidden", sandbox.url())).send().await.unwrap();
    let (_, journal) = control.call("GET", "journal", None).await;
    let text = journal.to_string();
    assert!(!text.contains("hidden") && !text.contains("cwt=") && !text.contains("sandbox/api"));
    let last = journal.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["method"], &last["path"], &last["pool"]),
        (&json!("POST"), &json!("/WebTicket/oauthtoken"), &json!(0))
    );
    assert_eq!(
        (&last["status"], format!("{}/", last["origin"].as_str().unwrap())),
        (&json!(400), sandbox.url().to_owned())
    );
    assert_eq!(control.call("DELETE", "journal", None).await.0, 204);
    assert_eq!(control.call("GET", "journal", None).await.1, json!([]));
}

#[tokio::test]
async fn faults_recipients_and_the_challenge_can_be_set() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let control = Control(&session, sandbox.url().to_owned());
    let fault = json!({ "route": "start_messaging", "times": 2, "action": { "status": { "http": 503 } } });
    assert_eq!(control.call("PUT", "faults", Some(json!([fault]))).await.0, 204);
    let more = json!({ "route": "token", "action": "drop_after" });
    assert_eq!(control.call("POST", "faults", Some(more)).await.0, 204);
    let input = json!({ "to": "sip:bob@contoso.com" });
    assert_eq!(session.post(&session.start_messaging_href(), &input).await.status(), 503);
    let (_, left) = control.call("GET", "faults", None).await;
    assert_eq!((&left[0]["times"], &left[1]["action"]), (&json!(1), &json!("drop_after")));
    for (method, path, body, sentence) in [
        (
            "PUT",
            "faults",
            json!([{ "route": "nowhere" }]),
            "This is not a fault: in number 1 of the list there is no route `nowhere`; the routes are discovery,",
        ),
        (
            "POST",
            "faults",
            json!({ "route": "any", "action": "explode" }),
            "This is not a fault: there is no action `explode`; the actions are status,",
        ),
        (
            "POST",
            "faults",
            json!({ "route": "any", "action": { "delay": { "s": 1 } } }),
            "This is not a fault: the action delay has no member `s`; its members are ms.",
        ),
        (
            "PUT",
            "challenge",
            json!("none"),
            "This is not a challenge: there is no challenge `none`; the challenges are two-lines,",
        ),
        (
            "PUT",
            "recipients/bob@contoso.com",
            json!("sleepy"),
            "This is not a behaviour: there is no behaviour `sleepy`; the behaviours are accept,",
        ),
    ] {
        let (status, answer) = control.call(method, path, Some(body)).await;
        assert_eq!(status, 400);
        assert!(answer["error"].as_str().unwrap().starts_with(sentence), "{answer}");
    }
    let torn = session
        .http
        .post(format!("{}sandbox/api/faults", sandbox.url()))
        .header("content-type", "application/json")
        .body("{\"route\":")
        .send()
        .await
        .unwrap();
    assert_eq!(json_of(torn).await["error"], "This is not a fault: it is not JSON, see line 1 column 9.");
    assert_eq!(control.call("DELETE", "faults", None).await.0, 204);
    assert!(sandbox.faults().is_empty());

    assert_eq!(control.call("PUT", "recipients/bob@contoso.com", Some(json!("busy"))).await.0, 204);
    session.invite_with("bob@contoso.com", "hi").await;
    let completed = session.events().find("messagingInvitation", "completed").await;
    assert_eq!(completed["reason"]["subcode"], "DoNotDisturb");
    let forwarded = json!({ "forward_to": "amy@contoso.com" });
    assert_eq!(control.call("PUT", "recipients/bob@contoso.com", Some(forwarded)).await.0, 204);
    session.invite_with("bob@contoso.com", "hi").await;
    assert_eq!(sandbox.inbox("amy@contoso.com").len(), 1);

    assert_eq!(control.call("PUT", "challenge", Some(json!("on-403-28055"))).await.0, 204);
    assert_eq!(control.call("POST", "actions/revoke-tokens", None).await.0, 204);
    assert_eq!(session.get(&session.self_href()).await.status(), 403);
}

#[tokio::test]
async fn actions_work_at_once() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let control = Control(&session, sandbox.url().to_owned());
    let mut events = session.events();
    for (action, rel) in [("resync", "resync"), ("resume", "resume")] {
        assert_eq!(control.call("POST", &format!("actions/{action}"), None).await.0, 204);
        let answer = events.answer().await;
        assert!(answer["_links"][rel].is_object(), "{answer}");
    }
    session.invite(json!({ "to": "sip:bob@contoso.com" })).await;
    let completed = events.find("messagingInvitation", "completed").await;
    for (action, state) in [("disconnect-messaging", 200), ("end-conversations", 404)] {
        assert_eq!(control.call("POST", &format!("actions/{action}"), None).await.0, 204);
        let conversation = href(&completed["_embedded"]["messagingInvitation"], "conversation");
        assert_eq!(session.get(&conversation).await.status(), state, "{action}");
    }
    let (_, state) = control.call("GET", "state", None).await;
    assert_eq!(state, json!({ "open_applications": 1, "pending_gets": 0 }));
    assert_eq!(control.call("POST", "actions/drop-applications", None).await.0, 204);
    let gone = json_of(session.get(&session.self_href()).await).await;
    assert_eq!(gone["subcode"], "ApplicationNotFound");
    assert_eq!(control.call("POST", "actions/dance", None).await.0, 404);
}

/// A connection that the server closes keeps its port for a minute.
#[tokio::test]
async fn another_sandbox_starts_on_the_port_of_one_that_was_stopped() {
    let first = Sandbox::start().await.unwrap();
    let url = first.url().to_owned();
    let mut connection = TcpStream::connect(url["http://".len()..].trim_end_matches('/')).await.unwrap();
    let port = connection.peer_addr().unwrap();
    connection.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    connection.read_u8().await.unwrap();
    first.stop().await;
    connection.read_to_end(&mut Vec::new()).await.unwrap();
    drop(connection);
    let second = Sandbox::builder().listen(port).start().await.unwrap();
    assert_eq!(second.url(), url);
}

/// The same interface without a connection, for languages that have no client for HTTP at hand.
#[tokio::test]
async fn a_program_asks_it_without_a_connection() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    sandbox.request("PUT", "recipients/boss@contoso.com", Some(r#""decline""#)).await.unwrap();
    session.invite_with("boss@contoso.com", "one").await;
    assert!(sandbox.messages().is_empty());
    let state: Value = serde_json::from_str(&sandbox.request("GET", "state", None).await.unwrap()).unwrap();
    assert_eq!(state["open_applications"], 1);
    let token: Value =
        serde_json::from_str(&sandbox.request("POST", "tokens/tosh@contoso.com", None).await.unwrap())
            .unwrap();
    assert!(token["token"].as_str().is_some_and(|token| token.starts_with("cwt=")), "{token}");
    assert_eq!(sandbox.request("POST", "actions/drop-applications", None).await.unwrap(), "");
    assert_eq!(sandbox.open_applications(), 0);
    for (method, path, json, why) in [
        ("GET", "letters", None, "there is no such resource"),
        ("POST", "faults", Some("{}"), "This is not a fault"),
        ("NO GET", "state", None, "no method and path"),
        ("GET", "a b", None, "no method and path"),
    ] {
        let refused = sandbox.request(method, path, json).await.unwrap_err().to_string();
        assert!(refused.contains(why) && refused.ends_with('.') && !refused.ends_with(".."), "{refused}");
    }
}
