//! The service as a value: its start and its end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use send_im::{Error, ErrorKind, Result};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::connections;
use crate::hooks::Hooks;
use crate::metrics::Metrics;
use crate::options::Options;
use crate::rate::Rate;
use crate::routes;
use crate::sessions::Sessions;
use crate::tls;

/// How long sends may take to end that were told to, and sessions to be signed out.
const GRACE: Duration = Duration::from_secs(5);
/// How long a client may take to read its answer when all else is done.
const FLUSH: Duration = Duration::from_secs(2);

/// Connections the system queues until they are accepted: as many as it does. Of the libraries' 128 a burst overflows, and the
/// system drops or refuses the rest.
const LISTEN_BACKLOG: u32 = i32::MAX as u32;

/// What the bodies of all requests may have together while they are read, in KiB; one of the largest always fits.
const BODIES_KIB: usize = 64 << 10;

/// A running service. Dropping it stops it at once; [`Service::stop`] lets sends end first.
#[derive(Debug)]
pub struct Service {
    shared: Arc<Shared>,
    url: String,
}

pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) hooks: Hooks,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) rate: Rate,
    pub(crate) refused_rate: Rate,
    /// One permit a send under way.
    pub(crate) send_permits: Arc<Semaphore>,
    /// One more for each whose sender the request brought: the service's own account keeps the rest.
    pub(crate) send_permits_of_others: Arc<Semaphore>,
    /// One permit a KiB of the bodies that are being read.
    pub(crate) bodies: Arc<Semaphore>,
    pub(crate) sends: TaskTracker,
    pub(crate) connections: TaskTracker,
    /// No new connection and no new send.
    pub(crate) closing: CancellationToken,
    /// The sends under way are to end.
    pub(crate) given_up: CancellationToken,
    /// No answer leaves any more.
    pub(crate) stopped: CancellationToken,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Service {
    /// Starts to listen, on the Tokio runtime this is called on. Nobody is signed in before the first message.
    ///
    /// # Errors
    /// `invalid_input` for options that are not usable or not safe; `network` where the address cannot be listened at.
    #[expect(clippy::unused_async, reason = "it needs a runtime, which a call that is awaited has")]
    pub async fn start(options: Options) -> Result<Self> {
        let options = options.checked()?;
        let tls = tls::acceptor(&options)?;
        let hooks = Hooks::new(&options.hooks)?;
        let cannot = |e| {
            let detail = format!("The service cannot listen at {}: {e}.", options.listen);
            Error::new(ErrorKind::Network, detail)
        };
        let listener = listener(options.listen).map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let metrics = Arc::new(Metrics::new());
        let sessions = Sessions::new(&options, metrics.clone());
        let kept = if options.account.is_some() { options.most_sends / 4 } else { 0 };
        let shared = Arc::new(Shared {
            rate: Rate::new(options.rate),
            refused_rate: Rate::new(options.rate.div_ceil(10)),
            send_permits_of_others: Arc::new(Semaphore::new(options.most_sends - kept)),
            send_permits: Arc::new(Semaphore::new(options.most_sends)),
            bodies: Arc::new(Semaphore::new(BODIES_KIB.max(options.largest_body / 1024 + 1))),
            options,
            hooks,
            sessions: sessions.clone(),
            metrics,
            sends: TaskTracker::new(),
            connections: TaskTracker::new(),
            closing: CancellationToken::new(),
            given_up: CancellationToken::new(),
            stopped: CancellationToken::new(),
        });
        let router = routes::router(&shared);
        shared.connections.spawn(connections::accept(shared.clone(), listener, tls, router));
        let closing = shared.closing.clone();
        shared.connections.spawn(async move {
            tokio::select! {
                () = sessions.sweep() => (),
                () = closing.cancelled() => (),
            }
        });
        Ok(Self { shared, url: format!("{scheme}://{address}/") })
    }

    /// Where the service is, for example `http://127.0.0.1:8480/`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Ends the sends under way, also while [`stop`](Self::stop) waits for them: each says whether it can have arrived.
    pub fn give_up(&self) {
        self.shared.given_up.cancel();
    }

    /// Takes no new request, lets the sends under way end, signs every session out and closes the connections.
    ///
    /// What has not ended after the time of [`Options::drain`], or when [`give_up`](Self::give_up) is called meanwhile, is
    /// cancelled. Sessions then have 5 s to be signed out, and callers 2 s to read their answers.
    pub async fn stop(&self) {
        let shared = &self.shared;
        shared.closing.cancel();
        shared.sends.close();
        let all_ended = async {
            shared.sends.wait().await;
            shared.sessions.sign_out_all().await;
        };
        let out_of_time = async {
            tokio::select! {
                () = sleep(shared.options.drain) => (),
                () = shared.given_up.cancelled() => (),
            }
            tracing::warn!("sends are cut off that were under way when the service was to stop");
            shared.given_up.cancel();
            shared.sessions.cancel_all();
            sleep(GRACE).await;
            tracing::warn!("not every session could be signed out before the service stopped");
        };
        tokio::select! {
            () = all_ended => (),
            () = out_of_time => (),
        }
        shared.connections.close();
        let _ = timeout(FLUSH, shared.connections.wait()).await;
        shared.stopped.cancel();
        shared.connections.wait().await;
    }
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Connections in TIME_WAIT must not keep it from the port. On Windows this would let others take it.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(LISTEN_BACKLOG)
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shared.closing.cancel();
        self.shared.stopped.cancel();
    }
}
