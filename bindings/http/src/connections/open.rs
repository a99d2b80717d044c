//! The open connections, and which of them goes when there are too many.
//!
//! A connection that sends no request costs its peer nothing, so there may be any number of them. Each ends after a while by
//! itself; and where a new one finds no room, it takes the place of the one that has been without a request for the longest
//! time. So nobody keeps others out by connecting alone.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::rate::network;

/// How many connections are open at once.
const MAX_CONNECTIONS: usize = 2048;
/// How many of them one client address may have: as many as sends may be under way by default, so that a proxy in front
/// can have them all.
const MAX_PER_ADDRESS: usize = 512;
/// How long a connection may take to its first request, its TLS handshake included.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// How long it may be without a request after that. Clients commonly keep one for 60 to 90 s, and one that closes first
/// meets no request that is just on its way.
const IDLE: Duration = Duration::from_secs(100);

#[derive(Debug)]
pub(crate) struct Open {
    table: Mutex<Table>,
    /// One permit a connection, also of one that has been replaced and is not closed yet.
    descriptors: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct Table {
    connections: HashMap<u64, Connection>,
    last_id: u64,
}

#[derive(Debug)]
struct Connection {
    network: IpAddr,
    /// Requests that are read to their end and not answered.
    under_way: usize,
    /// The last request or answer; the beginning where there was none.
    since: Instant,
    limit: Duration,
    replaced: CancellationToken,
}

/// The right of a connection to be one of the open ones, given back when this is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    open: Arc<Open>,
    id: u64,
    replaced: CancellationToken,
    _descriptor: OwnedSemaphorePermit,
}

impl Default for Open {
    fn default() -> Self {
        Self { table: Mutex::default(), descriptors: Arc::new(Semaphore::new(MAX_CONNECTIONS)) }
    }
}

impl Open {
    /// A permit for a connection from this address, once the connection that makes room for it is closed; `None` where all that could
    /// make room are answering a request.
    pub(crate) async fn take(self: &Arc<Self>, address: IpAddr) -> Option<Arc<ConnectionPermit>> {
        let (id, replaced) = self.enter(network(address))?;
        let descriptor = self.descriptors.clone().acquire_owned().await.ok()?;
        Some(Arc::new(ConnectionPermit { open: self.clone(), id, replaced, _descriptor: descriptor }))
    }

    fn enter(&self, network: IpAddr) -> Option<(u64, CancellationToken)> {
        let mut table = self.table();
        let of_one = table.connections.values().filter(|other| other.network == network).count();
        if of_one >= MAX_PER_ADDRESS {
            table.replace(|other| other.network == network)?;
        } else if table.connections.len() >= MAX_CONNECTIONS {
            table.replace(|_| true)?;
        }
        table.last_id += 1;
        let (id, replaced) = (table.last_id, CancellationToken::new());
        let connection = Connection {
            network,
            under_way: 0,
            since: Instant::now(),
            limit: FIRST_REQUEST,
            replaced: replaced.clone(),
        };
        table.connections.insert(id, connection);
        Some((id, replaced))
    }

    /// Ends a connection that does nothing, where the system has no room for another one.
    pub(crate) fn make_room(&self) {
        self.table().replace(|_| true);
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Ends the one of these that has been without a request for the longest time.
    fn replace(&mut self, chosen: impl Fn(&Connection) -> bool) -> Option<()> {
        let idle = self.connections.iter().filter(|(_, other)| other.under_way == 0 && chosen(other));
        let id = *idle.min_by_key(|(_, other)| other.since)?.0;
        self.connections.remove(&id)?.replaced.cancel();
        Some(())
    }
}

impl ConnectionPermit {
    /// A request has come, or is answered.
    pub(crate) fn record_activity(&self) {
        self.change(|connection| connection.limit = IDLE);
    }

    /// A request is read to its end. Until it is answered, the connection makes no room for others; `None` where it already has.
    pub(crate) fn begin_request(self: &Arc<Self>) -> Option<ActiveRequest> {
        self.change(|connection| connection.under_way += 1).then(|| ActiveRequest(self.clone()))
    }

