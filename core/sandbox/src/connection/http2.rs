//! HTTP/2 faults: RST_STREAM instead of a response, and GOAWAY with any content.
//!
//! hyper offers no way to send these, so GOAWAY is written between its frames.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::sync::Mutex;

/// An extension of a response: its stream is reset instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ResetStream(pub(crate) h2::Reason);

/// A GOAWAY frame. Source: RFC 9113, section 6.8.
pub(super) fn go_away(last_stream: u32, error: u32) -> [u8; 17] {
    let mut frame = [0; 17];
    // Length 8, type 7, no flags; stream 0 is the connection itself.
    frame[..4].copy_from_slice(&[0, 0, 8, 7]);
    frame[9..13].copy_from_slice(&last_stream.to_be_bytes());
    frame[13..].copy_from_slice(&error.to_be_bytes());
    frame
}

/// Bytes to be written to a connection between those of its HTTP implementation.
#[derive(Debug, Default)]
pub(crate) struct InjectedBytes {
    bytes: Mutex<Vec<u8>>,
    reader: AtomicWaker,
}

impl InjectedBytes {
    pub(crate) fn push(&self, bytes: [u8; 17]) {
        self.bytes.lock().extend(bytes);
        self.reader.wake();
    }
}

/// A stream that writes its [`InjectedBytes`] when it is read from: an HTTP/2 connection always has a read pending.
#[derive(Debug)]
pub(crate) struct InjectingStream<S> {
    stream: S,
    injected: Arc<InjectedBytes>,
}

impl<S> InjectingStream<S> {
    pub(crate) fn new(stream: S, injected: Arc<InjectedBytes>) -> Self {
        Self { stream, injected }
    }
}

impl<S: AsyncWrite + Unpin> InjectingStream<S> {
    fn poll_inject(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.injected.reader.register(context.waker());
        let mut bytes = self.injected.bytes.lock();
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

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for InjectingStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(Err(error)) = self.poll_inject(context) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for InjectingStream<S> {
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
