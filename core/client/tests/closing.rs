//! The end of a client: what is waited for, what is cancelled, what stays open, and what is said of the messages.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::future::Future;
use std::time::Duration;

use common::{LENE, account, hello, long, page, signed_in, status, until};
use send_im::{Client, Error, ErrorKind, Message, Receipt, Sent, Wait};
use send_im_sandbox::{Action, Behaviour, Exchange, Fault, Route, Sandbox};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

const FOREVER: Duration = Duration::from_secs(3600);

/// How many sends of a client are under way at once; others wait for a turn.
const AT_ONCE: usize = 32;

/// Ends a test that hangs.
async fn ends<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it hangs")
}

fn begin(client: &Client, message: Message) -> JoinHandle<Result<Receipt, Error>> {
    tokio::spawn(client.send(message.timeout(FOREVER)))
}

/// A message to somebody who does not answer; all of them are different people.
fn unanswered(n: usize) -> Message {
    Message::text(format!("silent@d{n}.contoso.com"), "x")
}

fn invitations(sandbox: &Sandbox) -> impl Iterator<Item = Exchange> {
    sandbox.journal().into_iter().filter(|e| e.path.ends_with("/messagingInvitations"))
}

fn invited(sandbox: &Sandbox) -> usize {
    invitations(sandbox).filter(|e| e.status.is_some()).count()
}

async fn failure(sending: JoinHandle<Result<Receipt, Error>>) -> (ErrorKind, Sent) {
    let error = ends(sending).await.unwrap().unwrap_err();
    (error.kind(), error.sent())
}

fn silence(sandbox: &Sandbox) {
    sandbox.add_fault(Fault::on(Route::Any, Action::Delay { time: FOREVER }).times(0));
}

