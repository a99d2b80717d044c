//! The home pool goes away while a client is signed in.

use std::net::SocketAddr;
use std::time::Duration;

use send_im::{Client, ErrorKind, Evidence, Message, Receipt, Sent};
use send_im_sandbox::{Action, Fault, Layout, Route, Sandbox};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::clock::{self, drive, pass, settle, until};
use crate::common::{LENE, account, coded, status};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A client at the second of two pools, with an open conversation.
async fn at_home() -> (Sandbox, Client) {
    let sandbox = Sandbox::builder().layout(Layout::TwoPools).start().await.unwrap();
    let client = drive(Client::sign_in(account(&sandbox))).await.unwrap();
    drive(client.send(text("first"))).await.unwrap();
    drive(until(|| sandbox.pending_gets() == 1)).await;
    sandbox.clear_journal();
    (sandbox, client)
}

fn text(text: &str) -> Message {
    Message::text(LENE, text)
}

fn arrived(sandbox: &Sandbox) -> Vec<String> {
    sandbox.messages().into_iter().map(|m| m.text).collect()
}

/// An origin goes away, and the client has seen its connections end.
async fn lose(sandbox: &Sandbox, pool: usize, time: Duration) {
    drive(sandbox.refuse_connections(pool, time)).await;
    settle().await;
}

/// Connections to this address are neither accepted nor refused while these sockets live: the queue of the listener is full.
async fn swallow_connections(to: SocketAddr) -> (TcpListener, Vec<TcpStream>) {
    let socket = TcpSocket::new_v4().unwrap();
    #[cfg(unix)]
    socket.set_reuseport(true).unwrap();
    #[cfg(not(unix))]
    socket.set_reuseaddr(true).unwrap();
    socket.bind(to).unwrap();
    let listener = socket.listen(1).unwrap();
    let mut queued = Vec::new();
    while let Ok(connected) = tokio::time::timeout(SECOND, drive(TcpStream::connect(to))).await {
        queued.push(connected.unwrap());
    }
    (listener, queued)
}

/// How many requests of this method went to a path with this end.
fn asked(sandbox: &Sandbox, method: &str, end: &str) -> usize {
    sandbox.journal().iter().filter(|e| e.method == method && e.path.ends_with(end)).count()
}

