//! The listener and its connections.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::guard::Peer;
use crate::service::Shared;

/// How many connections are open at once; the next ones wait in the system's queue.
const MOST_CONNECTIONS: usize = 2048;
/// How long a client may take for its handshake, and for the head of a request.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many requests one HTTP/2 connection may have open.
const MOST_STREAMS: u32 = 128;

/// Accepts connections until the service closes.
pub(crate) async fn accept(
    shared: Arc<Shared>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = async {
                let place = places.clone().acquire_owned().await;
                listener.accept().await.map(|(stream, peer)| (stream, peer, place))
            } => accepted,
            () = shared.closing.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                let (of, tls, router) = (shared.clone(), tls.clone(), router.clone());
                shared.connections.spawn(async move {
                    let _place = place;
                    let peer = Peer { address: peer.ip().to_canonical(), certified: false };
                    if let Err(error) = serve(&of, stream, peer, tls, router).await {
                        tracing::debug!(peer = %peer.address, %error, "a connection has ended");
                    }
                });
            }
            Err(error) => {
                // Out of descriptors, most likely: others have to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(
    shared: &Shared,
    stream: TcpStream,
    mut peer: Peer,
    tls: Option<TlsAcceptor>,
    router: Router,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let Some(tls) = tls else { return exchange(shared, stream, router, peer).await };
    let stream = tokio::select! {
        stream = timeout(PATIENCE, tls.accept(stream)) => stream.map_err(|_| io::ErrorKind::TimedOut)??,
        () = shared.closing.cancelled() => return Ok(()),
    };
    // A certificate that was not issued by the client CA has ended the handshake.
    peer.certified = stream.get_ref().1.peer_certificates().is_some();
    exchange(shared, stream, router, peer).await
}

async fn exchange<S>(shared: &Shared, stream: S, router: Router, peer: Peer) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(PATIENCE);
    let served = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    tokio::select! {
        ended = served.as_mut() => return ended.map_err(io::Error::other),
        () = shared.stopped.cancelled() => return Ok(()),
        () = shared.closing.cancelled() => served.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        ended = served => ended.map_err(io::Error::other),
        () = shared.stopped.cancelled() => Ok(()),
    }
}