    /// Returns when the connection has to make room for another one.
    pub(crate) async fn replaced(&self) {
        self.replaced.cancelled().await;
    }

    /// Returns when the connection has been without a request for too long.
    pub(crate) async fn idle(&self) {
        loop {
            let left = match self.open.table().connections.get(&self.id) {
                Some(connection) if connection.under_way > 0 => connection.limit,
                Some(connection) => connection.limit.saturating_sub(connection.since.elapsed()),
                None => return,
            };
            if left.is_zero() {
                return;
            }
            sleep(left).await;
        }
    }

    fn change(&self, change: impl FnOnce(&mut Connection)) -> bool {
        let mut table = self.open.table();
        let connection = table.connections.get_mut(&self.id);
        connection.is_some_and(|connection| {
            change(connection);
            connection.since = Instant::now();
            true
        })
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        self.open.table().connections.remove(&self.id);
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct ActiveRequest(Arc<ConnectionPermit>);

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        self.0.change(|connection| connection.under_way -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: usize) -> IpAddr {
        IpAddr::V4((n as u32).into())
    }

    fn is_replaced(permit: &ConnectionPermit) -> bool {
        permit.replaced.is_cancelled()
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_without_a_request_for_the_longest_time_makes_room() {
        let open = Arc::new(Open::default());
        let mut permits = Vec::new();
        for _ in 0..MAX_PER_ADDRESS {
            permits.push(open.take(address(1)).await.unwrap());
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        let _answering = permits[0].begin_request().unwrap();
        permits[1].record_activity();
        let other = open.take(address(2)).await.unwrap();
        assert!(!permits.iter().any(|permit| is_replaced(permit)), "another address has permits of its own");
        let new = open.take(address(1)).await.unwrap();
        let replaced: Vec<usize> = (0..MAX_PER_ADDRESS).filter(|n| is_replaced(&permits[*n])).collect();
        assert_eq!(replaced, [2]);
        assert!(!is_replaced(&other) && !is_replaced(&new));
    }

    #[tokio::test]
    async fn there_is_no_room_where_every_connection_answers() {
        let open = Arc::new(Open::default());
        let mut answering = Vec::new();
        for _ in 0..MAX_PER_ADDRESS {
            answering.push(open.take(address(1)).await.unwrap().begin_request().unwrap());
        }
        assert!(open.take(address(1)).await.is_none());
        drop(answering);
        assert!(open.take(address(1)).await.is_some());
    }

    #[tokio::test]
    async fn all_addresses_together_have_so_many_permits() {
        let open = Arc::new(Open::default());
        let mut permits = Vec::new();
        for n in 0..MAX_CONNECTIONS {
            permits.push(open.take(address(n)).await.unwrap());
        }
        let new = tokio::spawn({
            let open = open.clone();
            async move { open.take(address(MAX_CONNECTIONS)).await }
        });
        permits[0].replaced().await;
        assert!(permits[0].begin_request().is_none(), "no send begins whose answer nobody gets");
        assert_eq!(permits.iter().filter(|permit| is_replaced(permit)).count(), 1);
        assert!(!new.is_finished(), "the one that it takes the place of is still open");
        permits.remove(0);
        let _new = new.await.unwrap().unwrap();
        assert_eq!(open.table().connections.len(), MAX_CONNECTIONS);
        drop((permits, _new));
        assert!(open.table().connections.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_without_a_request_and_not_while_one_is_answered() {
        let open = Arc::new(Open::default());
        let permit = open.take(address(1)).await.unwrap();
        let since = Instant::now();
        permit.idle().await;
        assert_eq!(since.elapsed(), FIRST_REQUEST);
        permit.record_activity();
        let answering = permit.begin_request().unwrap();
        let idle = tokio::spawn({
            let permit = permit.clone();
            async move { permit.idle().await }
        });
        sleep(IDLE * 5).await;
        assert!(!idle.is_finished());
        drop(answering);
        let since = Instant::now();
        idle.await.unwrap();
        assert!(since.elapsed() >= IDLE);
    }
}
