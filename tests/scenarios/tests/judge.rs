//! The judge finds a driver that lies, one that ends and one that hangs.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::process::{Command, Output};

const RUST: &str = env!("CARGO_BIN_EXE_rust-driver");

/// Runs the cases with this part of a name; the driver is a line of shell.
fn judged(name: &str, driver: &str) -> (Output, String) {
    judged_with("--watchdog=120", name, driver)
}

fn judged_with(option: &str, name: &str, driver: &str) -> (Output, String) {
    let mut judge = Command::new(env!("CARGO_BIN_EXE_scenarios"));
    let output = judge.args([option, name, "--", "sh", "-c", driver]).output().unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output, said)
}

#[test]
fn a_case_passes_by_a_part_of_its_name() {
    let (output, said) = judged("busy@", RUST);
    assert!(output.status.success() && said.contains("test result: ok. 1 passed; 0 failed"), "{said}");
}

#[test]
fn a_driver_that_lies_fails_its_case() {
    for (lie, difference) in [
        ("s/\"sent\":\"no\"/\"sent\":\"maybe\"/", "sent is \"maybe\", not \"no\""),
        ("s/\"exit_code\":4/\"exit_code\":5/", "exit_code is 5, not 4"),
        ("s/\"diagnostics\":null/\"diagnostics\":\"s3cret-of-tosh\"/", "shows the password"),
        ("s/.*/[]/", "0 results for 1 messages"),
    ] {
        let (output, said) = judged("busy@", &format!("{RUST} | sed -u '{lie}'"));
        assert!(!output.status.success() && said.contains(difference), "{lie}: {said}");
    }
}

#[test]
fn a_driver_that_ends_fails_its_case_alone() {
    let (output, said) = judged("@ answers", "read line; echo no library >&2; exit 3");
    assert!(!output.status.success() && said.contains("test result: FAILED. 0 passed; 2 failed"), "{said}");
    assert_eq!(said.matches("the driver ended with exit status: 3\nno library").count(), 2, "{said}");
}

#[test]
fn a_driver_that_hangs_fails_its_case() {
    let (output, said) = judged_with("--watchdog=1", "busy@", "read line; echo asleep >&2; exec sleep 600");
    assert!(!output.status.success() && said.contains("the driver hangs\nasleep"), "{said}");
}

#[test]
fn a_driver_must_end_well() {
    let (output, said) = judged("busy@", &format!("{RUST}; echo leaked >&2; exit 23"));
    assert!(!output.status.success() && said.contains("1 passed; 0 failed"), "{said}");
    assert!(said.contains("the driver ended with exit status: 23\nleaked"), "{said}");
}

#[test]
fn a_driver_knows_no_account_of_the_person_who_runs_it() {
    let profile = tempfile::tempdir().unwrap();
    let mut judge = Command::new(env!("CARGO_BIN_EXE_scenarios"));
    judge.env("SEND_IM_PASSWORD", "of-somebody").env("XDG_CONFIG_HOME", profile.path());
    let look = format!("test -z \"$SEND_IM_PASSWORD\" && test ! -e \"$XDG_CONFIG_HOME\" && exec {RUST}");
    assert!(judge.args(["busy@", "--", "sh", "-c", &look]).output().unwrap().status.success());
}
