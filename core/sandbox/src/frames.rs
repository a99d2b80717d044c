//! What HTTP/2 can say besides an answer. The library says it only of itself, so it is put between its frames.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// On a reply: its stream is reset in its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reset(pub(crate) h2::Reason);

/// A GOAWAY frame. Source: RFC 9113, section 6.8.
pub(crate) fn go_away(last_stream: u32, error: u32) -> [u8; 17] {
    let mut frame = [0; 17];
    // Length, type, flags; the stream is the connection itself.
    frame[..4].copy_from_slice(&[0, 0, 8, 7]);
    frame[9..13].copy_from_slice(&last_stream.to_be_bytes());
    frame[13..].copy_from_slice(&error.to_be_bytes());
    frame
}

/// What is to be said out of turn on one connection.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    bytes: Mutex<Vec<u8>>,
    connection: AtomicWaker,
}

impl Aside {
    pub(crate) fn say(&self, bytes: [u8; 17]) {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).extend(bytes);
        self.connection.wake();
    }
}

/// A connection on which something can be said out of turn. It is always being read from, so that is when it is said.
#[derive(Debug)]
pub(crate) struct Spoken<S> {
    stream: S,
    aside: Arc<Aside>,
}

impl<S> Spoken<S> {
    pub(crate) fn new(stream: S, aside: Arc<Aside>) -> Self {
        Self { stream, aside }
    }
}

impl<S: AsyncWrite + Unpin> Spoken<S> {
    fn poll_say(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.aside.connection.register(context.waker());
        let mut bytes = self.aside.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes.is_empty() {
            return Poll::Ready(Ok(()));
        }
        while !bytes.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &bytes))?;
            bytes.drain(..written);
        }
        drop(bytes);
        Pin::new(&mut self.stream).poll_flush(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Spoken<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(Err(error)) = self.poll_say(context) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Spoken<S> {
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
