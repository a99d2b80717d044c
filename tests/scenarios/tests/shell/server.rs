//! `send-im sandbox` as a process, looked into through its HTTP API.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::thread::JoinHandle;
use std::time::Duration;

use libtest_mimic::Failed;
use send_im_scenarios::{Case, Observed};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::command;

/// How long delivered messages and sign-outs may take to become visible.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running sandbox. Dropping it ends the process.
pub(crate) struct Server {
    process: Child,
    lines: Option<JoinHandle<std::io::Result<String>>>,
    url: String,
    ca_file: Option<PathBuf>,
    home: TempDir,
    http: reqwest::Client,
    runtime: Runtime,
}

impl Server {
    /// Starts the sandbox of a case and sets its faults.
    pub(crate) fn start(binary: &Path, case: &Case) -> Result<Self, Failed> {
        let home = TempDir::new()?;
        let mut command = command::clean(binary, home.path());
        command.args(["sandbox", "--layout", &case.sandbox.layout]);
        command.args(["--ring", &format!("{}ms", case.sandbox.ring_ms)]);
        let ca_file = case.sandbox.https.then(|| home.path().join("ca.pem"));
        if let Some(file) = &ca_file {
            command.arg("--https").arg("--ca-out").arg(file);
        }
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut output = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        let mut url = String::new();
        output.read_line(&mut url)?;
        let url = url.trim_end().to_owned();
        let lines = std::thread::spawn(move || {
            let mut rest = String::new();
            output.read_to_string(&mut rest).map(|_| rest)
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let http = http(ca_file.as_deref())?;
        let server = Self { process, lines: Some(lines), url, ca_file, home, http, runtime };
        for fault in &case.sandbox.faults {
            let post = server.http.post(server.api("faults")).header("Content-Type", "application/json");
            server.fetch(post.body(fault.to_string()))?;
        }
        Ok(server)
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// An empty folder that stands for the home of the person who sends.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// What the sandbox saw, once it has seen all that the case expects.
    pub(crate) fn observe(&self, case: &Case) -> Result<Observed, Failed> {
        let wanted = case.expect.inbox.as_ref().map_or(0, |inbox| inbox.len() * case.processes);
        let wait = format!("messages/wait?count={wanted}&timeout_ms={}", PATIENCE.as_millis());
        // Too few messages are the verdict's to report.
        let _ = self.get(&wait);
        let mut open_applications = usize::MAX;
        for _ in 0..PATIENCE.as_millis() / 50 {
            open_applications =
                self.get("state")?["open_applications"].as_u64().ok_or("no open_applications")? as usize;
            if open_applications == 0 {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let array = |value: Value| match value {
            Value::Array(values) => Ok(values),
            other => Err(Failed::from(format!("not an array: {other}"))),
        };
        Ok(Observed {
            results: Vec::new(),
            messages: array(self.get("messages")?)?,
            journal: array(self.get("journal")?)?,
            open_applications,
        })
    }

    /// Ends the sandbox as a person would, and checks what it printed.
    pub(crate) fn stop(mut self) -> Result<(), Failed> {
        let delivered = self.get("messages")?.as_array().map_or(0, Vec::len);
        if cfg!(unix) {
            Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status()?;
            let status = self.process.wait()?;
            if status.code() != Some(0) {
                return Err(format!("send-im sandbox ended with {status}").into());
            }
        } else {
            self.process.kill()?;
        }
        let lines = self.lines.take().ok_or("no output")?.join().map_err(|_| "the reader panicked")??;
        match lines.lines().count() {
            count if count == delivered => Ok(()),
            count => {
                Err(format!("send-im sandbox printed {count} lines for {delivered} messages:\n{lines}")
                    .into())
            }
        }
    }

    fn api(&self, path: &str) -> String {
        format!("{}sandbox/api/{path}", self.url)
    }

    fn get(&self, path: &str) -> Result<Value, Failed> {
        Ok(serde_json::from_str(&self.fetch(self.http.get(self.api(path)))?)?)
    }

    fn fetch(&self, request: reqwest::RequestBuilder) -> Result<String, Failed> {
        self.runtime.block_on(async { Ok(request.send().await?.error_for_status()?.text().await?) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` there is nothing left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn http(ca_file: Option<&Path>) -> Result<reqwest::Client, Failed> {
    static PROVIDER: Once = Once::new();
    // An error says that another test was first.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let mut http = reqwest::Client::builder().no_proxy();
    if let Some(file) = ca_file {
        http = http.tls_certs_only([reqwest::Certificate::from_pem(&std::fs::read(file)?)?]);
    }
    Ok(http.build()?)
}
