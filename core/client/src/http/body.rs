//! The body of a request, which knows whether it has begun to leave.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Whether a body was handed to a connection. A request whose body was not cannot have been processed: the server knows that more
/// is to come.
#[derive(Clone, Debug, Default)]
pub(super) struct BodyBegun(Arc<AtomicBool>);

impl BodyBegun {
    pub(super) fn get(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn set(&self, begun: bool) {
        self.0.store(begun, Ordering::Release);
    }
}

/// The whole body in one frame.
pub(super) struct TrackedBody {
    content: Option<Bytes>,
    begun: BodyBegun,
}

impl TrackedBody {
    pub(super) fn new(content: Bytes, begun: BodyBegun) -> Self {
        begun.set(false);
        Self { content: Some(content), begun }
    }
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.begun.set(true);
        Poll::Ready(self.content.take().map(|content| Ok(Frame::data(content))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.as_ref().map_or(0, |content| content.len() as u64))
    }
}
