//! Tokens that run out.

use std::time::Duration;

use send_im::{Client, ErrorKind, Message, Sent, Step};
use send_im_sandbox::{Action, Fault, Route, Sandbox};

use crate::clock::{self, drive, pass, settle, until};
use crate::common::{LENE, account, coded, status};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn tokens(sandbox: &Sandbox) -> usize {
    sandbox.journal().iter().filter(|e| e.path.ends_with("oauthtoken")).count()
}

fn text(text: &str) -> Message {
    Message::text(LENE, text).timeout(10 * SECOND)
}

/// A client whose token is to be renewed in a minute, and expires five minutes after that.
async fn about_to_renew() -> (Sandbox, Client) {
    let sandbox = Sandbox::start().await.unwrap();
    let client = drive(Client::sign_in(account(&sandbox))).await.unwrap();
    let reached = async || drive(until(|| sandbox.pending_gets() == 1)).await;
    pass(8 * HOUR - 6 * MINUTE, MINUTE, reached).await;
    sandbox.clear_journal();
    (sandbox, client)
}

#[tokio::test(start_paused = true)]
async fn a_token_service_that_hangs_holds_up_no_message_while_the_old_token_is_good() {
    let _held = clock::hold();
    let (sandbox, client) = about_to_renew().await;
    sandbox.add_fault(Fault::on(Route::Token, Action::Delay { time: HOUR }).times(0));
    pass(2 * MINUTE, SECOND, async || ()).await;
    for n in 0..5 {
        drive(client.send(text(&n.to_string()))).await.unwrap_or_else(|error| panic!("{n}: {error:?}"));
    }
    let texts: Vec<_> = sandbox.messages().into_iter().map(|m| m.text).collect();
    assert_eq!(texts, ["0", "1", "2", "3", "4"]);
    assert!(tokens(&sandbox) < 12, "{} requests for a token", tokens(&sandbox));
}

#[tokio::test(start_paused = true)]
async fn a_token_service_that_fails_for_an_hour_is_not_hammered_and_then_used_again() {
    let _held = clock::hold();
    let (sandbox, client) = about_to_renew().await;
    sandbox.add_fault(Fault::on(Route::Token, status(503)).times(0));
    pass(3 * MINUTE, SECOND, async || ()).await;
    drive(client.send(text("with the old token"))).await.unwrap();
    pass(57 * MINUTE, SECOND, async || ()).await;
    assert!(tokens(&sandbox) < 1000, "{} requests for a token", tokens(&sandbox));
    let error = drive(client.send(text("lost"))).await.unwrap_err();
    // Depending on who asked last when the message's time was over.
    assert!(matches!(error.kind(), ErrorKind::ServiceError | ErrorKind::Timeout), "{error:?}");
    assert_eq!((error.step(), error.sent()), (Some(Step::SignIn), Sent::No), "{error:?}");
    sandbox.clear_faults();
    pass(MINUTE, SECOND, async || ()).await;
    sandbox.clear_journal();
    drive(client.send(text("with a new one"))).await.unwrap();
    let texts: Vec<_> = sandbox.messages().into_iter().map(|m| m.text).collect();
    assert_eq!(texts, ["with the old token", "with a new one"]);
    assert_eq!(tokens(&sandbox), 0, "the event channel has fetched it");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_still_works_is_used_while_its_renewal_is_refused() {
    let _held = clock::hold();
    let (sandbox, client) = about_to_renew().await;
    sandbox.add_fault(Fault::on(Route::Token, coded(400, "BadRequest", "None")).times(0));
    pass(3 * MINUTE, SECOND, async || ()).await;
    assert!(tokens(&sandbox) > 0, "nobody tried to renew it");
    drive(client.send(text("with the old token"))).await.unwrap();
}

/// As on a machine that slept: the clock goes on at once, past the end of the pending GET and of the token.
#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_costs_one_token() {
    let _held = clock::hold();
    let (sandbox, client) = about_to_renew().await;
    drive(client.send(text("before"))).await.unwrap();
    tokio::time::advance(20 * HOUR).await;
    drive(client.send(text("after"))).await.unwrap();
    settle().await;
    let texts: Vec<_> = sandbox.messages().into_iter().map(|m| m.text).collect();
    assert_eq!(texts, ["before", "after"]);
    assert_eq!(tokens(&sandbox), 1);
    drive(client.sign_out()).await.unwrap();
    assert_eq!(sandbox.open_applications(), 0);
}
