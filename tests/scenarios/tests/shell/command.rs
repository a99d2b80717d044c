//! The `send-im` command as a process.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use libtest_mimic::Failed;
use send_im_scenarios::{Case, Message};

use crate::server::Server;

/// What a process left behind.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl fmt::Display for Finished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {:?}\nstdout: {}\nstderr: {}", self.code, self.stdout, self.stderr)
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// The command to test: `SEND_IM_BIN`, otherwise the workspace's own, brought up to date.
pub(crate) fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("SEND_IM_BIN") {
        return path.into();
    }
    let profile = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", "send-im-cli"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success(), "the command does not build");
    profile.join(format!("send-im{}", std::env::consts::EXE_SUFFIX))
}

/// A process that knows nothing of the account of the person who runs the tests.
pub(crate) fn clean(binary: &Path, home: &Path) -> Command {
    let mut command = Command::new(binary);
    for name in ["ADDRESS", "USERNAME", "PASSWORD", "SERVER", "CA_FILE"] {
        command.env_remove(format!("SEND_IM_{name}"));
    }
    command.env("HOME", home).env("XDG_CONFIG_HOME", home.join("config"));
    command
}

/// Sends the messages of a case, each in a process of its own, all at once.
pub(crate) fn send(
    binary: &Path,
    case: &Case,
    server: &Server,
    options: &[&str],
) -> Result<Vec<Finished>, Failed> {
    let mut processes = Vec::new();
    for n in 1..=case.processes {
        let message = case.message.number(n);
        let mut command = clean(binary, server.home());
        arguments(&mut command, case, &message, server);
        let on_stdin = message.text.contains('\0');
        command.args(options).arg("--").arg(if on_stdin { "-" } else { &message.text });
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut stdin = process.stdin.take().ok_or("no standard input")?;
        if on_stdin {
            stdin.write_all(message.text.as_bytes())?;
        }
        drop(stdin);
        processes.push(process);
    }
    processes.into_iter().map(|process| Ok(process.wait_with_output()?.into())).collect()
}

fn arguments(command: &mut Command, case: &Case, message: &Message, server: &Server) {
    let account = &case.account;
    command.env("SEND_IM_PASSWORD", &account.password);
    command.args(["send", "--to", &message.to, "--address", &account.address]);
    command.args(["--server", &account.server_url(server.url())]);
    command.args(["--importance", &message.importance, "--wait", &message.wait]);
    command.args(["--timeout", &format!("{}ms", message.timeout_ms)]);
    if let Some(name) = &account.username {
        command.args(["--username", name]);
    }
    if let Some(subject) = &message.subject {
        command.args(["--subject", subject]);
    }
    if message.html {
        command.arg("--html");
    }
    if let (Some(file), "right") = (server.ca_file(), account.ca.as_str()) {
        command.arg("--ca-file").arg(file);
    }
}
