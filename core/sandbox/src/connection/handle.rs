//! One connection: how it is ended, and the stream that is ended with a reset.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::connection::http2::{InjectedBytes, go_away};

/// Ends one connection, or writes to it. Clones are of the same connection, and equal.
#[derive(Debug, Clone)]
pub(crate) struct ConnectionHandle {
    id: u64,
    hang_up: CancellationToken,
    reset: Arc<AtomicBool>,
    /// The last stream that GOAWAY has named.
    last_stream: Arc<AtomicU32>,
    injected: Arc<InjectedBytes>,
}

impl ConnectionHandle {
    /// A connection that ends with `parent`. `id` is not used twice.
    pub(crate) fn new(id: u64, parent: &CancellationToken) -> Self {
        Self {
            id,
            hang_up: parent.child_token(),
            reset: Arc::default(),
            last_stream: Arc::new(AtomicU32::new(u32::MAX)),
            injected: Arc::default(),
        }
    }

    /// Closes the connection.
    pub(crate) fn hang_up(&self) {
        self.hang_up.cancel();
    }

    /// Ends the connection with a TCP reset.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Release);
        self.hang_up.cancel();
    }

    /// Sends GOAWAY between the frames of the HTTP/2 implementation, inside TLS.
    pub(crate) fn go_away(&self, last_stream: u32, error: u32) {
        self.last_stream.store(last_stream, Ordering::Release);
        self.injected.push(go_away(last_stream, error));
    }

    /// True for a stream that GOAWAY has refused. A request that has not begun is not processed then, as the frame says.
    pub(crate) fn has_refused(&self, stream: Option<u32>) -> bool {
        stream.is_some_and(|stream| stream > self.last_stream.load(Ordering::Acquire))
    }

    pub(crate) fn injected(&self) -> Arc<InjectedBytes> {
        self.injected.clone()
    }

    /// True where this side ends the connection.
    pub(crate) fn is_ending(&self) -> bool {
        self.hang_up.is_cancelled()
    }

    /// Resolves once the connection is to end.
    pub(crate) async fn ended(&self) {
        self.hang_up.cancelled().await;
    }
}

impl PartialEq for ConnectionHandle {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// A TCP stream that is reset instead of closed when it is dropped, if [`ConnectionHandle::reset`] was called.
#[derive(Debug)]
pub(crate) struct ResettableStream {
    stream: TcpStream,
    connection: ConnectionHandle,
}

impl ResettableStream {
    pub(crate) fn new(stream: TcpStream, connection: ConnectionHandle) -> Self {
        Self { stream, connection }
    }
}

impl Drop for ResettableStream {
    fn drop(&mut self) {
        if self.connection.reset.load(Ordering::Acquire) {
            // If this fails, the connection is closed in order, which interrupts the client too.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for ResettableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for ResettableStream {
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
