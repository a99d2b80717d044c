//! Whether an origin takes connections, and which are open.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::connection::handle::ConnectionHandle;
use crate::sync::Mutex;

/// Whether connections are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ListenerState {
    Open,
    /// The listener is to be closed until then, and may still be there.
    Closing(Instant),
    /// There is no listener until then.
    Closed(Instant),
}

/// The listener of one origin, as faults control it, and the connections it accepted.
#[derive(Debug)]
pub(crate) struct ListenerControl {
    state: watch::Sender<ListenerState>,
    /// How many of the next connections get an untrusted certificate.
    distrusted: AtomicU32,
    connections: Mutex<Vec<ConnectionHandle>>,
    last_id: AtomicU64,
}

/// A connection that is open: listed in its [`ListenerControl`] until this is dropped.
pub(crate) struct OpenConnection<'a> {
    listener: &'a ListenerControl,
    pub(crate) handle: ConnectionHandle,
}

impl Drop for OpenConnection<'_> {
    fn drop(&mut self) {
        self.listener.connections.lock().retain(|connection| *connection != self.handle);
    }
}

impl ListenerControl {
    pub(crate) fn new() -> Self {
        Self {
            state: watch::Sender::new(ListenerState::Open),
            distrusted: AtomicU32::new(0),
            connections: Mutex::default(),
            last_id: AtomicU64::new(0),
        }
    }

    /// Lists a new connection, which ends with `parent`.
    pub(crate) fn add_connection(&self, parent: &CancellationToken) -> OpenConnection<'_> {
        let handle = ConnectionHandle::new(self.last_id.fetch_add(1, Ordering::Relaxed), parent);
        self.connections.lock().push(handle.clone());
        OpenConnection { listener: self, handle }
    }

    fn close_connections(&self, except: Option<&ConnectionHandle>) {
        let open = self.connections.lock();
        open.iter().filter(|connection| Some(*connection) != except).for_each(ConnectionHandle::hang_up);
    }

    /// Refuses connections for this time and closes the open ones but `except`. When it returns, there is no listener.
    pub(crate) async fn refuse(&self, time: Duration, except: Option<&ConnectionHandle>) {
        self.state.send_replace(ListenerState::Closing(Instant::now() + time));
        let closed = |state: &ListenerState| !matches!(state, ListenerState::Closing(_));
        // Never fails: the sender is a field of self.
        let _ = self.state.subscribe().wait_for(closed).await;
        self.close_connections(except);
    }

    /// Accepts connections again, with the trusted certificate.
    pub(crate) fn reopen(&self) {
        self.state.send_replace(ListenerState::Open);
        self.distrusted.store(0, Ordering::Release);
    }

    /// Gives this number of new connections an untrusted certificate, and closes the open ones but `except`.
    pub(crate) fn distrust(&self, connections: u32, except: Option<&ConnectionHandle>) {
        self.distrusted.store(connections, Ordering::Release);
        self.close_connections(except);
    }

    /// True if the connection just accepted is to get the untrusted certificate.
    pub(crate) fn next_is_distrusted(&self) -> bool {
        let one_less = |left: u32| left.checked_sub(1);
        self.distrusted.fetch_update(Ordering::AcqRel, Ordering::Acquire, one_less).is_ok()
    }

    /// Resolves once the listener is to be closed.
    pub(crate) async fn closing(&self) {
        let _ = self.state.subscribe().wait_for(|state| *state != ListenerState::Open).await;
    }

    /// Reports that the listener is closed, and resolves once there is to be one again.
    pub(crate) async fn closed_until_reopened(&self) {
        let mut state = self.state.subscribe();
        loop {
            let now = *state.borrow_and_update();
            match now {
                ListenerState::Open => return,
                ListenerState::Closing(until) => self.change(now, ListenerState::Closed(until)),
                ListenerState::Closed(until) => tokio::select! {
                    _ = state.changed() => {}
                    () = tokio::time::sleep_until(until) => self.change(now, ListenerState::Open),
                },
            }
        }
    }

    /// Changes the state unless it is another one by now.
    fn change(&self, from: ListenerState, to: ListenerState) {
        self.state.send_if_modified(|state| {
            let unchanged = *state == from;
            if unchanged {
                *state = to;
            }
            unchanged
        });
    }
}
