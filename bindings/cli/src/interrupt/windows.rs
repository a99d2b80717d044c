//! What a console is told on Windows, and what the service control manager tells a service.

use std::io;

use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown};
use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
use tokio::sync::mpsc::UnboundedReceiver;

/// Listens for what asks a program to end.
pub(crate) struct Interrupt(Source);

enum Source {
    Console(Box<Console>),
    Manager(UnboundedReceiver<()>),
}

/// After the last three Windows ends the process, some 5 s later, whatever it does.
struct Console {
    ctrl_c: CtrlC,
    ctrl_break: CtrlBreak,
    close: CtrlClose,
    shutdown: CtrlShutdown,
    logoff: Option<CtrlLogoff>,
}

impl Interrupt {
    /// From now on Ctrl-C, Ctrl-Break and the end of the console no longer end the process by themselves.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self(Source::Console(Box::new(Console {
            ctrl_c: ctrl_c()?,
            ctrl_break: ctrl_break()?,
            close: ctrl_close()?,
            shutdown: ctrl_shutdown()?,
            logoff: if ends_by_logoff() { Some(ctrl_logoff()?) } else { None },
        }))))
    }

    /// What a service is asked. It hears nothing of a console: what Windows does then is right for services.
    pub(crate) fn of_service(asked: UnboundedReceiver<()>) -> Self {
        Self(Source::Manager(asked))
    }

    /// Waits for the next of them. Can be dropped and asked again without losing one.
    pub(crate) async fn asked(&mut self) {
        let console = match &mut self.0 {
            Source::Console(console) => console,
            // The sender is never dropped.
            Source::Manager(asked) => return asked.recv().await.unwrap_or_default(),
        };
        tokio::select! {
            _ = console.ctrl_c.recv() => (),
            _ = console.ctrl_break.recv() => (),
            _ = console.close.recv() => (),
            _ = console.shutdown.recv() => (),
            Some(()) = logged_off(&mut console.logoff) => (),
        }
    }
}

async fn logged_off(logoff: &mut Option<CtrlLogoff>) -> Option<()> {
    match logoff {
        Some(logoff) => logoff.recv().await,
        None => std::future::pending().await,
    }
}

/// True in the session of a user. A program that a service or the task scheduler has started, where no user is, is told of every
/// user who logs off.
fn ends_by_logoff() -> bool {
    std::env::var_os("SESSIONNAME").is_some_and(|name| !name.is_empty() && name != "Services")
}
