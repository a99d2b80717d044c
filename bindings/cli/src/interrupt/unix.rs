//! Ctrl-C, SIGTERM and the end of the terminal.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for the signals that ask a program to end.
pub(crate) struct Interrupt {
    interrupt: Signal,
    terminate: Signal,
    /// `None` where it stays as it was: under `nohup` it ends nothing.
    hangup: Option<Signal>,
}

impl Interrupt {
    /// From now on the signals no longer end the process by themselves.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if ends_by_hangup() { Some(signal(SignalKind::hangup())?) } else { None },
        })
    }

    /// Waits for the next signal. Can be dropped and asked again without losing one.
    pub(crate) async fn asked(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
            Some(_) = hung_up(&mut self.hangup) => (),
        }
    }
}

async fn hung_up(hangup: &mut Option<Signal>) -> Option<()> {
    match hangup {
        Some(hangup) => hangup.recv().await,
        None => std::future::pending().await,
    }
}

/// True where SIGHUP ends this process, and so may be listened for. Linux tells what is ignored; elsewhere it cannot be asked
/// without unsafe code, and the signal is left as it is.
fn ends_by_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // A bit a signal; SIGHUP is the first.
    ignored.is_some_and(|mask| mask.trim().ends_with(['0', '2', '4', '6', '8', 'a', 'c', 'e']))
}
