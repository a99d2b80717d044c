//! Simulated time over real sockets.
//!
//! Client and sandbox run on one thread and one stopped clock. Tokio would move that clock as soon as no task can run,
//! though bytes may be on their way; a blocking task that waits keeps it from that. So time passes only here, and only
//! after everything had many turns: loopback delivers at once, so what is under way needs turns and no time.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, advance};

/// A request and its answer take about ten turns of all tasks.
const TURNS: usize = 64;

/// The clock stands still while this lives, but for the functions below.
pub(crate) struct Held {
    _end: mpsc::Sender<()>,
}

/// Call it first, on a runtime that was started with its clock paused.
pub(crate) fn hold() -> Held {
    let (end, ended) = mpsc::channel::<()>();
    tokio::task::spawn_blocking(move || ended.recv());
    Held { _end: end }
}

/// Lets everything happen that takes no time.
pub(crate) async fn settle() {
    for _ in 0..TURNS {
        yield_now().await;
    }
}

/// Runs `work` to its end. The clock goes on in small steps, larger ones after a while.
pub(crate) async fn drive<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let begun = Instant::now();
    loop {
        for _ in 0..TURNS {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = yield_now() => {}
            }
        }
        let small = begun.elapsed() < Duration::from_millis(100);
        advance(Duration::from_millis(if small { 1 } else { 20 })).await;
    }
}

/// Lets `time` pass in steps of `step`; `rest` runs after each.
pub(crate) async fn pass(time: Duration, step: Duration, mut rest: impl AsyncFnMut()) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        advance(step.min(end - Instant::now())).await;
        settle().await;
        rest().await;
    }
}

/// Waits for something that only other tasks can bring about. To be driven.
pub(crate) async fn until(mut reached: impl FnMut() -> bool) {
    while !reached() {
        yield_now().await;
    }
}
