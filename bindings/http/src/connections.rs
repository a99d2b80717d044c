//! The listener and its connections.

mod open;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;

use self::open::Open;
pub(crate) use self::open::{ActiveRequest, ConnectionPermit};
use crate::guard::Peer;
use crate::service::Shared;

/// How long a client may take no byte of what it is sent.
const STALL: Duration = Duration::from_secs(20);
/// How long a connection that is told to end may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// The largest head of a request, in bytes. An address (URI) ends at 64 KiB already.
const MAX_HEAD: usize = 80 << 10;
/// How many requests one HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 128;

/// Accepts connections until the service closes.
pub(crate) async fn accept(
    shared: Arc<Shared>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
) {
    let open = Arc::new(Open::default());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.closing.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let address = peer.ip().to_canonical();
                // Otherwise it is closed: everything this client has open is answering.
                let Some(permit) = open.take(address).await else { continue };
                let (of, tls, router) = (shared.clone(), tls.clone(), router.clone());
                shared.connections.spawn(async move {
                    let served = serve(&of, stream, Peer { address, certified: false, permit: permit.clone() }, tls, router);
                    tokio::select! {
                        served = served => if let Err(error) = served {
                            tracing::debug!(peer = %address, %error, "a connection has ended");
                        },
                        () = permit.replaced() => {
                            tracing::debug!(peer = %address, "a connection without a request made room for another one");
                        }
                        () = of.stopped.cancelled() => {}
                    }
                });
            }
            // The client has gone already.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
                ) => {}
            Err(error) => {
                // Out of descriptors, most likely.
                tracing::warn!(%error, "a connection could not be accepted");
                open.make_room();
                sleep(Duration::from_millis(50)).await;
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
    let mut stream = Box::pin(TimeoutStream::new(stream));
    stream.as_mut().set_write_timeout_pinned(Some(STALL));
    let Some(tls) = tls else { return exchange(shared, stream, router, peer).await };
    let stream = tokio::select! {
        stream = tls.accept(stream) => stream?,
        () = peer.permit.idle() => return Err(io::ErrorKind::TimedOut.into()),
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
    let permit = peer.permit.clone();
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // How long a head may take is decided with the connection's permit, in both versions.
    builder.http1().header_read_timeout(None).max_buf_size(MAX_HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD as u32)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(15));
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        ended = served.as_mut() => return ended.map_err(io::Error::other),
        () = shared.closing.cancelled() => {}
        () = permit.idle() => {}
    }
    served.as_mut().graceful_shutdown();
    let farewell = async {
        sleep(FAREWELL).await;
        // A request may have come just before.
        permit.idle().await;
    };
    tokio::select! {
        ended = served => ended.map_err(io::Error::other),
        () = farewell => Ok(()),
    }
}
