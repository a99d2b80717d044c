//! `send-im health`: asks a service whether it takes requests. A container has no other program that could.

use std::time::Duration;

use send_im::bindings::status_of;
use send_im::{Error, ErrorKind, Result, Sent};

use crate::args::HealthArgs;
use crate::interrupt::Interrupt;
use crate::output::{self, Style};

/// How long the service has to answer. It asks nobody before it does.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks, and gives the exit code.
pub(crate) async fn run(args: HealthArgs, mut interrupt: Interrupt) -> u8 {
    let healthy = tokio::select! {
        healthy = ask(&args) => healthy,
        () = interrupt.asked() => Err(Error::cancelled("Interrupted before the service had answered.", Sent::No)),
    };
    let Err(error) = healthy else { return 0 };
    output::error(Style::Plain, &error);
    error.kind().exit_code()
}

async fn ask(args: &HealthArgs) -> Result<()> {
    let url = format!("{}/healthz", args.url.trim_end_matches('/'));
    match status_of(&url, args.ca_file.as_deref(), args.connect, PATIENCE).await? {
        200 => Ok(()),
        status => {
            Err(Error::new(ErrorKind::ServiceError, format!("The service does not take requests: {status}.")))
        }
    }
}
