//! Messages: invitation, conversation, further messages, the end.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use send_im_sandbox::Sandbox;
use serde_json::{Value, json};
use support::{PATIENCE, Session, flat, href, message};

fn short(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let status = event["status"].as_str().map(|status| format!(" {status}")).unwrap_or_default();
    format!("{} {} {}{status}", text(&event["sender"]), text(&event["link"]["rel"]), text(&event["type"]))
}

#[tokio::test]
async fn a_text_in_the_invitation_is_delivered_when_it_is_accepted() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let mut events = session.events();
    let input = json!({
        "to": "sip:bob@contoso.com", "operationId": "5028e824", "subject": "db7", "importance": "urgent",
        "sessionContext": "ignored", "telemetryId": null, "_links": message("disk + full\r\nnow: 98% ä 👍"),
    });
    let location = session.invite(input).await;
    let batch = events.batch().await;
    assert_eq!(
        batch.iter().map(short).collect::<Vec<_>>(),
        [
            "communication messagingInvitation started",
            "communication conversation added",
            "conversation localParticipant added",
            "conversation messaging updated",
            "communication conversation updated",
            "conversation participant added",
            "conversation participantMessaging added",
            "conversation participantMessaging added",
            "conversation messaging updated",
            "communication messagingInvitation completed Success",
        ]
    );
    let started = &batch[0]["_embedded"]["messagingInvitation"];
    assert_eq!((&started["state"], &started["operationId"]), (&json!("Connecting"), &json!("5028e824")));
    assert_eq!(started["importance"], "Urgent");
    assert!(href(started, "cancel").ends_with("/messaging/terminate"));
    let completed = &batch[9]["_embedded"]["messagingInvitation"];
    let accepted = &completed["_embedded"]["acceptedByParticipant"];
    assert_eq!(accepted[0]["uri"], "sip:bob@contoso.com");
    // Location shows the long id, events a short one; both lead to the invitation.
    let id = batch[0]["link"]["href"].as_str().unwrap().rsplit('/').next().unwrap();
    let long = location.rsplit('/').next().unwrap();
    assert!(long.len() == 32 && long.starts_with(id) && long != id);
    assert_eq!(session.read(&location).await, *completed);

    let inbox = sandbox.inbox("SIP:Bob@contoso.com");
    assert_eq!(inbox.len(), 1);
    let got = &inbox[0];
    assert_eq!(got.text, "disk + full\r\nnow: 98% ä 👍");
    assert_eq!((got.from.as_str(), got.to.as_str()), ("lenea@contoso.com", "bob@contoso.com"));
    assert_eq!((got.subject.as_deref(), got.importance.as_str()), (Some("db7"), "Urgent"));
    assert_eq!((got.via.as_str(), got.format.as_str()), ("invitation", "text/plain"));
    assert_eq!(completed["threadId"], got.thread_id.as_str());
    assert_eq!(href(completed, "conversation"), got.conversation);
}

/// Connects without a message and returns the conversation's messaging resource.
async fn connected(session: &Session, to: &str) -> (Value, String) {
    let mut events = session.events();
    session.invite(json!({ "to": format!("sip:{to}"), "operationId": "connect" })).await;
    let completed = events.find("messagingInvitation", "completed").await;
    assert_eq!(completed["status"], "Success");
    let messaging = href(&completed["_embedded"]["messagingInvitation"], "messaging");
    (session.read(&messaging).await, events.next)
}

