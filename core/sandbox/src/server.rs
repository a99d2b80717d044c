//! The listeners, and hyper on their connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{self, Method, Version};
use hyper::body::{Body as _, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::connection::handle::{ConnectionHandle, ResettableStream};
use crate::connection::http2::{InjectingStream, ResetStream};
use crate::connection::port::Port;
use crate::connection::tls::Acceptors;
use crate::control::api;
use crate::dispatch::exchange;
use crate::http::response::Response;
use crate::state::shared::SharedState;

/// The interval between checks for idle applications.
const IDLE_CHECK_INTERVAL: Duration = Duration::from_secs(15);

/// The pause before another attempt to accept or to listen after an error of the system.
const RETRY_INTERVAL: Duration = Duration::from_millis(20);

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
    shared: &Arc<SharedState>,
    pool: usize,
    (port, listener): (Port, TcpListener),
    tls: Option<Arc<Acceptors>>,
) {
    let tasks = &shared.tasks;
    let shared = Arc::clone(shared);
    tasks.spawn(async move {
        let served = async {
            let mut listener = Some(listener);
            loop {
                match listener.take() {
                    Some(listener) => accept(&shared, pool, listener, tls.as_ref()).await,
                    None => listener = listen_again(&port).await,
                }
                shared.listener(pool).closed_until_reopened().await;
            }
        };
        tokio::select! {
            () = served => {}
            () = shared.closing.cancelled() => {}
        }
    });
}

/// Accepts connections until the listener is to be closed.
async fn accept(shared: &Arc<SharedState>, pool: usize, listener: TcpListener, tls: Option<&Arc<Acceptors>>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.listener(pool).closing() => return,
        };
        match accepted {
            Ok((stream, _)) => spawn_connection(shared, pool, stream, tls.cloned()),
            Err(error) => {
                // Most likely out of file descriptors: other connections have to end first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(RETRY_INTERVAL).await;
            }
        }
    }
}

async fn listen_again(port: &Port) -> Option<TcpListener> {
    match port.listen().await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(%error, "a port could not be listened on again");
            tokio::time::sleep(RETRY_INTERVAL).await;
            None
        }
    }
}

/// Ends idle applications in the background.
pub(crate) fn end_idle_applications(shared: &Arc<SharedState>) {
    let tasks = &shared.tasks;
    let shared = Arc::clone(shared);
    tasks.spawn(async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(IDLE_CHECK_INTERVAL) => shared.end_idle_applications(Instant::now()),
                () = shared.closing.cancelled() => return,
            }
        }
    });
}

fn spawn_connection(shared: &Arc<SharedState>, pool: usize, stream: TcpStream, tls: Option<Arc<Acceptors>>) {
    let tasks = &shared.tasks;
    let shared = Arc::clone(shared);
    tasks.spawn(async move {
        let stopped = shared.stopped.clone();
        let open = shared.listener(pool).add_connection(&stopped);
        let connection = open.handle.clone();
        let served = async {
            // Small responses must not wait for the acknowledgement of earlier ones.
            stream.set_nodelay(true)?;
            let here = stream.local_addr()?.ip();
            let stream = ResettableStream::new(stream, connection.clone());
            match tls {
                None => serve_connection(&shared, pool, connection, stream).await,
                Some(acceptors) => {
                    let distrusted = shared.listener(pool).next_is_distrusted();
                    let acceptor = acceptors.of(here, !distrusted)?;
                    let stream = tokio::select! {
                        stream = acceptor.accept(stream) => stream?,
                        () = shared.closing.cancelled() => return Ok(()),
                    };
                    serve_connection(&shared, pool, connection, stream).await
                }
            }
        };
        tokio::select! {
            // Once everything is to end, no response is sent any more.
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

/// The response to a HEAD: hyper would send the body over HTTP/2.
fn without_body(mut response: Response) -> Response {
    let body = std::mem::take(response.body_mut());
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    response
}

async fn serve_connection<S>(
    shared: &Arc<SharedState>,
    pool: usize,
    connection: ConnectionHandle,
    stream: S,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let number = shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
    let stream = InjectingStream::new(stream, connection.injected());
    // A client numbers its streams 1, 3, 5 and so on.
    let requests = AtomicU32::new(0);
    let service = service_fn(|request: http::Request<Incoming>| {
        let (shared, connection) = (Arc::clone(shared), connection.clone());
        let stream_id = 2 * requests.fetch_add(1, Ordering::Relaxed) + 1;
        let stream = (request.version() == Version::HTTP_2).then_some(stream_id);
        async move {
            let is_head = request.method() == Method::HEAD;
            let request = request.map(Body::new);
            let response = if api::is_control(request.uri().path()) {
                api::answer(shared, pool, request).await
            } else {
                exchange::answer(shared, pool, number, (connection, stream), request).await
            };
            match response.extensions().get::<ResetStream>() {
                Some(ResetStream(reason)) => Err(h2::Error::from(*reason)),
                None if is_head => Ok(without_body(response)),
                None => Ok(response),
            }
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // As IIS does. Over HTTP/2 names are in lower case.
    builder = builder.title_case_headers(true);
    // One connection may have many pending GETs.
    builder.http2().max_concurrent_streams(10_000);
    let served = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    tokio::select! {
        ended = served.as_mut() => return ended.map_err(io::Error::other),
        () = connection.ended() => return Ok(()),
        () = shared.closing.cancelled() => served.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        ended = served => ended.map_err(io::Error::other),
        () = connection.ended() => Ok(()),
    }
}
