//! A port to listen on, also again after a while without a listener.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::{TcpListener, TcpSocket};

/// Connections the system queues until they are accepted: as many as it does. Of the libraries' 128 a burst overflows, and the
/// system drops or refuses the rest.
const LISTEN_BACKLOG: u32 = i32::MAX as u32;

/// A port that stays reserved for this sandbox while nothing listens on it.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    /// Bound and never listening: the system could give a port of its own choice to another program meanwhile.
    reservation: Option<TcpSocket>,
}

impl Port {
    /// Binds this address and listens on it.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<(Self, TcpListener)> {
        if address.port() != 0 {
            let listener = alone(address)?;
            let port = Self { address: listener.local_addr()?, reservation: None };
            return Ok((port, listener));
        }
        // Outside Linux, a second socket bound to the port might receive the connections.
        if !cfg!(target_os = "linux") {
            let listener = unused(|| alone(address), |listener| Ok(listener.local_addr()?.port()))?;
            let port = Self { address: listener.local_addr()?, reservation: None };
            return Ok((port, listener));
        }
        let reservation = unused(|| shared(address), |reservation| Ok(reservation.local_addr()?.port()))?;
        let port = Self { address: reservation.local_addr()?, reservation: Some(reservation) };
        let listener = port.listen()?;
        Ok((port, listener))
    }

    /// Listens again.
    pub(crate) fn listen(&self) -> io::Result<TcpListener> {
        match self.reservation {
            Some(_) => {
                let socket = shared(self.address)?;
                // Connections inherit it: closed ones in TIME_WAIT must not keep the next sandbox from the port.
                socket.set_reuseaddr(true)?;
                socket.listen(LISTEN_BACKLOG)
            }
            None => alone(self.address),
        }
    }
}

/// Attempts to get an unused port. After that a used one is accepted.
const MAX_PORT_ATTEMPTS: usize = 64;

/// Binds a port that no sandbox of this process had before: a client caches where the pool of a server is, and would take the
/// new server for the old one.
fn unused<T>(bind: impl Fn() -> io::Result<T>, port: impl Fn(&T) -> io::Result<u16>) -> io::Result<T> {
    // One bit per port. No lock: if it were held during a fork, the child would block for ever.
    static USED: [AtomicU64; 1024] = [const { AtomicU64::new(0) }; 1024];
    // Used ports stay bound meanwhile, so that the system offers another one each time.
    let mut used = Vec::new();
    loop {
        let bound = bind()?;
        let number = port(&bound)?;
        let bit = 1 << (number % 64);
        if USED[usize::from(number / 64)].fetch_or(bit, Ordering::Relaxed) & bit == 0
            || used.len() == MAX_PORT_ATTEMPTS
        {
            return Ok(bound);
        }
        used.push(bound);
    }
}

/// A listener whose port no other socket has.
fn alone(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address)?;
    // Connections in TIME_WAIT must not keep it from the port. On Windows this would let others take it.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(LISTEN_BACKLOG)
}

fn socket(address: SocketAddr) -> io::Result<TcpSocket> {
    if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }
}

/// A bound socket whose port a second socket of this process may bind too.
fn shared(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = socket(address)?;
    #[cfg(target_os = "linux")]
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_port_is_not_given_out_twice() {
        // A system that offers the same ports again.
        let next = Cell::new(0);
        let bind = || {
            next.set(next.get() + 1);
            Ok([1, 1, 2, 1, 2, 3][next.get() - 1])
        };
        let given: Vec<u16> = (0..3).map(|_| unused(bind, |port| Ok(*port)).unwrap()).collect();
        assert_eq!(given, [1, 2, 3]);
        // Where there is no other, a used one is accepted.
        assert_eq!(unused(|| Ok(3), |port| Ok(*port)).unwrap(), 3);
    }
}
