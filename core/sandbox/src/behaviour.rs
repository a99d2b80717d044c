//! What a recipient does with an invitation.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::address;

/// What a recipient does, after [`Builder::answer_after`](crate::Builder::answer_after) where no other time is said. Without
/// an override it follows from the local part of the address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Behaviour {
    /// Accepts.
    Accept,
    /// Accepts after this time; after the ring time nobody is there any more.
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

/// Durations as whole milliseconds.
pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