#[tokio::test]
async fn signing_out_waits_for_every_send_that_has_begun() {
    let (sandbox, client) = signed_in().await;
    let sends: Vec<_> = (0..AT_ONCE + 8)
        .map(|n| {
            let to = format!("r{n}@contoso.com");
            sandbox.recipient(&to, Behaviour::AcceptAfter(Duration::from_millis(500)));
            begin(&client, Message::text(to, "x"))
        })
        .collect();
    until(|| invited(&sandbox) == AT_ONCE).await;
    ends(client.sign_out()).await.unwrap();
    assert_eq!((sandbox.messages().len(), sandbox.open_applications()), (sends.len(), 0));
    for send in sends {
        send.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_send_is_under_way_from_its_call_on() {
    let (sandbox, client) = signed_in().await;
    // Nobody has polled them when the client signs out.
    let one = client.send(hello());
    let all = client.send_all((0..AT_ONCE + 8).map(|n| Message::text(format!("r{n}@contoso.com"), "x")));
    let out = client.clone();
    let signing_out = tokio::spawn(async move { out.sign_out().await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let late = ends(client.send(hello())).await.unwrap_err();
    assert_eq!((late.kind(), late.sent()), (ErrorKind::Closed, Sent::No));
    ends(one).await.unwrap();
    for result in ends(all).await {
        result.unwrap();
    }
    ends(signing_out).await.unwrap().unwrap();
    assert_eq!((sandbox.messages().len(), sandbox.open_applications()), (AT_ONCE + 9, 0));
    // One that nobody polls ever is waited for until it is dropped.
    let (_sandbox, client) = signed_in().await;
    let never = client.send(hello());
    assert!(tokio::time::timeout(Duration::from_millis(100), client.sign_out()).await.is_err());
    drop(never);
    ends(client.sign_out()).await.unwrap();
}

#[tokio::test]
async fn signing_out_within_a_bound_waits_for_what_ends_in_time() {
    let (sandbox, client) = signed_in().await;
    sandbox.recipient(LENE, Behaviour::AcceptAfter(Duration::from_millis(300)));
    let send = begin(&client, hello());
    until(|| invited(&sandbox) == 1).await;
    ends(client.sign_out_within(FOREVER)).await.unwrap();
    send.await.unwrap().unwrap();
    assert_eq!(sandbox.open_applications(), 0);
}

#[tokio::test]
async fn what_has_not_ended_within_the_bound_is_cancelled() {
    let (sandbox, client) = signed_in().await;
    let ringing = begin(&client, unanswered(0));
    until(|| invited(&sandbox) == 1).await;
    let behind = begin(&client, unanswered(0));
    let without_text = begin(&client, Message::text("silent@contoso.com", "x".repeat(900)));
    until(|| invited(&sandbox) == 2).await;
    ends(client.sign_out_within(Duration::from_millis(100))).await.unwrap();
    assert_eq!((sandbox.open_applications(), sandbox.messages().len()), (0, 0));
    assert_eq!(failure(ringing).await, (ErrorKind::Cancelled, Sent::Maybe));
    assert_eq!(failure(behind).await, (ErrorKind::Cancelled, Sent::No));
    assert_eq!(failure(without_text).await, (ErrorKind::Cancelled, Sent::No));
}

#[tokio::test]
async fn a_client_that_is_signed_out_sends_nothing_and_signs_out_once() {
    let (sandbox, client) = signed_in().await;
    client.sign_out().await.unwrap();
    let asked = sandbox.journal().len();
    assert_eq!(client.send(hello()).await.unwrap_err().kind(), ErrorKind::Closed);
    let results = client.send_all([hello(), hello()]).await;
    assert!(results.iter().all(|r| r.as_ref().unwrap_err().kind() == ErrorKind::Closed), "{results:?}");
    client.sign_out().await.unwrap();
    client.sign_out_within(Duration::ZERO).await.unwrap();
    client.cancel_all();
    assert_eq!(sandbox.journal().len(), asked);
}

#[tokio::test]
async fn cancelling_ends_every_send_at_once_those_that_wait_for_a_turn_too() {
    let (sandbox, client) = signed_in().await;
    let mut ringing: Vec<_> = (1..AT_ONCE).map(|n| begin(&client, unanswered(n))).collect();
    let submitted = client.send(unanswered(0).wait(Wait::Submitted).timeout(FOREVER)).await;
    assert!(submitted.is_ok(), "{submitted:?}");
    until(|| invited(&sandbox) == AT_ONCE).await;
    let waiting = begin(&client, hello());
    let list = [hello(), long()].map(|message| {
        let sending = client.send_all([message]);
        tokio::spawn(async { sending.await.remove(0) })
    });
    // No answer of the server is needed.
    silence(&sandbox);
    client.cancel_all();
    assert_eq!(failure(ringing.swap_remove(0)).await, (ErrorKind::Cancelled, Sent::Maybe));
    for ringing in ringing {
        assert_eq!(failure(ringing).await, (ErrorKind::Cancelled, Sent::Maybe));
    }
    assert_eq!(failure(waiting).await, (ErrorKind::Cancelled, Sent::No));
    for waiting in list {
        assert_eq!(failure(waiting).await, (ErrorKind::Cancelled, Sent::No));
    }
    assert_eq!(client.send(hello()).await.unwrap_err().kind(), ErrorKind::Closed);
    sandbox.clear_faults();
    ends(client.sign_out()).await.unwrap();
    assert_eq!((sandbox.open_applications(), sandbox.messages().len()), (0, 0));
}

#[derive(Clone, Copy, Debug)]
enum Gone {
    Refuses,
    Stopped,
    Silent,
}

impl Gone {
    const ALL: [Gone; 3] = [Gone::Refuses, Gone::Stopped, Gone::Silent];

    /// What is left of the sandbox.
    async fn happens(self, sandbox: Sandbox) -> Option<Sandbox> {
        match self {
            Gone::Refuses => sandbox.refuse_connections(0, FOREVER).await,
            Gone::Silent => silence(&sandbox),
            Gone::Stopped => {
                sandbox.stop().await;
                return None;
            }
        }
        Some(sandbox)
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_not_waited_for() {
    for gone in Gone::ALL {
        let (sandbox, client) = signed_in().await;
        client.send(hello()).await.unwrap();
        let _sandbox = gone.happens(sandbox).await;
        let error = ends(client.sign_out()).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Network | ErrorKind::Timeout), "{gone:?}: {error:?}");
    }
}

#[tokio::test]
async fn what_is_under_way_on_a_server_that_is_gone_is_not_waited_for_and_told_as_unknown() {
    for gone in Gone::ALL {
        let (sandbox, client) = signed_in().await;
        let ringing = begin(&client, unanswered(0));
        let without_text = begin(&client, Message::text("silent@contoso.com", "x".repeat(900)));
        until(|| invited(&sandbox) == 2).await;
        let behind = begin(&client, unanswered(0));
        let sandbox = gone.happens(sandbox).await;
        let mut posted = None;
        if let Some(silent) = sandbox.as_ref().filter(|_| matches!(gone, Gone::Silent)) {
            posted = Some(begin(&client, hello()));
            until(|| invitations(silent).count() == 3).await;
        }
        ends(client.sign_out()).await.unwrap_err();
        let (kind, sent) = failure(ringing).await;
        assert!(matches!(kind, ErrorKind::OutcomeUnknown | ErrorKind::Cancelled), "{gone:?}: {kind}");
        assert_eq!(sent, Sent::Maybe, "{gone:?}");
        assert_eq!(failure(without_text).await.1, Sent::No, "{gone:?}");
        assert_eq!(failure(behind).await.1, Sent::No, "{gone:?}");
        if let Some(posted) = posted {
            assert_eq!(failure(posted).await, (ErrorKind::Cancelled, Sent::Maybe));
        }
    }
}

#[tokio::test]
async fn a_session_that_a_silent_server_does_not_open_is_not_waited_for() {
    let (sandbox, client) = signed_in().await;
    until(|| sandbox.pending_gets() == 1).await;
    sandbox.add_fault(Fault::on(Route::Applications, Action::Delay { time: FOREVER }).times(0));
    sandbox.drop_applications();
    let sends: Vec<_> = (0..3).map(|n| begin(&client, unanswered(n))).collect();
    let opening = || sandbox.journal().iter().filter(|e| e.path.ends_with("/applications")).count() == 2;
    until(opening).await;
    let _ = ends(client.sign_out()).await;
    for send in sends {
        assert_eq!(failure(send).await.0, ErrorKind::Cancelled);
    }
}

#[tokio::test]
async fn a_send_under_way_may_still_open_a_session_while_the_client_signs_out() {
    let (sandbox, client) = signed_in().await;
    until(|| sandbox.pending_gets() == 1).await;
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::Delay { time: Duration::from_millis(300) }));
    let send = begin(&client, hello());
    until(|| invitations(&sandbox).count() == 1).await;
    sandbox.drop_applications();
    ends(client.sign_out()).await.unwrap();
    send.await.unwrap().unwrap();
    assert_eq!((sandbox.open_applications(), sandbox.messages().len()), (0, 1));
}

#[tokio::test]
async fn a_client_that_closes_when_idle_sends_as_before_and_leaves_no_session_open() {
    let (sandbox, client) = signed_in().await;
    client.send(hello()).await.unwrap();
    assert!(ends(client.close_when_idle()).await);
    assert_eq!(sandbox.open_applications(), 0);
    for _ in 0..2 {
        client.send(hello()).await.unwrap();
        assert_eq!(sandbox.open_applications(), 0);
    }
    let many = client.send_all((0..50).map(|n| Message::text(format!("r{n}@contoso.com"), "x"))).await;
    assert!(many.iter().all(Result::is_ok), "{many:?}");
    client.send(Message::text("busy@contoso.com", "x")).await.unwrap_err();
    assert_eq!((sandbox.open_applications(), sandbox.messages().len()), (0, 53));
    client.send(hello().wait(Wait::Submitted)).await.unwrap();
    ends(until(|| sandbox.messages().len() == 54 && sandbox.open_applications() == 0)).await;
    client.sign_out().await.unwrap();
    assert_eq!(client.send(hello()).await.unwrap_err().kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn closing_when_idle_lets_what_is_under_way_go_on() {
    let (sandbox, client) = signed_in().await;
    let ringing = begin(&client, unanswered(0));
    sandbox.recipient(LENE, Behaviour::AcceptAfter(Duration::from_millis(500)));
    let accepted = begin(&client, hello());
    until(|| invited(&sandbox) == 2).await;
    assert!(!ends(client.close_when_idle()).await);
    assert_eq!(sandbox.open_applications(), 1);
    accepted.await.unwrap().unwrap();
    assert_eq!(sandbox.open_applications(), 1);
    // Whoever goes away closes it too.
    ringing.abort();
    ends(until(|| sandbox.open_applications() == 0)).await;
}

#[tokio::test]
async fn a_session_that_could_not_be_closed_when_idle_is_not_used_again() {
    let (sandbox, client) = signed_in().await;
    sandbox.add_fault(Fault::on(Route::DeleteApplication, status(403)));
    assert!(!ends(client.close_when_idle()).await);
    assert_eq!(sandbox.open_applications(), 1);
    ends(client.send(hello())).await.unwrap();
    assert_eq!((sandbox.open_applications(), sandbox.messages().len()), (1, 1), "the first one stays");
}

#[tokio::test]
async fn a_session_that_is_opened_for_nobody_is_closed_when_idle() {
    let (sandbox, client) = signed_in().await;
    assert!(ends(client.close_when_idle()).await);
    sandbox.add_fault(Fault::on(Route::Applications, Action::Delay { time: Duration::from_millis(300) }));
    let send = begin(&client, hello());
    let opened = |answered: bool| {
        let opening = |e: &&Exchange| e.path.ends_with("/applications") && (e.status.is_some() || !answered);
        sandbox.journal().iter().filter(opening).count()
    };
    until(|| opened(false) == 2).await;
    send.abort();
    ends(until(|| opened(true) == 2 && sandbox.open_applications() == 0)).await;
    assert_eq!(sandbox.messages().len(), 0);
}

/// Somebody is being invited in a session that is given up, because a proxy says in the server's place that it is gone.
async fn given_up(to: &str) -> (Sandbox, Client, JoinHandle<Result<Receipt, Error>>) {
    let (sandbox, client) = signed_in().await;
    let ringing = begin(&client, Message::text(to, "x"));
    until(|| invited(&sandbox) == 1).await;
    sandbox.add_fault(Fault::on(Route::StartMessaging, page(404)));
    client.send(hello()).await.unwrap();
    assert_eq!(sandbox.open_applications(), 2);
    // Its DELETE is the slower one of the two.
    let slow = Action::Delay { time: Duration::from_millis(500) };
    sandbox.add_fault(Fault::on(Route::DeleteApplication, slow).skip(1));
    (sandbox, client, ringing)
}

#[tokio::test]
async fn a_session_that_was_given_up_is_closed_after_what_is_under_way_in_it() {
    let (sandbox, client, ringing) = given_up("slow@contoso.com").await;
    ends(client.sign_out()).await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
    ringing.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_session_that_was_given_up_is_closed_with_what_was_cancelled_in_it() {
    for cancel_all in [false, true] {
        let (sandbox, client, ringing) = given_up("silent@contoso.com").await;
        // The invitation cannot be withdrawn: it is waited for in the background.
        sandbox.add_fault(Fault::on(Route::StopMessaging, Action::Delay { time: FOREVER }).times(0));
        if cancel_all {
            client.cancel_all();
        } else {
            ringing.abort();
        }
        let _ = ringing.await;
        ends(client.sign_out()).await.unwrap();
        assert_eq!(sandbox.open_applications(), 0, "cancel_all: {cancel_all}");
    }
}

#[tokio::test]
async fn a_session_that_was_given_up_is_closed_at_the_bound() {
    let (sandbox, client, ringing) = given_up("silent@contoso.com").await;
    ends(client.sign_out_within(Duration::from_millis(100))).await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
    assert_eq!(failure(ringing).await, (ErrorKind::Cancelled, Sent::Maybe));
}

#[tokio::test]
async fn a_client_that_could_not_sign_out_may_try_again() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::sign_in(account(&sandbox)).await.unwrap();
    sandbox.add_fault(Fault::on(Route::DeleteApplication, status(403)));
    client.sign_out().await.unwrap_err();
    assert_eq!(sandbox.open_applications(), 1);
    client.sign_out().await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
}

/// Whoever waits for a turn then is told, each in its own time and not one within the other.
#[test]
fn a_runtime_that_stops_ends_what_waits_for_its_turn() {
    let outside = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let sandbox = outside.block_on(Sandbox::start()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let client = runtime.block_on(Client::sign_in(account(&sandbox))).unwrap();
    let messages = (0..20_000).map(unanswered);
    let sending = outside.spawn(client.send_all(messages));
    outside.block_on(until(|| invited(&sandbox) == AT_ONCE));
    runtime.shutdown_background();
    let results = outside.block_on(ends(sending)).unwrap();
    for result in results {
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    }
}

/// The token service of a pool that has revoked every token refuses for longer than closing in the foreground may take.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_closed_in_the_background_once_the_pool_gives_tokens_again() {
    for signs_out in [true, false] {
        let (sandbox, client) = signed_in().await;
        sandbox.add_fault(Fault::on(Route::Token, status(403)).times(0));
        sandbox.revoke_tokens();
        if signs_out {
            client.sign_out().await.unwrap_err();
        }
        drop(client);
        let refused = |e: &Exchange| e.path.ends_with("/oauthtoken") && e.status == Some(403);
        until(|| sandbox.journal().iter().any(refused)).await;
        // The client asks for no token for 5 s after a refusal; giving up sooner would leave the session open.
        sandbox.clear_faults();
        ends(until(|| sandbox.open_applications() == 0)).await;
    }
}

/// As in `select!` with a signal: the program keeps the future and does not poll it again.
#[tokio::test]
async fn a_send_that_nobody_polls_any_more_holds_up_no_bound() {
    let (sandbox, client) = signed_in().await;
    let never_polled = client.send(hello());
    let mut polled = Box::pin(client.send(unanswered(0).timeout(FOREVER)));
    tokio::select! {
        _ = &mut polled => unreachable!("it rings"),
        () = until(|| invited(&sandbox) == 1) => {}
    }
    ends(client.sign_out_within(Duration::from_millis(100))).await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
    assert_eq!(ends(polled).await.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(ends(never_polled).await.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[tokio::test]
async fn a_send_that_was_answered_and_is_not_polled_holds_up_no_sign_out() {
    let (sandbox, client) = signed_in().await;
    sandbox.recipient(LENE, Behaviour::AcceptAfter(Duration::from_millis(300)));
    let mut send = Box::pin(client.send(hello()));
    tokio::select! {
        _ = &mut send => unreachable!("it rings"),
        () = until(|| invited(&sandbox) == 1) => {}
    }
    ends(client.sign_out()).await.unwrap();
    ends(send).await.unwrap();
    assert_eq!((sandbox.messages().len(), sandbox.open_applications()), (1, 0));
}

/// Whoever ends the process waits for these tasks: none may be missing while the session is still to be closed.
#[tokio::test]
async fn what_is_left_of_a_send_that_was_cut_off_counts_as_work_in_the_background() {
    let (sandbox, background) = (Sandbox::start().await.unwrap(), TaskTracker::new());
    let account = account(&sandbox).background(background.clone());
    let mut sending = Box::pin(send_im::send(&account, unanswered(0)));
    tokio::select! {
        _ = &mut sending => unreachable!("it rings"),
        () = until(|| invited(&sandbox) == 1) => {}
    }
    drop(sending);
    assert!(!background.is_empty());
    background.close();
    ends(background.wait()).await;
    assert_eq!(sandbox.open_applications(), 0);
}
