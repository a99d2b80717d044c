//! The first lines of the README do what they say.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::path::Path;
use std::process::Command;

use common::Finished;

mod common;

#[test]
fn the_first_lines_work() {
    let readme = include_str!("../README.md");
    let lines = readme.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = Path::new(env!("CARGO_BIN_EXE_send-im")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let home = tempfile::TempDir::new().unwrap();
    let output = Command::new("sh")
        .args(["-e", "-c", lines])
        .env("PATH", path)
        .env("HOME", home.path())
        .output()
        .unwrap();
    let done = Finished::from(output);
    assert_eq!(done.code, Some(0), "{done}");
    let accepted = "lenea@contoso.com accepted the message.\n";
    assert_eq!(done.stdout, format!("{accepted}{accepted}not delivered, exit code 4\n"), "{done}");
}
