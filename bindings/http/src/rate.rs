//! How often one client address may ask.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::StatusCode;
use send_im::ErrorKind;

use crate::problem::Problem;

/// So much time's worth of requests may come at once.
const BURST: Duration = Duration::from_secs(10);
/// Beyond so many addresses, those that have their whole allowance again are forgotten.
const MANY: usize = 10_000;

/// An allowance for each client address that fills up as time goes by.
#[derive(Debug)]
pub(crate) struct Rate {
    /// What one request takes off the allowance; `None` sets no limit.
    cost: Option<Duration>,
    /// When each client has its whole allowance again.
    full_at: Mutex<HashMap<IpAddr, Instant>>,
}

impl Rate {
    /// 0 sets no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        Self { cost: Duration::from_secs(1).checked_div(per_second), full_at: Mutex::default() }
    }

    /// Takes one request of this client off its allowance.
    ///
    /// # Errors
    /// 429 where there is none left.
    pub(crate) fn allow(&self, client: IpAddr) -> Result<(), Problem> {
        self.take(client, Instant::now()).map_err(|wait| {
            let detail = "This client asks too often; nothing was sent.";
            let refused = Problem::refused(StatusCode::TOO_MANY_REQUESTS, ErrorKind::Throttled, detail);
            refused.retry_after(wait.as_secs_f64().ceil() as u64)
        })
    }

    /// Takes one request off the allowance.
    ///
    /// # Errors
    /// The time to wait where there is none left.
    fn take(&self, client: IpAddr, now: Instant) -> Result<(), Duration> {
        let Some(cost) = self.cost else { return Ok(()) };
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= MANY {
            full_at.retain(|_, at| *at > now);
        }
        let at = full_at.entry(network(client)).or_insert(now);
        let then = now.max(*at) + cost;
        let wait = then.saturating_duration_since(now + BURST);
        if wait.is_zero() {
            *at = then;
            return Ok(());
        }
        Err(wait)
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
        assert_eq!(rate.take(client, now), Err(Duration::from_millis(500)));
        assert_eq!(rate.take(address("192.0.2.2"), now), Ok(()), "another client has its own");
        assert_eq!(rate.take(client, now + Duration::from_millis(600)), Ok(()));
        assert_eq!(rate.take(client, now + Duration::from_millis(600)), Err(Duration::from_millis(400)));
    }

    #[test]
    fn a_machine_has_one_allowance_for_all_its_ipv6_addresses() {
        let (rate, now) = (Rate::new(1), Instant::now());
        for n in 0..10 {
            assert_eq!(rate.take(address(&format!("2001:db8::{n}")), now), Ok(()));
        }
        assert!(rate.take(address("2001:db8::99"), now).is_err());
        assert_eq!(rate.take(address("2001:db8:0:1::1"), now), Ok(()));
    }

    #[test]
    fn addresses_with_their_whole_allowance_are_forgotten() {
        let (rate, now) = (Rate::new(1), Instant::now());
        for n in 0..MANY as u32 {
            rate.take(IpAddr::V4(n.into()), now).unwrap();
        }
        rate.take(address("192.0.2.1"), now + Duration::from_secs(60)).unwrap();
        assert_eq!(rate.full_at.lock().unwrap().len(), 1);
    }

    #[test]
    fn zero_is_no_limit() {
        let (rate, now) = (Rate::new(0), Instant::now());
        assert!((0..1000).all(|_| rate.take(address("192.0.2.1"), now).is_ok()));
    }
}
