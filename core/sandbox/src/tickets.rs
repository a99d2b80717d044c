//! Web tickets: which token stands for whom, where and how long.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::time::Instant;
use uuid::Uuid;

use crate::sync::Guarded;

/// What a token is worth at an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Worth {
    /// It stands for this address.
    User(String),
    /// It was issued by another origin.
    Foreign,
    /// It is unknown, expired or revoked.
    Nothing,
}

struct Ticket {
    user: String,
    /// The origin that issued it; none if it is good everywhere.
    pool: Option<usize>,
    expires: Instant,
}

/// The tokens that are valid now. Tokens are secrets: no `Debug` shows them.
#[derive(Default)]
pub(crate) struct Tickets(Guarded<HashMap<String, Ticket>>);

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tickets").field("valid", &self.0.lock().len()).finish()
    }
}

impl Tickets {
    /// Issues a token for this user; `pool` is the one origin it is good for.
    pub(crate) fn issue(&self, user: String, pool: Option<usize>, lifetime: Duration) -> String {
        let random: Vec<u8> = (0..3).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
        let token = format!("cwt={}", STANDARD_NO_PAD.encode(random));
        let now = Instant::now();
        let mut tickets = self.0.lock();
        // Looking through all of them each time would cost more than the old ones do.
        if tickets.len() == tickets.capacity() {
            tickets.retain(|_, ticket| ticket.expires > now);
        }
        tickets.insert(token.clone(), Ticket { user, pool, expires: now + lifetime });
        token
    }

    /// What this token is worth at this origin.
    pub(crate) fn worth(&self, token: &str, pool: usize) -> Worth {
        match self.0.lock().get(token) {
            Some(ticket) if ticket.expires <= Instant::now() => Worth::Nothing,
            Some(ticket) if ticket.pool.is_some_and(|issuer| issuer != pool) => Worth::Foreign,
            Some(ticket) => Worth::User(ticket.user.clone()),
            None => Worth::Nothing,
        }
    }

    pub(crate) fn revoke_all(&self) {
        self.0.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_token_is_good_at_the_origin_that_issued_it() {
        let tickets = Tickets::default();
        let bound = tickets.issue("a@b".to_owned(), Some(0), HOUR);
        let free = tickets.issue("a@b".to_owned(), None, HOUR);
        assert_eq!(tickets.worth(&bound, 0), Worth::User("a@b".to_owned()));
        assert_eq!(tickets.worth(&bound, 1), Worth::Foreign);
        assert_eq!(tickets.worth(&free, 1), Worth::User("a@b".to_owned()));
        tickets.revoke_all();
        assert_eq!(tickets.worth(&free, 1), Worth::Nothing);
    }

    #[test]
    fn a_token_ends() {
        let tickets = Tickets::default();
        let token = tickets.issue("a@b".to_owned(), None, Duration::ZERO);
        assert_eq!(tickets.worth(&token, 0), Worth::Nothing);
        assert!(!format!("{tickets:?}").contains(&token));
    }
}
