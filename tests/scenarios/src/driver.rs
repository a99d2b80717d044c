//! The process of a driver.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use send_im_scenarios::{Answer, Task};

/// A running driver. Dropping it ends the process.
pub(crate) struct Driver {
    process: Child,
    input: Option<ChildStdin>,
    output: Receiver<String>,
    stderr: File,
    watchdog: Duration,
}

impl Driver {
    /// Starts a driver that counts as hanging when it says nothing for so long.
    pub(crate) fn start(command: &[String], watchdog: Duration) -> Result<Self, String> {
        // A file and no pipe: a child of the driver would hold a pipe open.
        let started = tempfile::tempfile().and_then(|stderr| {
            let process = program(command).stderr(stderr.try_clone()?).spawn()?;
            Ok((process, stderr))
        });
        let (mut process, stderr) = started.map_err(|e| format!("{} does not start: {e}", command[0]))?;
        let (input, stdout) = (process.stdin.take(), process.stdout.take());
        let (sender, output) = channel();
        std::thread::spawn(move || {
            for line in stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
                // Nobody listens any more when the driver is to end.
                let Ok(Ok(())) = line.map(|line| sender.send(line)) else { break };
            }
        });
        Ok(Self { process, input, output, stderr, watchdog })
    }

    /// Has a task done.
    pub(crate) fn ask(&mut self, task: &Task) -> Result<Vec<Answer>, String> {
        let line = serde_json::to_string(task).map_err(|e| e.to_string())? + "\n";
        let written =
            self.input.as_mut().map(|input| input.write_all(line.as_bytes()).and_then(|()| input.flush()));
        match (written, self.output.recv_timeout(self.watchdog)) {
            (Some(Ok(())), Ok(line)) => {
                serde_json::from_str(&line).map_err(|e| self.trouble(&format!("answers {line:?}: {e}")))
            }
            (_, Err(RecvTimeoutError::Timeout)) => Err(self.trouble("hangs")),
            _ => {
                let ended = self.wait().map_or("hangs".to_owned(), |status| format!("ended with {status}"));
                Err(self.trouble(&ended))
            }
        }
    }

    /// Ends it as the end of its input asks it to.
    pub(crate) fn end(mut self) -> Result<(), String> {
        self.input = None;
        match self.wait() {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(self.trouble(&format!("ended with {status}"))),
            None => Err(self.trouble("does not end")),
        }
    }

    fn wait(&mut self) -> Option<ExitStatus> {
        let begin = Instant::now();
        while begin.elapsed() < self.watchdog {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// The sentence, and what the driver wrote to standard error.
    fn trouble(&mut self, what: &str) -> String {
        let mut said = Vec::new();
        // Without it the sentence has to do.
        let _ = self.stderr.rewind().and_then(|()| self.stderr.read_to_end(&mut said));
        format!("the driver {what}\n{}", String::from_utf8_lossy(&said))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Where it has ended there is nothing left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A command that knows nothing of the account of whoever runs the judge.
fn program(command: &[String]) -> Command {
    let mut program = Command::new(&command[0]);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SEND_IM_")) {
        program.env_remove(name);
    }
    program.env("XDG_CONFIG_HOME", std::env::temp_dir().join("send-im-no-profile"));
    program.args(&command[1..]).stdin(Stdio::piped()).stdout(Stdio::piped());
    program
}
