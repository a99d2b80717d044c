//! The way in of one origin: its port, whether connections are taken, and which are open.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::frames::Aside;
use crate::sync::Guarded;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Whether connections are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// To be shut until then; the listener may still be there.
    Closing(Instant),
    /// Nobody listens until then.
    Shut(Instant),
}

/// The way in of one origin.
#[derive(Debug)]
pub(crate) struct Door {
    state: watch::Sender<State>,
    /// So many connections get a certificate nobody trusts.
    distrusted: AtomicU32,
    lines: Guarded<Vec<Line>>,
    last_line: AtomicU64,
}

/// One connection, as far as it can be ended.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    number: u64,
    hang_up: CancellationToken,
    reset: Arc<AtomicBool>,
    /// What is said on it out of turn.
    said: Arc<Aside>,
}

impl Line {
    /// Closes the connection.
    pub(crate) fn hang_up(&self) {
        self.hang_up.cancel();
    }

    /// Breaks the connection off with a TCP reset.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Release);
        self.hang_up.cancel();
    }

    /// Says this out of turn, under the connection's TLS.
    pub(crate) fn say(&self, bytes: [u8; 17]) {
        self.said.say(bytes);
    }

    pub(crate) fn said(&self) -> Arc<Aside> {
        self.said.clone()
    }

    /// Returns once the connection is to end.
    pub(crate) async fn ended(&self) {
        self.hang_up.cancelled().await;
    }
}

/// A connection in the list of its door, for as long as it lives.
pub(crate) struct Listed<'a> {
    door: &'a Door,
    pub(crate) line: Line,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.door.lines.lock().retain(|line| line.number != self.line.number);
    }
}

impl Door {
    pub(crate) fn new() -> Self {
        Self {
            state: watch::Sender::new(State::Open),
            distrusted: AtomicU32::new(0),
            lines: Guarded::default(),
            last_line: AtomicU64::new(0),
        }
    }

    /// Lists a connection that ends with `parent`.
    pub(crate) fn enter(&self, parent: &CancellationToken) -> Listed<'_> {
        let line = Line {
            number: self.last_line.fetch_add(1, Ordering::Relaxed),
            hang_up: parent.child_token(),
            reset: Arc::default(),
            said: Arc::default(),
        };
        self.lines.lock().push(line.clone());
        Listed { door: self, line }
    }

    /// Closes every connection but this one.
    fn clear(&self, but: Option<&Line>) {
        let keeps = |line: &&Line| but.is_some_and(|but| but.number == line.number);
        self.lines.lock().iter().filter(|line| !keeps(line)).for_each(Line::hang_up);
    }

    /// Refuses connections for this time and closes the open ones but `but`. When it returns, nobody listens any more.
    pub(crate) async fn refuse(&self, time: Duration, but: Option<&Line>) {
        self.state.send_replace(State::Closing(Instant::now() + time));
        let shut = |state: &State| !matches!(state, State::Closing(_));
        // The sender lives as long as this door, so this never fails.
        let _ = self.state.subscribe().wait_for(shut).await;
        self.clear(but);
    }

    /// Takes connections again.
    pub(crate) fn open(&self) {
        self.state.send_replace(State::Open);
        self.distrusted.store(0, Ordering::Release);
    }

    /// Gives so many new connections a certificate that nobody trusts, and closes the open ones but `but`.
    pub(crate) fn distrust(&self, connections: u32, but: Option<&Line>) {
        self.distrusted.store(connections, Ordering::Release);
        self.clear(but);
    }

    /// True when the next connection is to get the certificate that nobody trusts.
    pub(crate) fn takes_distrusted(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        self.distrusted.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less).is_ok()
    }

    /// Returns once the listener is to be given up.
    pub(crate) async fn closes(&self) {
        let _ = self.state.subscribe().wait_for(|state| *state != State::Open).await;
    }

    /// Says that nobody listens, and returns once somebody is to listen again.
    pub(crate) async fn stays_shut(&self) {
        let mut state = self.state.subscribe();
        loop {
            let now = *state.borrow_and_update();
            let until = match now {
                State::Open => return,
                State::Closing(until) => {
                    self.state.send_if_modified(|state| {
                        let same = *state == now;
                        if same {
                            *state = State::Shut(until);
                        }
                        same
                    });
                    continue;
                }
                State::Shut(until) => until,
            };
            tokio::select! {
                _ = state.changed() => {}
                () = tokio::time::sleep_until(until) => {
                    self.state.send_if_modified(|state| {
                        let same = *state == now;
                        if same {
                            *state = State::Open;
                        }
                        same
                    });
                }
            }
        }
    }
}

