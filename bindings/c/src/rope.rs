//! Wakes a host that waits for a file descriptor.

use send_im::Result;

/// A socket pair. The host waits at one end; [`Rope::ring`] writes to the other.
#[cfg(unix)]
pub(crate) struct Rope {
    ours: std::os::unix::net::UnixStream,
    theirs: send_im_runtime::Mutex<Option<std::os::unix::net::UnixStream>>,
}

#[cfg(unix)]
impl Rope {
    /// # Errors
    /// `closed` where the operating system gives no more descriptors.
    pub(crate) fn new() -> Result<Self> {
        let refuse = |e| {
            let why = format!("send-im cannot make a socket: {e}.");
            send_im::Error::new(send_im::ErrorKind::Closed, why)
        };
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().map_err(refuse)?;
        // A thread of ours never waits for a host that does not read.
        ours.set_nonblocking(true).map_err(refuse)?;
        Ok(Rope { ours, theirs: send_im_runtime::Mutex::new(Some(theirs)) })
    }

    /// The end to wait at, once.
    pub(crate) fn descriptor(&self) -> Option<i32> {
        use std::os::fd::IntoRawFd;
        send_im_runtime::lock(&self.theirs).take().map(IntoRawFd::into_raw_fd)
    }

    /// False where the host has closed its end. On a thread of ours that raises no SIGPIPE.
    pub(crate) fn ring(&self) -> bool {
        use std::io::{ErrorKind, Write};
        match (&self.ours).write_all(&[1]) {
            Ok(()) => true,
            // A full socket is readable.
            Err(e) => e.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// No rope: a host on this system looks for mail from time to time.
#[cfg(not(unix))]
pub(crate) struct Rope;

#[cfg(not(unix))]
impl Rope {
    pub(crate) fn new() -> Result<Self> {
        Ok(Rope)
    }

    pub(crate) fn descriptor(&self) -> Option<i32> {
        None
    }

    pub(crate) fn ring(&self) -> bool {
        true
    }
}
