//! What must not cost a client: tokens that die young, requests for events that fall silent or come late, answers that say too
//! little.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;
mod hostile_server;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{LENE, signed_in, status, until};
use hostile_server::{Hostile, Reply, Seen, by, challenge};
use send_im::{Account, Client, ErrorKind, Message, Receipt, Sent, Wait};
use send_im_sandbox::{Fault, Route};

fn account(server: &Hostile) -> Account {
    // Ports are used again: what was on one before is not remembered.
    let server = format!("{}/root", server.origin);
    Account::with_password("tosh@contoso.com", "x").server(server).shared(Arc::default())
}

fn hello() -> Message {
    Message::text(LENE, "hello").timeout(Duration::from_secs(30))
}

/// The end of the invitation with this operation, as an event; `lene` took it.
fn taken(operation: &str) -> String {
    let invitation = invitation(operation, "Connected");
    event(&format!(r#","_embedded":{{"messagingInvitation":{invitation}}}"#))
}

fn event(more: &str) -> String {
    format!(
        r#"{{"link":{{"rel":"messagingInvitation","href":"/i/1"}},"type":"completed","status":"Success"{more}}}"#
    )
}

fn invitation(operation: &str, state: &str) -> String {
    let who = format!(r#"{{"uri":"sip:{LENE}"}}"#);
    format!(
        r#"{{"operationId":"{operation}","direction":"Outgoing","state":"{state}","_embedded":{{"acceptedByParticipant":[{who}]}}}}"#
    )
}

fn operation(seen: &Seen) -> String {
    let body: serde_json::Value = serde_json::from_str(&seen.body).unwrap();
    body["operationId"].as_str().unwrap().to_owned()
}

fn created() -> Reply {
    Reply::Whole(201, "Location: /i/1\r\n".to_owned(), Vec::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_live_for_three_requests_stop_no_send() {
    let (issued, uses) = (AtomicUsize::new(0), Mutex::new(HashMap::<String, usize>::new()));
    let server = Hostile::start(move |seen| {
        if seen.route() == "POST /token" {
            let number = issued.fetch_add(1, Ordering::SeqCst);
            return Some(Reply::json(200, format!(r#"{{"access_token":"cwt={number}"}}"#)));
        }
        let token = seen.head.lines().find_map(|line| line.strip_prefix("authorization: "))?.to_owned();
        let mut uses = uses.lock().unwrap();
        let used = uses.entry(token).or_default();
        *used += 1;
        if *used > 3 {
            return Some(challenge("/token"));
        }
        (seen.route() == "POST /invite").then(|| {
            let told = by("communication", "/com", &taken(&operation(seen)));
            Reply::Telling(Box::new(created()), told)
        })
    })
    .await;
    let client = Client::sign_in(account(&server)).await.unwrap();
    let messages =
        (0..40).map(|n| Message::text(format!("user{n}@contoso.com"), "x").timeout(Duration::from_secs(60)));
    for result in client.send_all(messages).await {
        result.unwrap();
    }
    let posts: Vec<_> = server.seen().into_iter().filter(|seen| seen.route() == "POST /invite").collect();
    let mut operations: Vec<_> = posts.iter().map(operation).collect();
    operations.sort();
    operations.dedup();
    assert_eq!(operations.len(), 40);
    client.sign_out().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_rejected_in_a_row_do_not_end_a_client() {
    for times in [1, 2, 3, 7, 12] {
        let (sandbox, client) = signed_in().await;
        until(|| sandbox.pending_gets() == 1).await;
        sandbox.add_fault(Fault::on(Route::Events, status(401)).times(times));
        // The pending GET is answered with it.
        sandbox.revoke_tokens();
        let mut delivered = 0;
        while delivered < 3 {
            match client.send(hello()).await {
                Ok(_) => delivered += 1,
                // One that was under way when the session was given up may say so.
                Err(error) => {
                    assert_ne!(error.kind(), ErrorKind::SignInRefused, "{times}: {error:?}");
                    assert_ne!(error.kind(), ErrorKind::Closed, "{times}: {error:?}");
                }
            }
        }
        client.sign_out().await.unwrap();
        assert_eq!(sandbox.open_applications(), 0, "{times}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_was_read_is_a_receipt_and_opens_the_channel_anew() {
    let (polls, posted) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
    let server = {
        let (polls, posted) = (polls.clone(), posted.clone());
        Hostile::start(move |seen| match seen.route().as_str() {
            "POST /invite" => {
                *posted.lock().unwrap() = operation(seen);
                None
            }
            // Its connection has gone silent.
            "GET /events" if polls.fetch_add(1, Ordering::SeqCst) == 0 => Some(Reply::Never),
            "GET /i/1" => Some(Reply::json(200, invitation(&posted.lock().unwrap(), "Connected"))),
            _ => None,
        })
        .await
    };
    let client = Client::sign_in(account(&server)).await.unwrap();
    until(|| polls.load(Ordering::SeqCst) == 1).await;
    let receipt = client.send(hello()).await.unwrap();
    assert_eq!(receipt.accepted_by.as_deref(), Some(LENE));
    until(|| polls.load(Ordering::SeqCst) > 1).await;
    assert_eq!((server.count("POST /invite"), server.count("POST /applications")), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_accepted_is_asked_again_and_never_guessed() {
    for failures in [2, usize::MAX] {
        let (asked, posted) = (AtomicUsize::new(0), Mutex::new(String::new()));
        let server = Hostile::start(move |seen| match seen.route().as_str() {
            "POST /invite" => {
                *posted.lock().unwrap() = operation(seen);
                // The event names the invitation and does not hold it.
                Some(Reply::Telling(Box::new(created()), by("communication", "/com", &event(""))))
            }
            "GET /events" if posted.lock().unwrap().is_empty() => None,
            "GET /i/1" if asked.fetch_add(1, Ordering::SeqCst) < failures => Some(Reply::json(502, "")),
            "GET /i/1" => Some(Reply::json(200, invitation(&posted.lock().unwrap(), "Connected"))),
            _ => None,
        })
        .await;
        let client = Client::sign_in(account(&server)).await.unwrap();
        for _ in 0..2 {
            let receipt = client.send(hello()).await.unwrap();
            let known = (failures == 2).then_some(LENE);
            assert_eq!(receipt.accepted_by.as_deref(), known, "{failures}");
        }
        // Whoever accepted the first message does not get the second one in Lene's name.
        assert_eq!(server.count("POST /invite"), 2, "{failures}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_request_for_events_of_its_own_costs_a_client_nothing() {
    let replaced = || Reply::json(409, r#"{"code":"Conflict","subcode":"PGetReplaced","message":"x"}"#);
    for first_is_lost in [true, false] {
        let polls = Arc::new(AtomicUsize::new(0));
        let server = {
            let polls = polls.clone();
            Hostile::start(move |seen| match (seen.route().as_str(), first_is_lost) {
                ("GET /events", lost) => match (polls.fetch_add(1, Ordering::SeqCst), lost) {
                    // A proxy loses the connection, and delivers the request later.
                    (0, true) => Some(Reply::Pieces {
                        head: String::new(),
                        piece: Vec::new(),
                        times: 0,
                        pause: Duration::ZERO,
                    }),
                    (1, true) | (0, false) => Some(replaced()),
                    _ => None,
                },
                _ => None,
            })
            .await
        };
        let client = Client::sign_in(account(&server)).await.unwrap();
        until(|| polls.load(Ordering::SeqCst) >= if first_is_lost { 3 } else { 1 }).await;
        if first_is_lost {
            client.send(hello()).await.unwrap();
            assert_eq!(server.count("POST /applications"), 1);
        } else {
            // No request of this client is missing, so another program's has taken over.
            let ended = async {
                loop {
                    // One that is under way when the channel ends is lost in it.
                    match client.send(hello()).await {
                        Err(error) if error.kind() == ErrorKind::Closed => break error,
                        _ => {}
                    }
                }
            };
            let error = ended.await;
            assert!(error.detail().contains("Another program"), "{error:?}");
        }
    }
}

/// A gateway's page of its own, in the place of an answer to the pending GET, names ways to sign in that the pool does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_challenge_on_the_event_channel_does_not_end_a_client() {
    let windows = "WWW-Authenticate: MsRtcOAuth href=\"/token\",grant_type=\"urn:microsoft.rtc:windows\"\r\n";
    for elsewhere in [true, false] {
        for times in [1, 2, 3, 5] {
            let polls = AtomicUsize::new(0);
            let server = Hostile::start(move |seen| {
                if seen.route() != "GET /events" || polls.fetch_add(1, Ordering::SeqCst) >= times {
                    return None;
                }
                Some(match elsewhere {
                    true => challenge("https://elsewhere.test/token"),
                    false => Reply::Whole(401, windows.to_owned(), b"<html>401</html>".to_vec()),
                })
            })
            .await;
            let client = Client::sign_in(account(&server)).await.unwrap();
            until(|| server.count("GET /events") >= 1).await;
            let mut attempts = 0;
            while let Err(error) = client.send(hello()).await {
                attempts += 1;
                assert!(attempts <= 2, "{elsewhere} {times}: {error:?}");
            }
            client.sign_out().await.unwrap();
        }
    }
}

/// A pool that took an invitation and was lost with its answer may still ring: the account's next pool does not ring again.
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_may_ring_is_not_posted_again_on_another_pool() {
    let second = Hostile::start(|_| None).await;
    let redirect = format!(r#"{{"_links":{{"redirect":{{"href":"{}/root"}}}}}}"#, second.origin);
    let lost = AtomicBool::new(false);
    let first = Hostile::start(move |seen| match seen.route().as_str() {
        "POST /invite" => {
            lost.store(true, Ordering::SeqCst);
            Some(Reply::Pieces { head: String::new(), piece: Vec::new(), times: 0, pause: Duration::ZERO })
        }
        "GET /events" => Some(Reply::Never),
        "GET /root" if lost.load(Ordering::SeqCst) => Some(Reply::json(200, redirect.clone())),
        _ => None,
    })
    .await;
    let client = Client::sign_in(account(&first)).await.unwrap();
    let message = Message::text(LENE, "x".repeat(900)).timeout(Duration::from_secs(30));
    let error = client.send(message).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Network, Sent::No), "{error:?}");
    assert_eq!(first.count("POST /invite") + second.count("POST /invite"), 1);
}

/// A pool that still answers tells how an invitation ends, also once the account has moved to another.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_a_pool_that_still_answers_ends_as_it_would_have() {
    let second = Hostile::start(|_| None).await;
    let redirect = format!(r#"{{"_links":{{"redirect":{{"href":"{}/root"}}}}}}"#, second.origin);
    let (invited, accepted) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let first = Hostile::start({
        let (invited, accepted) = (invited.clone(), accepted.clone());
        move |seen| {
            let mut invited = invited.lock().unwrap();
            match seen.route().as_str() {
                "POST /invite" => {
                    invited.push(operation(seen));
                    let gateway = Reply::Whole(502, String::new(), b"<html>502</html>".to_vec());
                    Some(if invited.len() == 1 { created() } else { gateway })
                }
                "GET /events" => Some(Reply::Never),
                "GET /i/1" if accepted.load(Ordering::SeqCst) => {
                    Some(Reply::json(200, invitation(&invited[0], "Connected")))
                }
                "GET /root" if invited.len() == 2 => Some(Reply::json(200, redirect.clone())),
                _ => None,
            }
        }
    })
    .await;
    let client = Client::sign_in(account(&first)).await.unwrap();
    let waits = tokio::spawn(client.send(hello()));
    until(|| invited.lock().unwrap().len() == 1).await;
    let lost = Message::text("johndoe@contoso.com", "lost").timeout(Duration::from_millis(500));
    assert_eq!(client.send(lost).await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    client.send(Message::text("johndoe@contoso.com", "second")).await.unwrap();
    assert_eq!(second.count("POST /invite"), 1);
    accepted.store(true, Ordering::SeqCst);
    assert_eq!(waits.await.unwrap().unwrap().accepted_by.as_deref(), Some(LENE));
}

/// The connection of a GET has gone silent; the event that it was to make up for comes meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_while_a_resource_is_fetched_is_not_waited_for_any_longer() {
    let asked = Arc::new(AtomicBool::new(false));
    let server = Hostile::start({
        let asked = asked.clone();
        move |seen| match seen.route().as_str() {
            "GET /i/1" => {
                asked.store(true, Ordering::SeqCst);
                Some(Reply::Never)
            }
            "GET /events" => {
                tokio::task::block_in_place(|| {
                    while !asked.load(Ordering::SeqCst) {
                        std::thread::sleep(Duration::from_millis(10));
                    }
                });
                None
            }
            _ => None,
        }
    })
    .await;
    let client = Client::sign_in(account(&server)).await.unwrap();
    let forever = Duration::from_secs(24 * 3600);
    let send = client.send(hello().timeout(forever));
    tokio::time::timeout(Duration::from_secs(60), send).await.expect("it ends").unwrap();
}

/// A server whose invitations are accepted at once, and whose link for the text comes with an event after its resource was asked
/// for. That resource itself is answered with what `fetched` gives; without a reply, the next poll is answered with `end`.
async fn with_late_link(
    end: (u16, &'static str),
    fetched: impl Fn(usize) -> Option<Reply> + Send + Sync + 'static,
) -> Hostile {
    let (fetches, ends) = (AtomicUsize::new(0), AtomicBool::new(false));
    Hostile::start(move |seen| match seen.route().as_str() {
        "GET /events" if ends.swap(false, Ordering::SeqCst) => {
            Some(Reply::json(end.0, end.1))
        }
        "POST /invite" => {
            let links = r#""_links":{"messaging":{"href":"/c/1/messaging"},"conversation":{"href":"/c/1"}}"#;
            let invitation = format!(r#"{{"operationId":"{}","direction":"Outgoing",{links}}}"#, operation(seen));
            let events = event(&format!(r#","_embedded":{{"messagingInvitation":{invitation}}}"#));
            Some(Reply::Telling(Box::new(created()), by("communication", "/com", &events)))
        }
        "GET /c/1/messaging" => Some(fetched(fetches.fetch_add(1, Ordering::SeqCst)).unwrap_or_else(|| {
            ends.store(true, Ordering::SeqCst);
            // The pending request for events is answered, so that the next one finds the session gone.
            Reply::Telling(Box::new(Reply::Never), by("communication", "/com", ""))
        })),
        "POST /c/1/messages" => {
            let events = r#"{"link":{"rel":"message","href":"/c/1/messages/1"},"type":"completed","status":"Success","_embedded":{"message":{"direction":"Outgoing"}}}"#;
            let taken = Reply::Whole(201, "Location: /c/1/messages/1\r\n".to_owned(), Vec::new());
            Some(Reply::Telling(Box::new(taken), by("conversation", "/c/1", events)))
        }
        _ => None,
    })
    .await
}

const GONE: (u16, &str) = (404, r#"{"code":"NotFound","subcode":"ApplicationNotFound"}"#);

const CONNECTED: &str = r#"{"state":"Connected","_links":{"sendMessage":{"href":"/c/1/messages"}}}"#;

async fn send_long(server: &Hostile) -> Receipt {
    let client = Client::sign_in(account(server)).await.unwrap();
    client.send(Message::text(LENE, "x".repeat(900)).timeout(Duration::from_secs(20))).await.unwrap()
}

/// As above, for the link that takes the text.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_comes_while_its_resource_is_fetched_is_used() {
    let server = with_late_link(GONE, |_| {
        let events = format!(
            r#"{{"link":{{"rel":"messaging","href":"/c/1/messaging"}},"type":"updated","_embedded":{{"messaging":{CONNECTED}}}}}"#
        );
        Some(Reply::Telling(Box::new(Reply::Never), by("communication", "/com", &events)))
    })
    .await;
    send_long(&server).await;
}

/// The recipient has accepted; a connection that breaks while the link is fetched is no reason to give up.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_fetched_again_after_a_broken_connection() {
    let server = with_late_link(GONE, |fetch| match fetch {
        0 | 1 => {
            Some(Reply::Pieces { head: String::new(), piece: Vec::new(), times: 0, pause: Duration::ZERO })
        }
        _ => Some(Reply::json(200, CONNECTED)),
    })
    .await;
    send_long(&server).await;
    assert_eq!(server.count("POST /invite"), 1);
}

/// The session ends while the link is awaited: that is not the recipient's doing, and the message goes in the next session.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_before_the_text_is_sent_costs_a_second_invitation() {
    let server = with_late_link(GONE, |fetch| (fetch > 0).then(|| Reply::json(200, CONNECTED))).await;
    send_long(&server).await;
    assert_eq!(server.count("POST /applications"), 2);
    assert_eq!((server.count("POST /invite"), server.count("POST /c/1/messages")), (2, 1));
}

/// The session ends for good while the link is awaited: the error says so, and nothing of the recipient.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_for_good_is_not_the_recipients_doing() {
    let over = (410, r#"{"code":"Gone","subcode":"None"}"#);
    let server = with_late_link(over, |_| None).await;
    let client = Client::sign_in(account(&server)).await.unwrap();
    let message = Message::text(LENE, "x".repeat(900)).timeout(Duration::from_secs(20));
    let error = client.send(message).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Closed, Sent::No), "{error:?}");
    assert_eq!(server.count("POST /c/1/messages"), 0);
}

/// The response to an invitation is lost, and with the session every event: whether it was taken nobody knows.
#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_that_nobody_reports_is_not_submitted() {
    let ends = AtomicBool::new(false);
    let server = Hostile::start(move |seen| match seen.route().as_str() {
        "POST /invite" => {
            ends.store(true, Ordering::SeqCst);
            let lost =
                Reply::Pieces { head: String::new(), piece: Vec::new(), times: 0, pause: Duration::ZERO };
            Some(Reply::Telling(Box::new(lost), by("communication", "/com", "")))
        }
        "GET /events" if ends.load(Ordering::SeqCst) => Some(Reply::json(GONE.0, GONE.1)),
        _ => None,
    })
    .await;
    let client = Client::sign_in(account(&server)).await.unwrap();
    let error = client.send(hello().wait(Wait::Submitted)).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::OutcomeUnknown, Sent::Maybe), "{error:?}");
    assert_eq!(server.count("POST /invite"), 1);
}
