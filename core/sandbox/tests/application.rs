//! An application and its resources.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use reqwest::{Method, Response};
use send_im_sandbox::Sandbox;
use serde_json::{Value, json};
use support::{Session, href, json_of, until};

async fn create(session: &Session, input: &Value) -> Response {
    session.post("/ucwa/oauth/v1/applications", input).await
}

#[tokio::test]
async fn an_application_shows_what_its_user_may_do() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let application = &session.application;
    assert_eq!((&application["culture"], &application["userAgent"]), (&json!("en-US"), &json!("tests")));
    let own = session.self_href();
    assert!(own.starts_with("/ucwa/oauth/v1/applications/"), "hrefs are relative");
    assert_eq!(href(application, "events"), format!("{own}/events?ack=1"));
    let embedded = &application["_embedded"];
    for rel in ["me", "people", "onlineMeetings", "communication"] {
        assert_eq!(embedded[rel]["rel"], rel);
    }
    assert_eq!(embedded["me"]["uri"], "sip:lenea@contoso.com");
    assert!(embedded["me"]["_links"].get("reportMyActivity").is_none());
    let communication = &embedded["communication"];
    assert_eq!(
        (&communication["supportedModalities"], &communication["supportedMessageFormats"]),
        (&json!([]), &json!(["Plain"]))
    );
    let marked = communication.as_object().unwrap().values();
    assert_eq!(marked.filter(|value| **value == json!("please pass this in a PUT request")).count(), 1);

    let again = session.get(&own).await;
    let cookie = again.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("cwt_ucwa=") && cookie.contains(&format!("path={own}/photos")));
    assert!(again.headers().contains_key("p3p"));
    assert_eq!(json_of(again).await, *application);
    for href in
        [href(application, "policies"), href(&embedded["me"], "self"), href(&embedded["me"], "phones")]
    {
        session.read(&href).await;
    }
    let contact = session.read(&format!("{own}/people/bob@contoso.com")).await;
    assert_eq!(contact["uri"], "sip:bob@contoso.com");
    assert_eq!(sandbox.open_applications(), 1);
}

#[tokio::test]
async fn the_input_is_checked_and_taken_in_every_spelling() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let full = json!({ "userAgent": "a", "endpointId": "b", "culture": "c", "instanceId": "d" });
    for name in ["userAgent", "endpointId", "culture", "instanceId"] {
        let mut input = full.clone();
        input[name] = json!("ä".repeat(101));
        let refused = create(&session, &input).await;
        assert_eq!(refused.status(), 400);
        let body = json_of(refused).await;
        assert_eq!(
            (&body["code"], &body["subcode"]),
            (&json!("BadRequest"), &json!("ParameterValidationFailure"))
        );
        assert_eq!(body["parameters"][0]["name"], name);
        input[name] = json!("ä".repeat(100));
        assert_eq!(create(&session, &input).await.status(), 201, "{name}");
    }
    let missing = json_of(create(&session, &json!({ "Culture": "x" })).await).await;
    assert_eq!(missing["parameters"].as_array().unwrap().len(), 2);
    let broken = session.send("/ucwa/oauth/v1/applications", "application/json", "{\"a\":1,}").await;
    assert_eq!(json_of(broken).await["subcode"], "DeserializationFailure");
    let query = "/UCWA//oauth/v1/Applications?USERAGENT=q&endpointid=q&Culture=q";
    let by_query = session.post_empty(query).await;
    assert_eq!(by_query.status(), 201);
    let found = create(&session, &json!({ "UserAgent": "q", "EndpointId": "q", "Culture": "q" })).await;
    assert_eq!(found.status(), 200, "the same endpoint finds its application again");
    assert_eq!(json_of(by_query).await["_links"]["self"], json_of(found).await["_links"]["self"]);
    let open = sandbox.open_applications();
    let other = create(&session, &json!({ "UserAgent": "other", "EndpointId": "q", "Culture": "q" })).await;
    assert_eq!(other.status(), 201, "another program with the endpoint of the first");
    assert_eq!(sandbox.open_applications(), open, "the first has given way");
}

