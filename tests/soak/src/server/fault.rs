//! What may go wrong with one request on its way.

use std::fmt;
use std::time::Duration;

use super::gateway::Gateway;
use crate::chance::Chance;

/// The kinds of fault, and how often each comes in relation to the others.
pub(crate) const KINDS: [(&str, u64); 6] =
    [("answer", 40), ("cut", 20), ("delay", 15), ("truncate", 10), ("late", 10), ("swallow", 5)];

/// Faults per thousand requests.
const FREQUENCY: u64 = 60;

/// Failed attempts to close a session after which the next DELETE goes through: a client that asks three times closes it.
const MAX_FAILED_DELETES: usize = 2;

/// What happens to one request and to its answer.
pub(crate) struct Fault {
    pub(crate) kind: &'static str,
    /// When the request is forwarded; `None` for never.
    pub(crate) forward_after: Option<Duration>,
    /// How much longer the client waits for its reply.
    pub(crate) hold: Duration,
    pub(crate) reply: Reply,
}

/// What the client gets.
pub(crate) enum Reply {
    /// The server's answer.
    Genuine,
    /// Half of the server's answer, with the length of the whole or of the half in its head.
    Half {
        looks_complete: bool,
    },
    Gateway(Gateway),
    /// The connection ends; over HTTP/2 perhaps only the stream.
    Disconnect {
        whole_connection: bool,
    },
}

impl Fault {
    /// The fault of the next request on this route, if it is to have one.
    pub(crate) fn next(
        chance: &mut Chance,
        kinds: &[(&'static str, u64)],
        route: &str,
        failed_deletes: usize,
    ) -> Option<Self> {
        if kinds.is_empty() || !chance.permille(FREQUENCY) || failed_deletes >= MAX_FAILED_DELETES {
            return None;
        }
        let kind = chance.weighted(kinds);
        let at_once = Some(Duration::ZERO);
        let perhaps = at_once.filter(|_| chance.permille(500));
        let disconnect = Reply::Disconnect { whole_connection: chance.permille(500) };
        let (forward_after, hold, reply) = match kind {
            "answer" => (perhaps, Duration::ZERO, Reply::Gateway(Gateway::any(chance))),
            "cut" => (perhaps, Duration::ZERO, disconnect),
            "delay" => (Some(chance.millis(0..1500)), chance.millis(0..1500), Reply::Genuine),
            "truncate" => (at_once, Duration::ZERO, Reply::Half { looks_complete: chance.permille(500) }),
            "late" => (Some(chance.millis(200..8000)), Duration::ZERO, disconnect),
            // The client waits for these as long as the message's timeout allows.
            "swallow" if matches!(route, "invite" | "message" | "events") => {
                (perhaps, chance.millis(5000..20_000), disconnect)
            }
            "swallow" => (perhaps, chance.millis(1000..3000), disconnect),
            kind => unreachable!("{kind}"),
        };
        Some(Self { kind, forward_after, hold, reply })
    }

    /// True when the request is forwarded before the client gets its reply.
    pub(crate) fn forwards_at_once(&self) -> bool {
        self.forward_after == Some(Duration::ZERO)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reply {
            Reply::Gateway(gateway) => write!(f, "answered {gateway}")?,
            Reply::Half { looks_complete: true } => write!(f, "truncate, as if complete")?,
            _ => write!(f, "{}", self.kind)?,
        }
        match self.forward_after {
            None => write!(f, ", not forwarded"),
            Some(Duration::ZERO) => write!(f, ", forwarded"),
            Some(late) => write!(f, ", forwarded after {} ms", late.as_millis()),
        }
    }
}