#[tokio::test]
async fn a_message_in_a_connected_conversation_is_confirmed_by_an_event() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let (messaging, next) = connected(&session, "bob@contoso.com").await;
    assert_eq!(messaging["state"], "Connected");
    assert_eq!(messaging["negotiatedMessageFormats"], json!(["Plain"]));
    assert!(sandbox.messages().is_empty(), "an invitation without a text delivers nothing");
    let send = href(&messaging, "sendMessage");
    let mut events = session.events();
    events.next = next;
    for query in ["", "?operationId=a", "?OperationContext=b", "?operationcontext=c"] {
        let href = format!("{send}{query}");
        let sent = session.send(&href, "text/plain; charset=iso-8859-1", b"\xe4rger".as_slice()).await;
        assert_eq!(sent.status(), 201);
        let location = sent.headers()["location"].to_str().unwrap().to_owned();
        let event = events.find("message", "completed").await;
        assert_eq!((&event["status"], &event["link"]["href"]), (&json!("Success"), &json!(location)));
        let view = &event["_embedded"]["message"];
        assert_eq!(view["direction"], "Outgoing");
        assert!(view["timeStamp"].as_str().unwrap().starts_with("/Date("));
        assert!(view.get("operationId").is_none() && view.get("status").is_none());
        assert_eq!(session.read(&location).await, *view);
    }
    let inbox = sandbox.inbox("bob@contoso.com");
    assert_eq!(inbox.len(), 4);
    assert!(inbox.iter().all(|message| message.text == "ärger" && message.via == "message"));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let (messaging, _) = connected(&session, "bob@contoso.com").await;
    let send = href(&messaging, "sendMessage");
    assert_eq!(session.send(&send, "text/html", "<b>x</b>").await.status(), 415);
    assert_eq!(session.send(&send, "application/pdf", "x").await.status(), 415);
    let long = format!("{send}?operationId={}", "x".repeat(51));
    assert_eq!(session.send(&long, "text/plain", "x").await.status(), 400);
    let large = session.send(&send, "text/plain", "x".repeat(1024 * 1024 + 1)).await;
    assert_eq!(large.status(), 413);
    assert_eq!(support::json_of(large).await["code"], "EntityTooLarge");
    assert_eq!(session.send(&send, "text/plain", "x".repeat(1024 * 1024)).await.status(), 201);
    assert_eq!(sandbox.messages().len(), 1);

    let start = session.start_messaging_href();
    let bad = [
        json!({}),
        json!({ "to": "nobody" }),
        json!({ "to": "sip:a@b", "operationId": "x".repeat(51) }),
        json!({ "to": "sip:a@b", "subject": "x".repeat(251) }),
        json!({ "to": "sip:a@b", "importance": "Gigantic" }),
        json!({ "to": "sip:a@b", "_links": { "message": { "href": "hello" } } }),
        json!({ "to": "sip:a@b", "_links": { "message": { "href": "data:text/html,x" } } }),
    ];
    for input in bad {
        let refused = session.post(&start, &input).await;
        assert_eq!(refused.status(), 400, "{input}");
        let body = support::json_of(refused).await;
        assert_eq!(body["subcode"], "ParameterValidationFailure", "{input}");
        assert_eq!(body["parameters"].as_array().unwrap().len(), 1, "{input}");
    }
    let broken = session.send(&start, "application/json", "{").await;
    assert_eq!(support::json_of(broken).await["subcode"], "DeserializationFailure");
    let limits = json!({ "to": "sip:a@b", "operationId": "x".repeat(50), "subject": "ä".repeat(250) });
    assert_eq!(session.post(&start, &limits).await.status(), 201);
}

#[tokio::test]
async fn html_is_sent_once_the_client_has_said_that_it_speaks_it() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let href_of = href(&session.application["_embedded"]["communication"], "self");
    let mut resource = session.read(&href_of).await;
    resource["supportedMessageFormats"] = json!(["Plain", "Html"]);
    let put = session.request(reqwest::Method::PUT, &href_of).header("content-type", "application/json");
    let put = put.header("if-match", format!("\"{}\"", resource["etag"].as_str().unwrap()));
    assert_eq!(put.body(resource.to_string()).send().await.unwrap().status(), 200);
    let (messaging, _) = connected(&session, "bob@contoso.com").await;
    assert_eq!(messaging["negotiatedMessageFormats"], json!(["Plain", "Html"]));
    let send = href(&messaging, "sendMessage");
    let sent = session.send(&send, "text/html;charset=utf-8", "<b>disk</b>").await;
    assert_eq!(sent.status(), 201);
    let inbox = sandbox.inbox("bob@contoso.com");
    assert_eq!((inbox[0].format.as_str(), inbox[0].text.as_str()), ("text/html", "<b>disk</b>"));
}

