//! The listeners and their connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{Method, Request, Version};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::api;
use crate::dispatch;
use crate::door::{Line, Port, Wire};
use crate::frames::{Reset, Spoken};
use crate::input::Call;
use crate::reply::Reply;
use crate::tls::Acceptors;
use crate::world::World;

/// How often silent applications are looked for.
const SWEEP: Duration = Duration::from_secs(15);

/// The pause after the system refused something.
const BREATH: Duration = Duration::from_millis(20);

/// Binds one listener per origin. The first takes the address given, the others its host with a free port.
pub(crate) async fn bind(address: SocketAddr, origins: usize) -> io::Result<Vec<(Port, TcpListener)>> {
    let mut listeners = vec![Port::bind(address).await?];
    for _ in 1..origins {
        listeners.push(Port::bind(SocketAddr::new(address.ip(), 0)).await?);
    }
    Ok(listeners)
}

/// Serves one port until the sandbox closes.
pub(crate) fn serve(
    world: &Arc<World>,
    pool: usize,
    (port, listener): (Port, TcpListener),
    tls: Option<Arc<Acceptors>>,
) {
    let shared = Arc::clone(world);
    world.tasks.spawn(async move {
        let served = async {
            let mut listener = Some(listener);
            loop {
                match listener.take() {
                    Some(listener) => accept(&shared, pool, listener, tls.as_ref()).await,
                    None => listener = again(&port).await,
                }
                shared.door(pool).stays_shut().await;
            }
        };
        tokio::select! {
            () = served => {}
            () = shared.closing.cancelled() => {}
        }
    });
}

/// Accepts connections until the door closes.
async fn accept(world: &Arc<World>, pool: usize, listener: TcpListener, tls: Option<&Arc<Acceptors>>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = world.door(pool).closes() => return,
        };
        match accepted {
            Ok((stream, _)) => connection(world, pool, stream, tls.cloned()),
            Err(error) => {
                // Out of descriptors, most likely: others have to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

async fn again(port: &Port) -> Option<TcpListener> {
    match port.listen().await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(%error, "a port could not be listened on again");
            tokio::time::sleep(BREATH).await;
            None
        }
    }
}

/// Ends applications nobody asks about, from time to time.
pub(crate) fn sweep(world: &Arc<World>) {
    let shared = Arc::clone(world);
    world.tasks.spawn(async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(SWEEP) => shared.sweep(Instant::now()),
                () = shared.closing.cancelled() => return,
            }
        }
    });
}

fn connection(world: &Arc<World>, pool: usize, stream: TcpStream, tls: Option<Arc<Acceptors>>) {
    let shared = Arc::clone(world);
    world.tasks.spawn(async move {
        let stopped = shared.stopped.clone();
        let listed = shared.door(pool).enter(&stopped);
        let line = listed.line.clone();
        let served = async {
            // Small answers must not wait for the acknowledgement of earlier ones.
            stream.set_nodelay(true)?;
            let here = stream.local_addr()?.ip();
            let stream = Wire::new(stream, line.clone());
            match tls {
                None => exchange(&shared, pool, line, stream).await,
                Some(acceptors) => {
                    let distrusted = shared.door(pool).takes_distrusted();
                    let acceptor = acceptors.of(here, !distrusted)?;
                    let stream = tokio::select! {
                        stream = acceptor.accept(stream) => stream?,
                        () = shared.closing.cancelled() => return Ok(()),
                    };
                    exchange(&shared, pool, line, stream).await
                }
            }
        };
        tokio::select! {
            // Once everything is to end, no answer leaves any more.
            biased;
            () = stopped.cancelled() => {}
            ended = served => {
                if let Err(error) = ended {
                    tracing::debug!(%error, pool, "connection ended");
                }
            }
        }
    });
}

/// The answer to a HEAD: all but the body, which HTTP/2 would send as it stands.
fn without_body(mut reply: Reply) -> Reply {
    let body = std::mem::take(reply.body_mut());
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        reply.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    reply
}

async fn exchange<S>(world: &Arc<World>, pool: usize, line: Line, stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let number = world.connections.fetch_add(1, Ordering::Relaxed) + 1;
    let stream = Spoken::new(stream, line.said());
    // A client's streams have the odd numbers, in their order.
    let requests = AtomicU32::new(0);
    let service = service_fn(|request: Request<Incoming>| {
        let (world, line) = (Arc::clone(world), line.clone());
        let number_of_stream = 2 * requests.fetch_add(1, Ordering::Relaxed) + 1;
        let stream = (request.version() == Version::HTTP_2).then_some(number_of_stream);
        async move {
            let is_head = request.method() == Method::HEAD;
            let request = request.map(Body::new);
            let is_control = Call::split(request.uri().path()).starts_with(&["sandbox".into(), "api".into()]);
            let reply = if is_control {
                api::answer(world, pool, request).await
            } else {
                dispatch::answer(world, pool, number, (line, stream), request).await
            };
            match reply.extensions().get::<Reset>() {
                Some(Reset(reason)) => Err(h2::Error::from(*reason)),
                None if is_head => Ok(without_body(reply)),
                None => Ok(reply),
            }
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // As IIS writes names. HTTP/2 has no capitals.
    builder = builder.title_case_headers(true);
    // Many event requests may wait on one connection.
    builder.http2().max_concurrent_streams(10_000);
    let served = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    tokio::select! {
        ended = served.as_mut() => return ended.map_err(io::Error::other),
        () = line.ended() => return Ok(()),
        () = world.closing.cancelled() => served.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        ended = served => ended.map_err(io::Error::other),
        () = line.ended() => Ok(()),
    }
}
