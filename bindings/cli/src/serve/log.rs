//! Where the log of the service goes.

use std::io;
use std::path::Path;

use send_im::{Error, Result};
use tracing::Level;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// A fortnight: older files are deleted.
const FILES: usize = 14;

/// From now on events are written, to standard error or to files in this folder, a file a day.
///
/// # Errors
/// `invalid_input` where no file can be written there.
pub(super) fn start(folder: Option<&Path>, verbose: bool) -> Result<()> {
    let Some(folder) = folder else {
        write_to(io::stderr, verbose);
        return Ok(());
    };
    let cannot = |why: &dyn std::fmt::Display| {
        let folder = folder.display();
        Error::invalid_input(format!("The log cannot be written to the folder {folder}: {why}."))
    };
    std::fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    let files = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("send-im")
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(folder)
        .map_err(|error| cannot(&error))?;
    write_to(files, verbose);
    Ok(())
}

/// Our own events alone: what other crates log of a request is not ours to vouch for.
fn write_to(writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static, verbose: bool) {
    let level = if verbose { Level::DEBUG } else { Level::INFO };
    let ours = Targets::new().with_target("send_im", level).with_target("send_im_http", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    tracing_subscriber::registry().with(lines).with(ours).init();
}