/// Runs a send, whose server does not answer it, until the condition holds.
async fn hangs_until(
    send: &mut (impl Future<Output = send_im::Result<Receipt>> + Unpin),
    condition: impl FnMut() -> bool,
) {
    drive(async {
        tokio::select! {
            result = send => panic!("the server does not answer: {result:?}"),
            () = until(condition) => {}
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn many_sends_follow_the_account_to_one_new_session() {
    let _held = clock::hold();
    let (sandbox, client) = at_home().await;
    lose(&sandbox, 1, DAY).await;
    sandbox.move_home(0);
    let messages = (0..40).map(|n| Message::text(format!("user{}@contoso.com", n % 20), format!("{n}")));
    let receipts = drive(client.send_all(messages)).await;
    let lost: Vec<_> = receipts.iter().filter_map(|receipt| receipt.as_ref().err()).collect();
    assert!(lost.is_empty(), "{lost:?}");
    settle().await;
    for user in 0..20 {
        let texts: Vec<_> =
            sandbox.inbox(&format!("user{user}@contoso.com")).into_iter().map(|m| m.text).collect();
        assert_eq!(texts, [user.to_string(), (user + 20).to_string()]);
    }
    assert_eq!(asked(&sandbox, "POST", "/applications"), 1);
    assert_eq!(asked(&sandbox, "GET", "/"), 1, "one discovery serves all");
}

#[tokio::test(start_paused = true)]
async fn texts_that_ride_in_no_invitation_follow_too() {
    let _held = clock::hold();
    let (sandbox, client) = at_home().await;
    lose(&sandbox, 1, DAY).await;
    sandbox.move_home(0);
    let long = "x".repeat(900);
    drive(client.send(Message::text("johndoe@contoso.com", long.clone()))).await.unwrap();
    drive(client.send(Message::html(LENE, "<b>y</b>"))).await.unwrap();
    assert_eq!(arrived(&sandbox)[..2], ["first".to_owned(), long]);
    assert_eq!(sandbox.messages().len(), 3);
    assert_eq!(asked(&sandbox, "POST", "/applications"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_only_out_of_reach_keeps_its_session() {
    let _held = clock::hold();
    let (sandbox, client) = at_home().await;
    lose(&sandbox, 1, 60 * SECOND).await;
    for _ in 0..3 {
        let error = drive(client.send(text("lost"))).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Network, Sent::No), "{error:?}");
        assert!(error.detail().contains("refuses the connection"), "{error:?}");
    }
    assert!(asked(&sandbox, "GET", "/") <= 2 * 3, "discovery is not hammered");
    pass(75 * SECOND, SECOND, async || ()).await;
    drive(client.send(text("second"))).await.unwrap();
    assert_eq!(arrived(&sandbox), ["first", "second"]);
    assert_eq!(asked(&sandbox, "POST", "/applications"), 0);
    assert_eq!(sandbox.open_applications(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_session_outlives_a_network_that_is_gone_altogether() {
    let _held = clock::hold();
    let (sandbox, client) = at_home().await;
    lose(&sandbox, 1, 60 * SECOND).await;
    lose(&sandbox, 0, 60 * SECOND).await;
    let error = drive(client.send(text("lost"))).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Network, Sent::No), "{error:?}");
    pass(75 * SECOND, SECOND, async || ()).await;
    let receipt = drive(client.send(text("second"))).await.unwrap();
    assert_eq!(receipt.evidence, Evidence::MessageConfirmed, "into the conversation that was open");
    assert_eq!(arrived(&sandbox), ["first", "second"]);
    assert_eq!(asked(&sandbox, "POST", "/applications"), 0);
}

/// The machine of a pool is off: nobody refuses a connection, and nobody accepts one.
#[tokio::test(start_paused = true)]
async fn a_pool_that_swallows_connections_is_left_whatever_the_timeout_is() {
    for timeout in [5, 20, 60] {
        let _held = clock::hold();
        let (sandbox, client) = at_home().await;
        drive(client.send(text("second"))).await.unwrap();
        let home = sandbox.journal().into_iter().find(|request| request.pool == 1).unwrap().origin;
        lose(&sandbox, 1, DAY).await;
        let _swallows = swallow_connections(home.strip_prefix("http://").unwrap().parse().unwrap()).await;
        sandbox.move_home(0);
        let message = |text| Message::text(LENE, text).timeout(timeout * SECOND);
        let first = drive(client.send(message("third"))).await;
        if let Err(error) = &first {
            assert_eq!(error.sent(), Sent::No, "nothing has left: {error:?}");
        }
        drive(client.send(message("fourth"))).await.unwrap();
        let expected: &[_] = match first {
            Ok(_) => &["first", "second", "third", "fourth"],
            Err(_) => &["first", "second", "fourth"],
        };
        assert_eq!(arrived(&sandbox), expected, "timeout {timeout} s");
    }
}

/// A gateway in front of a pool that is down says 502. Whether the pool had the message nobody knows.
#[tokio::test(start_paused = true)]
async fn after_a_bad_gateway_the_next_message_looks_for_the_home() {
    for moved in [false, true] {
        let _held = clock::hold();
        let (sandbox, client) = at_home().await;
        sandbox.add_fault(Fault::on(Route::SendMessage, status(502)));
        if moved {
            sandbox.move_home(0);
        }
        let error = drive(client.send(text("lost"))).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::OutcomeUnknown, Sent::Maybe), "{error:?}");
        drive(client.send(text("second"))).await.unwrap();
        settle().await;
        assert_eq!(arrived(&sandbox), ["first", "second"]);
        assert_eq!(asked(&sandbox, "GET", "/"), 1);
        assert_eq!(asked(&sandbox, "POST", "/applications"), usize::from(moved));
        drive(client.sign_out()).await.unwrap();
    }
}

/// The account was moved; its old pool works, and knows nothing of it any more.
#[tokio::test(start_paused = true)]
async fn an_account_that_was_moved_is_found_at_its_new_pool() {
    let _held = clock::hold();
    let (sandbox, client) = at_home().await;
    sandbox.move_home(0);
    sandbox.drop_applications();
    drive(client.send(text("second"))).await.unwrap();
    drive(client.send(text("third"))).await.unwrap();
    settle().await;
    assert_eq!(arrived(&sandbox), ["first", "second", "third"]);
    assert_eq!(sandbox.open_applications(), 1);
    drive(client.sign_out()).await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
}

/// Discovery that does not answer holds up the one send that asks it, and no other.
#[tokio::test(start_paused = true)]
async fn sends_go_on_while_the_home_pool_is_in_doubt() {
    let _held = clock::hold();
    let (sandbox, client) = at_home().await;
    sandbox.add_fault(Fault::on(Route::SendMessage, status(502)));
    drive(client.send(text("lost"))).await.unwrap_err();
    sandbox.add_fault(Fault::on(Route::Discovery, Action::Delay { time: DAY }));
    let mut asks = Box::pin(client.send(text("second")));
    hangs_until(&mut asks, || asked(&sandbox, "GET", "/") == 1).await;
    let other = Message::text("johndoe@contoso.com", "beside it").timeout(SECOND);
    drive(client.send(other)).await.unwrap();
    drive(asks).await.unwrap();
    assert_eq!(asked(&sandbox, "POST", "/applications"), 0);
}

/// A pool that refuses one recipient with its own reason is the account's pool all the same.
#[tokio::test(start_paused = true)]
async fn a_refusal_with_a_reason_casts_no_doubt_on_the_pool() {
    let _held = clock::hold();
    let (sandbox, client) = at_home().await;
    sandbox.add_fault(Fault::on(Route::SendMessage, coded(403, "Forbidden", "None")));
    let error = drive(client.send(text("refused"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    drive(client.send(text("second"))).await.unwrap();
    assert_eq!(asked(&sandbox, "GET", "/"), 0);
}

/// A send whose time is up before discovery has ended does not speak for one that has more.
#[tokio::test(start_paused = true)]
async fn a_discovery_that_was_cut_off_counts_for_nobody_else() {
    let _held = clock::hold();
    let (sandbox, client) = at_home().await;
    lose(&sandbox, 1, DAY).await;
    sandbox.move_home(0);
    sandbox.add_fault(Fault::on(Route::Discovery, Action::Delay { time: DAY }));
    let mut short = Box::pin(client.send(Message::text("johndoe@contoso.com", "short").timeout(5 * SECOND)));
    hangs_until(&mut short, || asked(&sandbox, "GET", "/") == 1).await;
    let long = client.send(Message::text("user1@contoso.com", "long").timeout(60 * SECOND));
    let (short, long) = drive(async { tokio::join!(short, long) }).await;
    assert_eq!(short.unwrap_err().sent(), Sent::No);
    long.unwrap();
}

/// The server does not answer while a session is opened; a send with less time does not wait for one with more.
#[tokio::test(start_paused = true)]
async fn a_send_ends_with_its_timeout_while_another_opens_a_session() {
    let _held = clock::hold();
    let (sandbox, client) = at_home().await;
    sandbox.drop_applications();
    sandbox.add_fault(Fault::on(Route::Applications, Action::DropBefore).times(8));
    drive(client.send(Message::text("user1@contoso.com", "fails"))).await.unwrap_err();
    sandbox.add_fault(Fault::on(Route::Applications, Action::Delay { time: DAY }).times(0));
    let mut long = Box::pin(client.send(Message::text("user2@contoso.com", "long").timeout(DAY)));
    hangs_until(&mut long, || asked(&sandbox, "POST", "/applications") > 8).await;
    let short = client.send(Message::text("user3@contoso.com", "short").timeout(5 * SECOND));
    let short = drive(tokio::time::timeout(600 * SECOND, short)).await.expect("it ends");
    assert_eq!(short.unwrap_err().kind(), ErrorKind::Timeout);
}