#[tokio::test]
async fn every_resource_named_in_an_event_can_be_fetched() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    let mut events = session.events();
    session.invite_with("bob@contoso.com", "hi").await;
    let batch = events.batch().await;
    for event in &batch {
        let href = event["link"]["href"].as_str().unwrap();
        let fetched = session.read(href).await;
        let rel = event["link"]["rel"].as_str().unwrap();
        let embedded = &event["_embedded"][rel];
        if !embedded.is_null() {
            assert_eq!(fetched["rel"], embedded["rel"]);
        }
        for link in embedded["_links"].as_object().into_iter().flatten() {
            let rel = link.0.as_str();
            let target = link.1["href"].as_str().unwrap();
            // These take a POST.
            if !["cancel", "stopMessaging", "sendMessage", "setIsTyping", "addParticipant"].contains(&rel) {
                session.read(target).await;
            }
        }
    }
    let conversation = batch.iter().find(|event| event["link"]["rel"] == "conversation").unwrap();
    let list = format!("{}/communication/conversations?filter=active", session.self_href());
    let list = session.read(&list).await;
    assert_eq!(list["_links"]["conversation"][0]["href"], conversation["link"]["href"]);
}

#[tokio::test]
async fn stopping_and_leaving_end_the_conversation() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    for leave in [false, true] {
        let (messaging, next) = connected(&session, "bob@contoso.com").await;
        let conversation = href(&messaging, "conversation");
        let ended = if leave {
            session.delete(&conversation).await
        } else {
            session.post_empty(&href(&messaging, "stopMessaging")).await
        };
        assert_eq!(ended.status(), 204);
        let batch = flat(&session.read(&next).await);
        let seen: Vec<String> = batch.iter().map(short).collect();
        assert_eq!(
            seen,
            [
                "conversation messaging updated",
                "communication conversation updated",
                "communication conversation deleted",
            ]
        );
        assert_eq!(batch[0]["_embedded"]["messaging"]["state"], "Disconnected");
        assert_eq!(batch[1]["_embedded"]["conversation"]["state"], "Disconnected");
        assert!(batch[2].get("_embedded").is_none());
        assert_eq!(session.get(&conversation).await.status(), 404);
        let late = session.send(&href(&messaging, "sendMessage"), "text/plain", "late").await;
        assert_eq!(late.status(), 404);
        assert_eq!(session.post_empty(&href(&messaging, "stopMessaging")).await.status(), 404);
    }
}

#[tokio::test]
async fn messaging_that_ended_can_be_added_again() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let (messaging, next) = connected(&session, "bob@contoso.com").await;
    sandbox.disconnect_messaging();
    let mut events = session.events();
    events.next = next;
    let over = events.find("messaging", "updated").await["_embedded"]["messaging"].clone();
    assert_eq!(over["state"], "Disconnected");
    assert!(over["_links"].get("sendMessage").is_none());
    assert_eq!(session.send(&href(&messaging, "sendMessage"), "text/plain", "x").await.status(), 409);
    let add = href(&over, "addMessaging");
    let again =
        session.post(&add, &json!({ "operationId": "again", "_links": message("still there?") })).await;
    assert_eq!(again.status(), 201);
    let completed = events.find("messagingInvitation", "completed").await;
    assert_eq!(completed["status"], "Success");
    let invitation = &completed["_embedded"]["messagingInvitation"];
    assert_eq!(
        (href(invitation, "conversation"), &invitation["operationId"]),
        (href(&messaging, "conversation"), &json!("again"))
    );
    assert_eq!(sandbox.inbox("bob@contoso.com")[0].text, "still there?");
    assert_eq!(session.post(&add, &json!({ "operationId": "third" })).await.status(), 409);
}

#[tokio::test]
async fn the_other_side_may_close_the_conversation() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let (messaging, next) = connected(&session, "bob@contoso.com").await;
    sandbox.end_conversations();
    let mut events = session.events();
    events.next = next;
    let gone = events.find("conversation", "deleted").await;
    assert_eq!(gone["link"]["href"], href(&messaging, "conversation"));
    assert_eq!(session.send(&href(&messaging, "sendMessage"), "text/plain", "x").await.status(), 404);
}

#[tokio::test]
async fn those_who_wait_or_subscribe_learn_of_each_message() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let mut news = sandbox.subscribe();
    for text in ["one", "two"] {
        session.invite_with("bob@contoso.com", text).await;
    }
    let texts: Vec<String> =
        sandbox.wait_for(2, PATIENCE).await.unwrap().into_iter().map(|message| message.text).collect();
    assert_eq!(texts, ["one", "two"]);
    assert_eq!((news.recv().await.unwrap().number, news.recv().await.unwrap().text.as_str()), (1, "two"));
    let timeout = sandbox.wait_for(3, std::time::Duration::from_millis(1)).await.unwrap_err();
    assert_eq!((timeout.wanted, timeout.seen), (3, 2));
}
