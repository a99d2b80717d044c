//! Whoever started the service and waits to hear how it is: systemd, or the service control manager of Windows.

/// What it is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    /// Requests are taken.
    Listening,
    /// It was asked to stop, and lets what is under way end.
    Stopping,
}

/// Tells systemd, where it asked to be told: the protocol of `sd_notify(3)`.
pub(crate) fn notify_systemd(state: State) {
    #[cfg(target_os = "linux")]
    if let Some(socket) = std::env::var_os("NOTIFY_SOCKET")
        && let Err(error) = notify(&socket, state)
    {
        tracing::warn!(%error, ?state, "systemd cannot be told how the service is");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = state;
}

#[cfg(target_os = "linux")]
fn notify(socket: &std::ffi::OsStr, state: State) -> std::io::Result<()> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    let message = match state {
        State::Listening => "READY=1",
        State::Stopping => "STOPPING=1",
    };
    UnixDatagram::unbound()?.send_to_addr(message.as_bytes(), &address).map(drop)
}
