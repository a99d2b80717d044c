//! What this process has used, and the usual figures of a list of times.

use std::time::Duration;

use serde_json::{Value, json};

/// The middle and the slow end of some times, in milliseconds.
pub fn summary(times: &mut [Duration]) -> Value {
    times.sort_unstable();
    let at = |percent: usize| {
        let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    json!({ "n": times.len(), "p50": at(50), "p99": at(99), "least": at(0) })
}

/// The resident memory of this process in bytes, now and at its highest. Zero where the system does not tell.
pub fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| {
        let kib = status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB"));
        kib.and_then(|kib| kib.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
    };
    (line("VmRSS:"), line("VmHWM:"))
}

/// The processor time of this process, user and system together. Zero where the system does not tell.
pub fn processor() -> Duration {
    // Clock ticks are hundredths of a second on every Linux there is.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
