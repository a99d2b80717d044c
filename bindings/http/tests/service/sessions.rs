//! Requests of one sender share a session, and nobody rides on another's.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::common::*;

fn as_tosh(world: &World, password: &str) -> reqwest::RequestBuilder {
    let sender =
        json!({"recipient": LENE, "message": "hello", "username": "tosh@contoso.com", "password": password});
    world.json(&sender)
}

#[tokio::test]
async fn one_session_serves_many_requests() {
    let world = World::new().await;
    let together = join_all((0..20).map(|_| status(world.message_to("lenea")))).await;
    assert_eq!(together, [200; 20]);
    for _ in 0..5 {
        assert_eq!(status(world.message_to("lenea")).await, 200);
    }
    assert_eq!((world.texts().len(), world.sessions_opened(), world.sandbox.open_applications()), (25, 1, 1));
    world.service.stop().await;
    assert_eq!(world.sandbox.open_applications(), 0);
}

#[tokio::test]
async fn a_wrong_password_never_rides_on_a_session_of_the_right_one() {
    let world = World::new().await;
    assert_eq!(status(as_tosh(&world, PASSWORD)).await, 200);
    assert_eq!(status(world.message_to("lenea")).await, 200);
    for password in ["guessed", "", "pa55word-of-tosh ", "pa55word-of-tos"] {
        let expected = if password.is_empty() { 400 } else { 403 };
        assert_eq!(status(as_tosh(&world, password)).await, expected, "{password}");
    }
    assert_eq!(world.texts().len(), 2);
    assert_eq!(status(as_tosh(&world, PASSWORD)).await, 200);

    let mixed = join_all((0..20).map(|n| {
        let password = if n % 2 == 0 { PASSWORD } else { "wrong at the same time" };
        status(as_tosh(&world, password))
    }))
    .await;
    assert_eq!(mixed, (0..20).map(|n| if n % 2 == 0 { 200 } else { 403 }).collect::<Vec<u16>>());
    assert_eq!(world.texts().len(), 13);
    assert_eq!(world.sandbox.open_applications(), 2, "that of the service and that of the requests");
}

