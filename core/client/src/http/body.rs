//! The body of a request, which knows whether it has begun to leave, and can be kept from it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

const KEPT: u8 = 0;
const BEGUN: u8 = 1;
const CLOSED: u8 = 2;

/// Decides which comes first: the body is handed to a connection, or the request is given up. A request whose body never left
/// cannot have been processed, as the server knows that more is to come.
#[derive(Clone, Debug, Default)]
pub(super) struct BodyGate(Arc<AtomicU8>);

impl BodyGate {
    /// Keeps the body from leaving. False when it has begun to leave.
    pub(super) fn close(&self) -> bool {
        self.0.compare_exchange(KEPT, CLOSED, Ordering::AcqRel, Ordering::Acquire) != Err(BEGUN)
    }

    fn begin(&self) -> bool {
        self.0.compare_exchange(KEPT, BEGUN, Ordering::AcqRel, Ordering::Acquire) != Err(CLOSED)
    }
}

/// Closes the gate when a request ends, also when nobody waits for it any more.
pub(super) struct CloseOnDrop<'a>(pub(super) &'a BodyGate);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// The whole body in one frame.
pub(super) struct GatedBody {
    pub(super) content: Option<Bytes>,
    pub(super) gate: BodyGate,
}

impl Body for GatedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if !self.gate.begin() {
            return Poll::Ready(Some(Err(io::Error::other("the request was given up"))));
        }
        Poll::Ready(self.content.take().map(|content| Ok(Frame::data(content))))
    }

    fn is_end_stream(&self) -> bool {
        self.content.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.as_ref().map_or(0, |content| content.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use tokio::net::TcpListener;
    use tokio::sync::oneshot;
    use tokio::time::{sleep, timeout};

    use super::*;

    /// A server that allows one stream at a time, resets the first when told to, and records the bodies of the others.
    async fn one_stream(
        listener: TcpListener,
        release: oneshot::Receiver<()>,
        bodies: Arc<Mutex<Vec<Bytes>>>,
    ) {
        let (socket, _) = listener.accept().await.unwrap();
        let mut builder = h2::server::Builder::new();
        let mut connection = builder.max_concurrent_streams(1).handshake::<_, Bytes>(socket).await.unwrap();
        let (_first, mut respond) = connection.accept().await.unwrap().unwrap();
        tokio::select! {
            _ = release => {}
            next = connection.accept() => panic!("a second stream: {next:?}"),
        }
        respond.send_reset(h2::Reason::CANCEL);
        while let Some(Ok((request, mut respond))) = connection.accept().await {
            let bodies = bodies.clone();
            tokio::spawn(async move {
                let mut body = request.into_body();
                while let Some(Ok(data)) = body.data().await {
                    bodies.lock().unwrap().push(data);
                }
                let _ = respond.send_response(Default::default(), true);
            });
        }
    }

    /// hyper sends a request that waited for a free stream even when nobody waits for its response any more.
    #[tokio::test]
    async fn a_body_that_was_closed_in_time_never_leaves() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (released, release) = oneshot::channel();
        let bodies = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(one_stream(listener, release, bodies.clone()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
        let post = |text: &'static str| {
            let gate = BodyGate::default();
            let body = GatedBody { content: Some(Bytes::from(text)), gate: gate.clone() };
            (gate, tokio::spawn(client.post(&url).body(reqwest::Body::wrap(body)).send()))
        };
        let (first, _hangs) = post("first");
        while first.0.load(Ordering::Acquire) != BEGUN {
            sleep(Duration::from_millis(1)).await;
        }
        assert!(!first.close(), "it has left");
        let (second, waits) = post("second");
        sleep(Duration::from_millis(100)).await;
        assert!(second.close(), "no stream is free for it");
        waits.abort();
        released.send(()).unwrap();
        let (_, third) = post("third");
        timeout(Duration::from_secs(60), third).await.expect("it is answered").unwrap().unwrap();
        assert_eq!(*bodies.lock().unwrap(), ["third"]);
    }
}
