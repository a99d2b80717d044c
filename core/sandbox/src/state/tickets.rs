//! Web tickets: whose token it is, for which origin, until when.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use tokio::time::Instant;
use uuid::Uuid;

use crate::sync::Mutex;

/// Whether a token is valid at an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TicketStatus {
    /// Valid; the token of this address.
    Valid(String),
    /// Issued by another origin.
    OtherOrigin,
    /// Unknown, expired or revoked.
    Invalid,
}

struct Ticket {
    user: String,
    /// The origin that issued it; none if it is valid at every origin.
    pool: Option<usize>,
    expires: Instant,
}

/// The tokens that are valid now. Tokens are secrets: no `Debug` shows them.
#[derive(Default)]
pub(crate) struct Tickets(Mutex<HashMap<String, Ticket>>);

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tickets").field("valid", &self.0.lock().len()).finish()
    }
}

impl Tickets {
    /// Issues a token for this user, valid at the origin `pool` or at every origin.
    pub(crate) fn issue(&self, user: String, pool: Option<usize>, lifetime: Duration) -> String {
        let random: Vec<u8> = (0..3).flat_map(|_| Uuid::new_v4().into_bytes()).collect();
        let token = format!("cwt={}", STANDARD_NO_PAD.encode(random));
        let now = Instant::now();
        let mut tickets = self.0.lock();
        // Only where the map would grow: to search it for expired tickets at each issue would cost more.
        if tickets.len() == tickets.capacity() {
            tickets.retain(|_, ticket| ticket.expires > now);
        }
        tickets.insert(token.clone(), Ticket { user, pool, expires: now + lifetime });
        token
    }

    /// Whether this token is valid at this origin.
    pub(crate) fn status(&self, token: &str, pool: usize) -> TicketStatus {
        match self.0.lock().get(token) {
            Some(ticket) if ticket.expires <= Instant::now() => TicketStatus::Invalid,
            Some(ticket) if ticket.pool.is_some_and(|issuer| issuer != pool) => TicketStatus::OtherOrigin,
            Some(ticket) => TicketStatus::Valid(ticket.user.clone()),
            None => TicketStatus::Invalid,
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
    fn a_token_is_valid_at_the_origin_that_issued_it() {
        let tickets = Tickets::default();
        let bound = tickets.issue("a@b".to_owned(), Some(0), HOUR);
        let free = tickets.issue("a@b".to_owned(), None, HOUR);
        assert_eq!(tickets.status(&bound, 0), TicketStatus::Valid("a@b".to_owned()));
        assert_eq!(tickets.status(&bound, 1), TicketStatus::OtherOrigin);
        assert_eq!(tickets.status(&free, 1), TicketStatus::Valid("a@b".to_owned()));
        tickets.revoke_all();
        assert_eq!(tickets.status(&free, 1), TicketStatus::Invalid);
    }

    #[test]
    fn a_token_expires() {
        let tickets = Tickets::default();
        let token = tickets.issue("a@b".to_owned(), None, Duration::ZERO);
        assert_eq!(tickets.status(&token, 0), TicketStatus::Invalid);
        assert!(!format!("{tickets:?}").contains(&token));
    }
}
