//! Gateways that answer in the server's place: whatever they say, nothing is sent twice and nothing is claimed.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::*;
use send_im::{ErrorKind, Sent};
use send_im_sandbox::{Action, GatewayBody, Route};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const STATUSES: [u16; 21] =
    [302, 307, 400, 401, 403, 404, 405, 407, 408, 409, 410, 413, 421, 425, 429, 499, 500, 502, 503, 504, 520];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_status_and_no_body_of_a_gateway_tells_what_became_of_a_message() {
    let (permits, mut running) = (Arc::new(Semaphore::new(128)), JoinSet::new());
    for route in [Route::StartMessaging, Route::SendMessage] {
        for (http, body) in STATUSES.iter().flat_map(|http| GatewayBody::ALL.map(|body| (*http, body))) {
            for processed in [true, false] {
                let permits = permits.clone();
                running.spawn(async move {
                    let _permit = permits.acquire_owned().await;
                    let message = if route == Route::SendMessage { long() } else { hello() };
                    // What did not arrive is looked for until then.
                    let message = if processed { message } else { message.timeout(Duration::from_secs(15)) };
                    let answer = Action::GatewayError { http, body, processed };
                    let (result, arrived) = send_with(route, answer, message).await;
                    let what = format!("{route:?} {http} {body:?}, processed: {processed}");
                    if processed {
                        assert!(result.is_ok(), "{what}: {result:?}");
                        assert_eq!(arrived, 1, "{what}");
                        return;
                    }
                    let error = result.unwrap_err();
                    let told = (error.kind(), error.sent());
                    assert_eq!(told, (ErrorKind::OutcomeUnknown, Sent::Maybe), "{what}: {error:?}");
                    assert_eq!(arrived, 0, "{what}");
                });
            }
        }
    }
    while let Some(case) = running.join_next().await {
        case.unwrap();
    }
}
