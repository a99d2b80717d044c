//! Points in time and durations as JSON carries them: whole milliseconds.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};

/// Milliseconds since 1970 (UTC).
pub(crate) fn unix_millis(time: SystemTime) -> u64 {
    whole(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Serializes a point in time as [`unix_millis`].
pub(crate) fn serialize_unix_millis<S: Serializer>(time: &SystemTime, to: S) -> Result<S::Ok, S::Error> {
    unix_millis(*time).serialize(to)
}

fn whole(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Durations as whole milliseconds, for `#[serde(with)]`.
pub(crate) mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::values::time::whole;

    pub(crate) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
        whole(*value).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_millis)
    }
}
