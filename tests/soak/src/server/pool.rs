//! Faults of the pool itself: its own refusals, events out of the ordinary, sessions and conversations that it ends.

use std::sync::Arc;

use send_im_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::proxy::Proxy;
use crate::chance::Chance;

const ROUTES: [&str; 7] =
    ["discovery", "user", "token", "applications", "events", "start_messaging", "send_message"];
const ANSWERS: [&str; 9] = [
    r#"{"status": {"http": 401}}"#,
    r#"{"status": {"http": 403}}"#,
    r#"{"status": {"http": 404}}"#,
    r#"{"status": {"http": 409}}"#,
    r#"{"status": {"http": 429, "retry_after": 1}}"#,
    r#"{"status": {"http": 500}}"#,
    r#"{"status": {"http": 500, "diagnostics": "28032;reason=\"The web ticket is invalid.\""}}"#,
    r#"{"status": {"http": 503}}"#,
    r#""wrong_content_type""#,
];
const EVENTS: [&str; 5] = [
    r#""duplicate_events""#,
    r#"{"delay_events": {"ms": 300}}"#,
    r#""bare_events""#,
    r#""early_events""#,
    r#""skip_states""#,
];

/// Injects faults until it is aborted. None lasts longer than some seconds. Sessions are dropped only until `half`, so that
/// the end of the run shows those which clients have left open since.
pub(crate) async fn inject(sandbox: Arc<Sandbox>, proxy: Arc<Proxy>, half: Instant) {
    let mut chance = Chance::new(proxy.seed, "pool");
    loop {
        sleep(chance.millis(50..800)).await;
        match chance.below(100) {
            0..4 => match chance.below(6) {
                0 => sandbox.revoke_tokens(),
                1 if Instant::now() < half => {
                    sandbox.drop_applications();
                    proxy.record.lock().unwrap().sessions.clear();
                }
                2 => sandbox.force_resync(),
                3 => sandbox.force_resume(),
                4 => sandbox.end_conversations(),
                _ => sandbox.disconnect_messaging(),
            },
            4..9 => sandbox.clear_faults(),
            9..25 => {
                let (route, action) = (chance.pick(&ROUTES[5..]), chance.pick(&EVENTS));
                sandbox.add_fault(fault(route, action, &mut chance));
            }
            _ => {
                let (route, answer) = (chance.pick(&ROUTES), chance.pick(&ANSWERS));
                // The pool's own 403 ends a session's events for good: [events] in core/client/tests/matrix/expected.txt.
                if (route, answer) != ("events", ANSWERS[1]) {
                    sandbox.add_fault(fault(route, answer, &mut chance));
                }
            }
        }
    }
}

fn fault(route: &str, action: &str, chance: &mut Chance) -> Fault {
    let action: Value = serde_json::from_str(action).unwrap();
    let (times, skip) = (chance.below(4) + 1, chance.below(11));
    serde_json::from_value(json!({"route": route, "times": times, "skip": skip, "action": action})).unwrap()
}