#[tokio::test]
async fn a_put_needs_the_present_etag_and_the_marked_member() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    let own = href(&session.application["_embedded"]["communication"], "self");
    let got = session.get(&own).await;
    let quoted = got.headers()["etag"].to_str().unwrap().to_owned();
    let mut resource = json_of(got).await;
    assert_eq!(quoted, format!("\"{}\"", resource["etag"].as_str().unwrap()));
    resource["supportedMessageFormats"] = json!(["Plain", "Html"]);
    let put = async |etag: Option<&str>, body: &Value| {
        let request = session.request(Method::PUT, &own).header("content-type", "application/json");
        let request = match etag {
            Some(etag) => request.header("if-match", etag),
            None => request,
        };
        request.body(body.to_string()).send().await.unwrap()
    };
    let missing = put(None, &resource).await;
    assert_eq!(missing.status(), 428);
    assert_eq!(json_of(missing).await["code"], "PreconditionRequired");
    assert_eq!(put(Some("\"1\""), &resource).await.status(), 412);
    let unmarked = json!({ "supportedMessageFormats": ["Plain"] });
    assert_eq!(put(Some(&quoted), &unmarked).await.status(), 400);
    let mut odd = resource.clone();
    odd["supportedMessageFormats"] = json!(["Rtf"]);
    assert_eq!(put(Some(&quoted), &odd).await.status(), 400);
    assert_eq!(put(Some(&quoted), &resource).await.status(), 200);
    let changed = session.read(&own).await;
    assert_eq!(changed["supportedMessageFormats"], json!(["Plain", "Html"]));
    assert_eq!(put(Some(&quoted), &resource).await.status(), 412, "the etag has moved on");
    let bare = changed["etag"].as_str().unwrap();
    assert_eq!(put(Some(bare), &resource).await.status(), 200, "quotes are optional");
}

#[tokio::test]
async fn a_user_is_made_available_once_and_only_then_reports_activity() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    let own = session.self_href();
    let report = format!("{own}/me/reportMyActivity");
    let early = session.post_empty(&report).await;
    assert_eq!(early.status(), 409);
    assert_eq!(json_of(early).await["subcode"], "MakeMeAvailableRequired");
    assert_eq!(session.get(&format!("{own}/me/presence")).await.status(), 409);
    let make = href(&session.application["_embedded"]["me"], "makeMeAvailable");
    let video = session.post(&make, &json!({ "supportedModalities": ["Video"] })).await;
    assert_eq!(video.status(), 403);
    let input = json!({ "SupportedModalities": ["Messaging"], "signInAs": "Away", "supportedMessageFormats": ["Plain", "Html"] });
    assert_eq!(session.post(&make, &input).await.status(), 204);
    let second = session.post(&make, &input).await;
    assert_eq!(second.status(), 409);
    assert_eq!(json_of(second).await["subcode"], "AlreadyExists");
    assert_eq!(session.post_empty(&report).await.status(), 204);
    let me = session.read(&format!("{own}/me")).await;
    assert!(me["_links"].get("makeMeAvailable").is_none());
    assert_eq!(session.read(&href(&me, "presence")).await["availability"], "Away");
    let busy = json!({ "availability": "busy" });
    assert_eq!(session.post(&href(&me, "presence"), &busy).await.status(), 204);
    assert_eq!(session.read(&href(&me, "presence")).await["availability"], "Busy");
    for rel in ["note", "location", "callForwardingSettings"] {
        assert_eq!(session.read(&href(&me, rel)).await["rel"], rel);
    }
}

#[tokio::test]
async fn an_ended_application_is_not_found_with_everything_in_it() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    session.invite_with("bob@contoso.com", "hi").await;
    let own = session.self_href();
    let waiting = {
        let session = session.clone();
        let next = session.read(&href(&session.application, "events")).await;
        tokio::spawn(async move { session.get(&href(&next, "next")).await })
    };
    until("the request waits", || sandbox.pending_gets() > 0).await;
    assert_eq!(session.delete(&own).await.status(), 204);
    assert_eq!((sandbox.open_applications(), sandbox.pending_gets()), (0, 0));
    for late in [waiting.await.unwrap(), session.get(&own).await, session.delete(&own).await] {
        assert_eq!(late.status(), 404);
        let body = json_of(late).await;
        assert_eq!((&body["code"], &body["subcode"]), (&json!("NotFound"), &json!("ApplicationNotFound")));
    }
    let input = json!({ "to": "sip:bob@contoso.com" });
    assert_eq!(session.post(&session.start_messaging_href(), &input).await.status(), 404);
}

#[tokio::test]
async fn a_stranger_cannot_use_an_application() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let stranger =
        Session { token: format!("Bearer {}", sandbox.issue_token("bob@contoso.com")), ..session.clone() };
    assert_eq!(stranger.get(&session.self_href()).await.status(), 403);
    let unknown = session.get("/ucwa/oauth/v1/applications/1").await;
    assert_eq!(json_of(unknown).await["subcode"], "ApplicationNotFound");
    let nothing = session.get(&format!("{}/nothing", session.self_href())).await;
    assert_eq!(
        json_of(nothing).await,
        json!({ "code": "NotFound", "subcode": "None", "message": "The resource was not found." })
    );
    let wrong = session.delete(&format!("{}/me", session.self_href())).await;
    assert_eq!(wrong.status(), 405);
}

#[tokio::test]
async fn an_unknown_revision_is_refused() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    for (revision, status) in [("2", 200), ("2.0", 200), ("3", 404)] {
        let request = session.request(Method::GET, &session.self_href());
        let answer = request.header("X-MS-RequiresMinResourceVersion", revision).send().await.unwrap();
        assert_eq!(answer.status(), status);
        let subcode = json_of(answer).await["subcode"].clone();
        assert_eq!(subcode == "APIVersionNotSupported", status == 404);
    }
}