#[tokio::test]
async fn another_name_to_sign_in_with_is_another_session() {
    let world = World::with(|sandbox| sandbox.user("lenea@contoso.com", PASSWORD), |options| options).await;
    assert_eq!(status(as_tosh(&world, PASSWORD)).await, 200);
    let other = json!({
        "recipient": LENE, "message": "hello", "username": r"CONTOSO\somebody", "address": "tosh@contoso.com", "password": PASSWORD,
    });
    assert_eq!(status(world.json(&other)).await, 403);
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn a_user_name_rests_after_three_refusals_whatever_the_password() {
    let world = World::with(|sandbox| sandbox.user("lenea@contoso.com", "x"), |options| options).await;
    let together = join_all((0..10).map(|_| status(as_tosh(&world, "guessed")))).await;
    assert_eq!((together, world.sign_ins()), (vec![403; 10], 1));
    let guesses = join_all((0..30).map(|n| status(as_tosh(&world, &format!("guess {n}"))))).await;
    assert_eq!((guesses, world.sign_ins()), (vec![403; 30], 3));
    for password in ["guessed", "guess 31", PASSWORD] {
        let refused = answer(as_tosh(&world, password)).await;
        assert_eq!(refused.verdict(), verdict(403, "sign_in_refused", "no"));
    }
    assert_eq!(world.sign_ins(), 3);
    let other =
        json!({"recipient": LENE, "message": "hello", "username": "lenea@contoso.com", "password": "x"});
    assert_eq!(status(world.json(&other)).await, 200, "another name");
}

#[tokio::test]
async fn wrong_passwords_of_others_do_not_keep_the_services_own_account_out() {
    let world = World::new().await;
    for n in 0..4 {
        assert_eq!(status(as_tosh(&world, &format!("guess {n}"))).await, 403);
    }
    assert_eq!(world.sign_ins(), 3);
    assert_eq!(status(as_tosh(&world, PASSWORD)).await, 403, "a guess that is right tells nothing");
    assert_eq!(status(world.message_to("lenea")).await, 200);
    assert_eq!(world.sign_ins(), 4);
}

#[tokio::test]
async fn wrong_passwords_end_no_session_of_the_same_account() {
    let world = World::new().await;
    assert_eq!(status(world.message_to("lenea")).await, 200);
    join_all((0..10).map(|n| status(as_tosh(&world, &format!("guess {n}"))))).await;
    assert_eq!(status(world.message_to("lenea")).await, 200);
    assert_eq!((world.sessions_opened(), world.texts().len()), (1, 2));
}

#[tokio::test]
async fn a_failed_sign_in_is_tried_again_with_the_next_request() {
    let world = World::new().await;
    let failing = json!({"route": "applications", "times": 0, "action": {"status": {"http": 500}}});
    world.sandbox.set_faults(vec![serde_json::from_value(failing).unwrap()]);
    assert_eq!(status(world.message_to("lenea")).await, 502);
    world.sandbox.clear_faults();
    assert_eq!(status(world.message_to("lenea")).await, 200);
}

#[tokio::test]
async fn an_idle_session_is_signed_out_and_the_next_request_signs_in() {
    let world = World::options(|options| options.idle(Duration::from_millis(100))).await;
    for round in 1..=2 {
        assert_eq!(status(world.message_to("lenea")).await, 200);
        until("the session is signed out", || world.sandbox.open_applications() == 0).await;
        assert_eq!(world.sessions_opened(), round);
    }
}

#[tokio::test]
async fn a_session_in_use_is_not_idle() {
    let world = World::options(|options| options.idle(Duration::from_millis(50))).await;
    let ringing = tokio::spawn(answer(world.message_to("silent")));
    world.ringing().await;
    // Time enough to be taken for idle.
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(status(world.message_to("lenea")).await, 200);
    assert_eq!(world.sessions_opened(), 1);
    world.service.give_up();
    world.service.stop().await;
    ringing.await.unwrap();
}

#[tokio::test]
async fn a_session_that_the_server_forgot_is_opened_anew() {
    let world = World::new().await;
    assert_eq!(status(world.message_to("lenea")).await, 200);
    world.sandbox.drop_applications();
    assert_eq!(status(world.message_to("lenea")).await, 200);
    assert_eq!((world.texts().len(), world.sandbox.open_applications()), (2, 1));
}

#[tokio::test]
async fn a_session_that_ended_for_good_is_replaced() {
    let world = World::new().await;
    let replaced = json!({"http": 409, "code": "Conflict", "subcode": "PGetReplaced"});
    let fault = json!({"route": "events", "action": {"status": replaced}});
    world.sandbox.add_fault(serde_json::from_value(fault).unwrap());
    // Its own events are asked for with the request that is hit.
    let first = answer(world.message_to("lenea")).await;
    until("the fault is used up", || world.sandbox.faults().is_empty()).await;
    let arrived = world.texts().len();
    assert_eq!(status(world.message_to("lenea")).await, 200, "after {}", first.text);
    assert_eq!(world.texts().len(), arrived + 1);
    assert!(world.sessions_opened() >= 2);
}

#[tokio::test]
async fn a_session_that_was_refused_is_replaced_by_the_next_request() {
    let world = World::new().await;
    let refused = json!({"http": 403, "code": "Forbidden", "subcode": "UserAgentNotAllowed"});
    let fault = json!({"route": "events", "action": {"status": refused}});
    world.sandbox.add_fault(serde_json::from_value(fault).unwrap());
    let first = answer(world.message_to("lenea")).await;
    until("the fault is used up", || world.sandbox.faults().is_empty()).await;
    // A person has to know why, so one request is told so: this one, or the first if it came to know.
    let told = answer(world.message_to("lenea")).await;
    assert!(told.status == 403 || first.status == 403, "{} {}", first.text, told.text);
    assert_eq!(status(world.message_to("lenea")).await, 200);
    assert_eq!(world.sessions_opened(), 2);
}

fn as_user(world: &World, name: &str, recipient: &str, more: Value) -> reqwest::RequestBuilder {
    let mut body = json!({
        "recipient": format!("{recipient}@contoso.com"), "message": "hello", "username": format!("{name}@contoso.com"), "password": "x",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.json(&body)
}

#[tokio::test]
async fn there_are_no_more_sessions_than_allowed() {
    let world = World::with(
        |sandbox| {
            let sandbox = sandbox.slow(Duration::from_secs(5));
            ["adam", "lenea", "tom"]
                .into_iter()
                .fold(sandbox, |all, name| all.user(&format!("{name}@contoso.com"), "x"))
        },
        |options| options.most_sessions(1),
    )
    .await;
    let send = |name: &str, recipient: &str| as_user(&world, name, recipient, json!({}));
    assert_eq!(status(send("adam", "a")).await, 200);
    assert_eq!(status(world.message_to("lenea")).await, 200, "the service's own counts for nothing");
    assert_eq!(world.sandbox.open_applications(), 2);
    assert_eq!(status(send("lenea", "a")).await, 200, "an idle session makes room");
    until("two sessions are left", || world.sandbox.open_applications() == 2).await;

    let invitations = world.requests("POST", "/messaginginvitations");
    let slow = tokio::spawn(answer(send("lenea", "slow")));
    until("the invitation", || world.requests("POST", "/messaginginvitations") == invitations + 1).await;
    let refused = answer(send("tom", "a")).await;
    assert_eq!(refused.verdict(), verdict(503, "limit_reached", "no"));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(slow.await.unwrap().status, 200, "one in use stays");
    until("the one too many is signed out", || world.sandbox.open_applications() == 2).await;
}

#[tokio::test]
async fn a_sign_in_that_fails_ends_no_session_that_lives() {
    let world =
        World::with(|sandbox| sandbox.user("lenea@contoso.com", "x"), |options| options.most_sessions(1))
            .await;
    assert_eq!(status(as_user(&world, "lenea", "a", json!({}))).await, 200);
    for n in 0..5 {
        let wrong = json!({"username": format!("nobody{n}@contoso.com"), "password": "wrong"});
        assert_eq!(status(as_user(&world, "lenea", "a", wrong)).await, 403);
    }
    assert_eq!(status(as_user(&world, "lenea", "a", json!({}))).await, 200);
    assert_eq!(world.sessions_opened(), 1);
}

#[tokio::test]
async fn sign_ins_that_get_no_answer_leave_the_service_its_own_place() {
    let world = World::options(|options| options.most_sends(40).most_sessions(1)).await;
    assert_eq!(status(world.message_to("lenea")).await, 200);
    let silent = json!({"route": "token", "times": 0, "action": {"delay": {"ms": 600_000}}});
    world.sandbox.set_faults(vec![serde_json::from_value(silent).unwrap()]);
    let other =
        |n: usize, timeout: u32| as_user(&world, &format!("user{n}"), "a", json!({"timeout": timeout}));
    let waiting: Vec<_> = (0..10).map(|n| tokio::spawn(answer(other(n, 60)))).collect();
    until("the sign-ins that may be under way", || world.sign_ins() == 1 + 8).await;
    // A quarter of all sends may wait for sign-ins of one client in one domain.
    let refused = join_all((10..100).map(|n| answer(other(n, 60)))).await;
    for answer in refused {
        assert_eq!(answer.verdict(), verdict(503, "limit_reached", "no"));
        assert_eq!(answer.header("retry-after"), "1");
    }
    let own = join_all((0..30).map(|_| status(world.message_to("lenea")))).await;
    assert_eq!(own, [200; 30]);
    assert_eq!(world.sign_ins(), 1 + 8);
    world.service.give_up();
    world.service.stop().await;
    for answer in waiting {
        assert_eq!(answer.await.unwrap().verdict().0, 503);
    }
}

#[tokio::test]
async fn one_account_has_a_quarter_of_the_sends_however_it_is_written() {
    let world = World::options(|options| options.most_sends(8)).await;
    let named = |name: &str, subject: usize| {
        // Messages of one conversation would wait for each other.
        let body = json!({
            "recipient": "silent@contoso.com", "message": "x", "subject": subject, "username": name, "address": "tosh@contoso.com", "password": PASSWORD,
        });
        world.json(&body)
    };
    let names = ["tosh@contoso.com", "TOSH@contoso.com"];
    let ringing: Vec<_> =
        names.iter().enumerate().map(|(n, name)| tokio::spawn(answer(named(name, n)))).collect();
    until("two invitations", || world.requests("POST", "/messaginginvitations") == 2).await;
    for name in ["tosh@contoso.com", "Tosh@contoso.com"] {
        assert_eq!(answer(named(name, 3)).await.verdict(), verdict(503, "limit_reached", "no"), "{name}");
    }
    assert_eq!(status(world.message_to("lenea")).await, 200);
    world.service.give_up();
    world.service.stop().await;
    for answer in ringing {
        assert_eq!(answer.await.unwrap().status, 409);
    }
}

#[tokio::test]
async fn requests_with_a_wrong_password_take_nothing_from_the_account() {
    let world = World::options(|options| options.most_sends(8)).await;
    assert_eq!(status(as_tosh(&world, PASSWORD)).await, 200);
    let silent = json!({"route": "token", "times": 0, "action": {"delay": {"ms": 600_000}}});
    world.sandbox.set_faults(vec![serde_json::from_value(silent).unwrap()]);
    let waiting: Vec<_> =
        (0..2).map(|n| tokio::spawn(answer(as_tosh(&world, &format!("guess {n}"))))).collect();
    until("both guesses", || world.sign_ins() == 3).await;
    assert_eq!(status(as_tosh(&world, PASSWORD)).await, 200);
    world.service.give_up();
    world.service.stop().await;
    for answer in waiting {
        assert_eq!(answer.await.unwrap().status, 503);
    }
}

#[tokio::test]
async fn an_account_has_two_sessions_at_most() {
    let world = World::with(|sandbox| sandbox.user("adam@contoso.com", "x"), |options| options).await;
    let other = || as_user(&world, "adam", "a", json!({}));
    assert_eq!(status(other()).await, 200);
    for name in ["tosh@contoso.com", "TOSH@contoso.com", "Tosh@contoso.com", "tOsh@contoso.com"] {
        let body = json!({"recipient": LENE, "message": "x", "username": name, "address": "tosh@contoso.com", "password": PASSWORD});
        assert_eq!(status(world.json(&body)).await, 200, "{name}");
    }
    until("two sessions are left", || world.sandbox.open_applications() == 1 + 2).await;
    let sign_ins = world.sign_ins();
    assert_eq!(
        (status(other()).await, world.sign_ins()),
        (200, sign_ins),
        "that of another account is none of them"
    );
}

#[tokio::test]
async fn a_sign_in_that_nobody_waits_for_ends() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}/", listener.local_addr().unwrap());
    let account = send_im::Account::with_password("tosh@contoso.com", PASSWORD).server(server);
    let service = send_im_http::Service::start(send_im_http::Options::new().account(account)).await.unwrap();
    let body = json!({"recipient": LENE, "message": "hello", "timeout": 0.5});
    let request = client().post(format!("{}send", service.url())).header("Content-Type", "application/json");
    let sent = tokio::spawn(answer(request.body(body.to_string())));
    let (mut asked, _) = listener.accept().await.unwrap();
    assert_eq!(sent.await.unwrap().verdict(), verdict(504, "timeout", "no"));
    // Long before the minute that a sign-in may take.
    let mut sink = tokio::io::sink();
    let ended = tokio::io::copy(&mut asked, &mut sink);
    assert!(tokio::time::timeout(Duration::from_secs(30), ended).await.is_ok());
}