/// A port that stays this sandbox's own while nobody listens on it.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    /// Bound and never listening. A port that was chosen by the system would be given to somebody else in between.
    holder: Option<TcpSocket>,
}

impl Port {
    /// Binds this address and listens on it.
    pub(crate) async fn bind(address: SocketAddr) -> io::Result<(Self, TcpListener)> {
        // Elsewhere a socket that does not listen might be taken for the one that does.
        if address.port() != 0 {
            let listener = TcpListener::bind(address).await?;
            let port = Self { address: listener.local_addr()?, holder: None };
            return Ok((port, listener));
        }
        if !cfg!(target_os = "linux") {
            let listen = || std::net::TcpListener::bind(address);
            let listener = unused(listen, |listener| Ok(listener.local_addr()?.port()))?;
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            let port = Self { address: listener.local_addr()?, holder: None };
            return Ok((port, listener));
        }
        let holder = unused(|| shared(address), |holder| Ok(holder.local_addr()?.port()))?;
        let port = Self { address: holder.local_addr()?, holder: Some(holder) };
        let listener = port.listen().await?;
        Ok((port, listener))
    }

    /// Listens again.
    pub(crate) async fn listen(&self) -> io::Result<TcpListener> {
        match self.holder {
            Some(_) => {
                let socket = shared(self.address)?;
                // Connections inherit it: those that linger after their end must not keep the next sandbox from the port.
                socket.set_reuseaddr(true)?;
                socket.listen(BACKLOG)
            }
            None => TcpListener::bind(self.address).await,
        }
    }
}

/// How often the system is asked for another port. In the end a used one is better than none.
const PORTS_TRIED: usize = 64;

/// What `bind` gives, on a port that no sandbox of this process had before: a client remembers where a server's pool was, and
/// would take the new server for the old one.
fn unused<T>(bind: impl Fn() -> io::Result<T>, port: impl Fn(&T) -> io::Result<u16>) -> io::Result<T> {
    // A bit a port. No lock: one that was held during a fork would stop the child for ever.
    static USED: [AtomicU64; 1024] = [const { AtomicU64::new(0) }; 1024];
    // Each stays bound until another one is found.
    let mut used = Vec::new();
    loop {
        let bound = bind()?;
        let number = port(&bound)?;
        let bit = 1 << (number % 64);
        if USED[usize::from(number / 64)].fetch_or(bit, Ordering::Relaxed) & bit == 0
            || used.len() == PORTS_TRIED
        {
            return Ok(bound);
        }
        used.push(bound);
    }
}

/// A bound socket that lets another one of this process have the same port.
fn shared(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    #[cfg(target_os = "linux")]
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// A TCP stream that is reset when it is dropped, if its line says so.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    line: Line,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, line: Line) -> Self {
        Self { stream, line }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.line.reset.load(Ordering::Acquire) {
            // Without it the connection is closed in good order, which is a fault as well.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_port_is_not_given_out_twice() {
        // Ports that the system does not choose by itself, and a system that comes back to them.
        let next = Cell::new(0);
        let bind = || {
            next.set(next.get() + 1);
            Ok([1, 1, 2, 1, 2, 3][next.get() - 1])
        };
        let given: Vec<u16> = (0..3).map(|_| unused(bind, |port| Ok(*port)).unwrap()).collect();
        assert_eq!(given, [1, 2, 3]);
        // Where there is no other, a used one is given in the end.
        assert_eq!(unused(|| Ok(3), |port| Ok(*port)).unwrap(), 3);
    }
}
