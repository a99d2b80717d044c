//! A sandbox in this process, and the command as a process of its own.
#![allow(dead_code, unreachable_pub, missing_docs, clippy::unwrap_used)] // each test file uses its part

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use send_im_sandbox::{Builder, Sandbox};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const PASSWORD: &str = "s3cret-of-tosh";
pub const TEXT: &str = "the text nobody else may see";

/// Rounds of 20 ms to wait for something; far more than it takes.
const ROUNDS: usize = 1000;

pub struct World {
    runtime: Runtime,
    pub sandbox: Sandbox,
    pub home: TempDir,
}

impl World {
    pub fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub fn with(change: impl FnOnce(Builder) -> Builder) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let sandbox = runtime.block_on(change(Sandbox::builder()).start()).unwrap();
        Self { runtime, sandbox, home: TempDir::new().unwrap() }
    }

    /// `send-im send` with an account of this sandbox in the environment.
    pub fn send(&self, arguments: &[&str]) -> Command {
        let mut command = clean(self.home.path());
        command
            .env("SEND_IM_SERVER", self.sandbox.url())
            .env("SEND_IM_ADDRESS", "tosh@contoso.com")
            .env("SEND_IM_PASSWORD", PASSWORD)
            .arg("send")
            .args(arguments);
        command
    }

    /// `send-im send` with nothing in the environment.
    pub fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = clean(self.home.path());
        command.arg("send").args(arguments);
        command
    }

    /// Waits until the sandbox has seen a request whose path ends so.
    pub fn wait_for_request(&self, method: &str, end_of_path: &str) {
        self.wait_until(&format!("{method} …{end_of_path}"), || {
            self.sandbox.journal().iter().any(|exchange| {
                let path = exchange.path.split('?').next().unwrap_or_default().to_ascii_lowercase();
                exchange.method == method && path.ends_with(end_of_path)
            })
        });
    }

    pub fn wait_until(&self, what: &str, condition: impl Fn() -> bool) {
        for _ in 0..ROUNDS {
            if condition() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it did not come to this: {what}; requests: {:?}", self.sandbox.journal());
    }

    pub fn texts(&self) -> Vec<String> {
        self.sandbox.messages().into_iter().map(|message| message.text).collect()
    }

    /// True when no session is left open; gives the server a moment to say so.
    pub fn expect_signed_out(&self) {
        self.wait_until("no open application", || self.sandbox.open_applications() == 0);
    }
}

/// The command, knowing nothing of the account of the person who runs the tests.
pub fn clean(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_send-im"));
    for name in ["ADDRESS", "USERNAME", "PASSWORD", "SERVER", "CA_FILE", "TLS"] {
        command.env_remove(format!("SEND_IM_{name}"));
    }
    command.env("HOME", home).env("XDG_CONFIG_HOME", home.join("config"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[derive(Debug)]
pub struct Finished {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {:?}\nstdout: {}\nstderr: {}", self.code, self.stdout, self.stderr)
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Finished {
    pub fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "one JSON object on one line: {self}");
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Panics when anything printed holds the password, a token or the text.
    pub fn expect_no_secret(&self) {
        for secret in [PASSWORD, TEXT, "cwt=", "Bearer"] {
            assert!(
                !self.stdout.contains(secret) && !self.stderr.contains(secret),
                "{secret} is shown: {self}"
            );
        }
    }
}

pub fn run(mut command: Command) -> Finished {
    command.output().unwrap().into()
}

pub fn run_with_input(mut command: Command, input: &[u8]) -> Finished {
    let mut process = command.stdin(Stdio::piped()).spawn().unwrap();
    // A command that refuses its arguments does not read; that is no failure of the test.
    let _ = process.stdin.take().unwrap().write_all(input);
    process.wait_with_output().unwrap().into()
}

/// Whoever runs these tests may ignore SIGHUP, and programs inherit that.
pub const AT_A_TERMINAL: [&str; 2] = ["env", "--default-signal=HUP"];
/// As `nohup` starts a program.
pub const UNDER_NOHUP: [&str; 2] = ["env", "--ignore-signal=HUP"];

/// The same command, started by another one that goes before it.
pub fn started_by(starter: &[&str], command: &Command) -> Command {
    let mut started = Command::new(starter[0]);
    started.args(&starter[1..]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => started.env(name, value),
            None => started.env_remove(name),
        };
    }
    started.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    started
}

pub fn signal(process: &Child, name: &str) {
    let status =
        Command::new("kill").args([&format!("-{name}"), &process.id().to_string()]).status().unwrap();
    assert!(status.success());
}

pub fn finish(process: Child) -> Finished {
    process.wait_with_output().unwrap().into()
}
