//! A longer way to a server: a TCP proxy that holds everything back for a while, and counts it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// What went over a link since it was last asked.
#[derive(Debug, Default)]
pub struct Traffic {
    /// Connections made.
    connections: AtomicU64,
    /// Bytes to the server, TLS included, TCP's own not.
    up: AtomicU64,
    /// Bytes from the server.
    down: AtomicU64,
}

impl Traffic {
    /// Connections, bytes up, bytes down; counting begins anew.
    pub fn take(&self) -> (u64, u64, u64) {
        let take = |count: &AtomicU64| count.swap(0, Ordering::AcqRel);
        (take(&self.connections), take(&self.up), take(&self.down))
    }
}

/// Listens at `at` and passes everything on to `server`, half of `round_trip` later each way.
///
/// A new connection costs its client a whole round trip more, as the handshake of TCP does on a real way of that length:
/// on this machine that handshake itself takes no time. Threads sleep here and not timers of the runtime, which are
/// only exact to a millisecond.
///
/// # Errors
/// The address cannot be bound.
pub fn open(at: SocketAddr, server: SocketAddr, round_trip: Duration) -> io::Result<Arc<Traffic>> {
    let listener = TcpListener::bind(at)?;
    let traffic = Arc::new(Traffic::default());
    let shared = traffic.clone();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            shared.connections.fetch_add(1, Ordering::AcqRel);
            let shared = shared.clone();
            // A connection that breaks is seen by both ends.
            thread::spawn(move || pass_on(&client, server, round_trip, &shared));
        }
    });
    Ok(traffic)
}

fn pass_on(
    client: &TcpStream,
    server: SocketAddr,
    round_trip: Duration,
    traffic: &Arc<Traffic>,
) -> io::Result<()> {
    let earliest = Instant::now() + round_trip;
    let server = TcpStream::connect(server)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let late = round_trip / 2;
    let counted = traffic.clone();
    one_way(client.try_clone()?, server.try_clone()?, earliest, late, move |n| {
        counted.up.fetch_add(n, Ordering::AcqRel);
    });
    let counted = traffic.clone();
    one_way(server, client.try_clone()?, earliest, late, move |n| {
        counted.down.fetch_add(n, Ordering::AcqRel);
    });
    Ok(())
}

/// A piece on its way; without bytes it is the end.
type Piece = (Instant, Vec<u8>);

fn one_way(
    mut from: TcpStream,
    to: TcpStream,
    earliest: Instant,
    late: Duration,
    count: impl Fn(u64) + Send + 'static,
) {
    let (sender, receiver): (Sender<Piece>, Receiver<Piece>) = channel();
    thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = from.read(&mut buffer).unwrap_or(0);
            count(read as u64);
            let due = Instant::now().max(earliest) + late;
            if sender.send((due, buffer[..read].to_vec())).is_err() || read == 0 {
                return;
            }
        }
    });
    thread::spawn(move || deliver(&receiver, to));
}

fn deliver(pieces: &Receiver<Piece>, mut to: TcpStream) {
    while let Ok((due, piece)) = pieces.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if piece.is_empty() || to.write_all(&piece).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
