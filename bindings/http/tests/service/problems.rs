//! Each way to fail has its status, and says whether the message may have arrived.

use crate::common::*;
use send_im_sandbox::{Fault, Route};
use serde_json::json;

fn fault(route: Route, http: u16, retry_after: Option<u64>) -> Fault {
    let fault =
        json!({"route": route, "times": 0, "action": {"status": {"http": http, "retry_after": retry_after}}});
    serde_json::from_value(fault).unwrap()
}

/// A world whose next message takes no sign-in, so that a timeout is about the message alone.
async fn signed_in() -> World {
    let world = World::new().await;
    assert_eq!(status(world.message_to("busy")).await, 409);
    world
}

#[tokio::test]
async fn recipients_who_do_not_take_it() {
    let world =
        World::with(|sandbox| sandbox.ring(std::time::Duration::from_millis(50)), |options| options).await;
    for (name, status, kind) in [
        ("unknown", 404, "recipient_not_found"),
        ("offline", 409, "recipient_unavailable"),
        ("declines", 409, "declined"),
        ("silent", 409, "no_answer"),
        ("busy", 409, "busy"),
    ] {
        let answer = answer(world.message_to(name)).await;
        assert_eq!(answer.verdict(), verdict(status, kind, "no"), "{name}");
    }
    assert!(world.texts().is_empty());
}

#[tokio::test]
async fn a_problem_has_the_members_of_the_error() {
    let world = World::new().await;
    let problem = answer(world.message_to("busy")).await.json();
    let expected = json!({
        "type": "about:blank", "title": "Conflict", "status": 409, "kind": "busy", "step": "confirm",
        "detail": "busy@contoso.com does not want to be disturbed.", "sent": "no", "http_status": null,
        "code": "RemoteFailure", "subcode": "DoNotDisturb", "diagnostics": null, "retry_after": null, "hops": [],
        "exit_code": 4,
    });
    assert_eq!(problem, expected);
}

#[tokio::test]
async fn what_may_have_arrived_is_a_409_that_no_program_repeats() {
    let world = signed_in().await;
    world.sandbox.set_faults(vec![fault(Route::StartMessaging, 500, None)]);
    let answer = answer(world.form("recipient=lenea@contoso.com&message=hello&timeout=5")).await;
    assert_eq!(answer.verdict(), verdict(409, "outcome_unknown", "maybe"));
    assert_eq!(world.requests("POST", "/messaginginvitations"), 2, "and it was not sent again here either");
}

#[tokio::test]
async fn a_server_that_throttles_is_a_429_with_its_time() {
    let world = signed_in().await;
    for (asked, told) in [(Some(600), "600"), (None, "30")] {
        world.sandbox.set_faults(vec![fault(Route::StartMessaging, 429, asked)]);
        let answer = answer(world.form("recipient=lenea@contoso.com&message=hello&timeout=5")).await;
        assert_eq!(answer.verdict(), verdict(429, "throttled", "no"));
        assert_eq!(answer.header("retry-after"), told);
    }
}

#[tokio::test]
async fn a_server_that_fails_or_is_not_there_is_a_502() {
    let world = World::new().await;
    world.sandbox.set_faults(vec![fault(Route::Applications, 500, None)]);
    let failing = answer(world.message_to("lenea")).await;
    assert_eq!(failing.verdict(), verdict(502, "service_error", "no"));
    assert_eq!(failing.json()["http_status"], 500);

    let nowhere = send_im::Account::with_password("tosh@contoso.com", PASSWORD).server("http://127.0.0.1:1/");
    let world = World::options(|options| options.account(nowhere)).await;
    let unreachable = answer(world.message_to("lenea")).await;
    let (status, kind, sent) = unreachable.verdict();
    assert!(matches!(kind.as_str(), "network" | "discovery_failed"), "{kind}");
    assert_eq!((status, sent.as_str()), (502, "no"));
}

#[tokio::test]
async fn a_timeout_before_anything_was_sent_is_a_504() {
    let world = World::new().await;
    let slow = json!({"route": "applications", "times": 0, "action": {"delay": {"ms": 3000}}});
    world.sandbox.add_fault(serde_json::from_value(slow).unwrap());
    let answer = answer(world.form("recipient=lenea@contoso.com&message=hello&timeout=0.2")).await;
    assert_eq!(answer.verdict(), verdict(504, "timeout", "no"));
    assert!(world.texts().is_empty());
}

#[tokio::test]
async fn a_refused_sign_in_is_a_403_and_no_401() {
    let world = World::new().await;
    let body = "recipient=lenea@contoso.com&message=hello&username=tosh@contoso.com&password=wrong";
    let answer = answer(world.form(body)).await;
    assert_eq!(answer.verdict(), verdict(403, "sign_in_refused", "no"));
    assert_eq!(answer.json()["step"], "sign_in");
    assert_eq!(answer.header("www-authenticate"), "");
}

#[tokio::test]
async fn a_token_source_without_a_token_is_a_503() {
    let world = World::with(|sandbox| sandbox, |options| options).await;
    let account =
        send_im::Account::with_token("tosh@contoso.com", |_| async { Err("the vault is sealed".into()) });
    let own = world.sandbox.url().to_owned();
    let service = send_im_http::Service::start(send_im_http::Options::new().account(account.server(own)))
        .await
        .unwrap();
    let form = "recipient=lenea@contoso.com&message=hello";
    let request = world.http.post(format!("{}send?{form}", service.url()));
    let answer = answer(request).await;
    assert_eq!(answer.verdict(), verdict(503, "credential_unavailable", "no"));
    assert_eq!(answer.json()["exit_code"], 3);
    assert!(answer.json()["detail"].as_str().unwrap().contains("the vault is sealed"), "{}", answer.text);
    let metrics =
        world.http.get(format!("{}metrics", service.url())).send().await.unwrap().text().await.unwrap();
    for line in ["send_im_sends_total", "send_im_sign_ins_total"] {
        assert!(metrics.contains(&format!("{line}{{kind=\"credential_unavailable\"}} 1")), "{metrics}");
    }
}
