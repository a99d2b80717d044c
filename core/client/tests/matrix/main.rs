//! Every request of a send times every fault: the outcome is the one that `expected.txt` prescribes, and no message is doubled,
//! claimed or denied against the inbox.
//!
//! The whole matrix is shown on one screen; `MATRIX=print` prints it in the form of that file.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

#[path = "../common/mod.rs"]
mod common;

mod cell;
mod faults;
mod rows;
mod table;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::cell::Cell;
use self::faults::FAULTS;
use self::rows::ROWS;
use self::table::Expected;

/// How many sandboxes run at once. Most cells wait for a deadline or a delay.
const AT_ONCE: usize = 96;

/// How many of them are on the way to their fault at once. More would pass their deadlines before they get there.
const BUSY: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_on_every_request_has_the_outcome_prescribed() {
    let expected = Expected::read(include_str!("expected.txt"));
    let print = std::env::var("MATRIX").is_ok_and(|what| what == "print");
    let only = std::env::var("MATRIX_ROW").ok();
    let (permits, busy) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(Semaphore::new(BUSY)));
    let mut running = JoinSet::new();
    for (row, fault) in ROWS.iter().flat_map(|row| FAULTS.iter().map(move |fault| (row, *fault))) {
        if only.as_ref().is_some_and(|only| only != row.name) {
            continue;
        }
        for every in [false, true] {
            let Some(wanted) = expected.of(row.name, fault, every) else { continue };
            let (wanted, permits, busy) = (wanted.to_owned(), permits.clone(), busy.clone());
            running.spawn(async move {
                let _permit = permits.acquire_owned().await;
                let cell = Cell { row, fault, every };
                let seen = cell.settle(&wanted, &busy).await;
                ((row.name, fault, every), wanted, seen)
            });
        }
    }
    let (mut seen, mut wrong, mut differ) = (HashMap::new(), Vec::new(), HashSet::new());
    while let Some(cell) = running.join_next().await {
        let ((row, fault, every), wanted, found) = cell.unwrap();
        if found.outcome != wanted || !found.lies.is_empty() {
            differ.insert((row, fault, every));
            let often = if every { "every time" } else { "once" };
            wrong.push(format!(
                "[{row}] {fault}, {often}: expected “{wanted}”, found “{}” {} {}",
                found.outcome,
                found.lies.join(", "),
                found.detail
            ));
        }
        seen.insert((row, fault, every), found.outcome);
    }
    if print {
        table::print(&seen);
    } else {
        table::show(&seen, &differ);
    }
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {} cells differ:\n{}", wrong.len(), seen.len(), wrong.join("\n"));
}
