//! How often one client address may ask.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use axum::http::StatusCode;
use send_im::ErrorKind;

use crate::guard::Peer;
use crate::problem::Problem;

/// So many seconds' worth of requests may come at once.
const BURST_SECONDS: f64 = 10.0;
/// Beyond so many addresses, those that have their whole allowance again are forgotten.
const MANY: usize = 10_000;

/// An allowance for each client address that fills up as time goes by.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: f64,
    spent: Mutex<HashMap<IpAddr, Allowance>>,
}

#[derive(Debug)]
struct Allowance {
    left: f64,
    at: Instant,
}

impl Rate {
    /// 0 sets no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.into(), spent: Mutex::default() }
    }

    /// Takes one request of this client off its allowance.
    ///
    /// # Errors
    /// 429 where there is none left.
    pub(crate) fn allow(&self, peer: &Peer) -> Result<(), Problem> {
        self.take(peer.address, Instant::now()).map_err(|seconds| {
            let detail = "This client asks too often; nothing was sent.";
            Problem::refused(StatusCode::TOO_MANY_REQUESTS, ErrorKind::Throttled, detail).retry_after(seconds)
        })
    }

    /// Takes one request off the allowance.
    ///
    /// # Errors
    /// The whole seconds to wait where there is none left.
    pub(crate) fn take(&self, client: IpAddr, now: Instant) -> Result<(), u64> {
        if self.per_second == 0.0 {
            return Ok(());
        }
        let full = self.per_second * BURST_SECONDS;
        let refilled = |a: &Allowance| {
            (a.left + now.saturating_duration_since(a.at).as_secs_f64() * self.per_second).min(full)
        };
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.len() >= MANY {
            spent.retain(|_, allowance| refilled(allowance) < full);
        }
        let allowance = spent.entry(network(client)).or_insert(Allowance { left: full, at: now });
        allowance.left = refilled(allowance);
        allowance.at = now;
        if allowance.left < 1.0 {
            return Err(((1.0 - allowance.left) / self.per_second).ceil().max(1.0) as u64);
        }
        allowance.left -= 1.0;
        Ok(())
    }
}

/// One machine has a whole /64 of IPv6 to itself.
pub(crate) fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_allowance_is_spent_and_fills_up() {
        let (rate, now, client) = (Rate::new(2), Instant::now(), address("192.0.2.1"));
        for _ in 0..20 {
            assert_eq!(rate.take(client, now), Ok(()));
        }
        assert_eq!(rate.take(client, now), Err(1));
        assert_eq!(rate.take(address("192.0.2.2"), now), Ok(()), "another client has its own");
        assert_eq!(rate.take(client, now + Duration::from_millis(600)), Ok(()));
        assert_eq!(rate.take(client, now + Duration::from_millis(600)), Err(1));
    }

    #[test]
    fn a_machine_has_one_allowance_for_all_its_ipv6_addresses() {
        let (rate, now) = (Rate::new(1), Instant::now());
        for n in 0..10 {
            assert_eq!(rate.take(address(&format!("2001:db8::{n}")), now), Ok(()));
        }
        assert_eq!(rate.take(address("2001:db8::99"), now), Err(1));
        assert_eq!(rate.take(address("2001:db8:0:1::1"), now), Ok(()));
    }

    #[test]
    fn addresses_with_their_whole_allowance_are_forgotten() {
        let (rate, now) = (Rate::new(1), Instant::now());
        for n in 0..MANY as u32 {
            rate.take(IpAddr::V4(n.into()), now).unwrap();
        }
        rate.take(address("192.0.2.1"), now + Duration::from_secs(60)).unwrap();
        assert_eq!(rate.spent.lock().unwrap().len(), 1);
    }

    #[test]
    fn zero_is_no_limit() {
        let (rate, now) = (Rate::new(0), Instant::now());
        assert!((0..1000).all(|_| rate.take(address("192.0.2.1"), now).is_ok()));
    }
}
