//! What a recipient does with an invitation.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::values::address;
use crate::values::time::millis;

/// What a recipient does, after [`Builder::answer_after`](crate::Builder::answer_after) unless another time is given. Without
/// an override it follows from the local part of the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Behaviour {
    /// Accepts.
    Accept,
    /// Accepts after this time; after the ring time the invitation has timed out.
    AcceptAfter(#[serde(with = "millis")] Duration),
    /// Declines: RemoteFailure/Declined.
    Decline,
    /// Lets it ring: RemoteFailure/Timeout after the ring time.
    NoAnswer,
    /// Does not want to be disturbed: RemoteFailure/DoNotDisturb.
    Busy,
    /// Is signed out: RemoteFailure/TemporarilyUnavailable.
    Offline,
    /// Does not exist: NotFound/DestinationNotFound.
    Unknown,
    /// Is answered by someone else, at this address.
    ForwardTo(String),
    /// Accepts, then the message fails: RemoteFailure/NotAllowed, for a text in the invitation and
    /// for each later message.
    Drop,
    /// Accepts and sends every text back.
    Echo,
}

impl Behaviour {
    /// The behaviour that belongs to the local part of an address; `slow` is the delay of `slow@`.
    pub(crate) fn of(recipient: &str, slow: Duration) -> Self {
        match address::local_part(recipient).as_str() {
            "slow" => Self::AcceptAfter(slow),
            "declines" => Self::Decline,
            "silent" => Self::NoAnswer,
            "busy" => Self::Busy,
            "offline" => Self::Offline,
            "unknown" => Self::Unknown,
            "forwards" => Self::ForwardTo(format!("colleague@{}", address::domain(recipient))),
            "drops" => Self::Drop,
            "echo" => Self::Echo,
            _ => Self::Accept,
        }
    }
}
