//! What a fault does to events.

use std::time::Duration;

use serde_json::Value;

use crate::values::fault::Action;

/// How the events of one invitation, or of one response of the event channel, are changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct EventFaults {
    pub(crate) duplicated: bool,
    pub(crate) bare: bool,
    pub(crate) completed_only: bool,
    pub(crate) early: bool,
    pub(crate) delay: Option<Duration>,
}

impl From<Option<Action>> for EventFaults {
    fn from(action: Option<Action>) -> Self {
        let mut faults = Self::default();
        match action {
            Some(Action::DuplicateEvents) => faults.duplicated = true,
            Some(Action::BareEvents) => faults.bare = true,
            Some(Action::SkipStates) => faults.completed_only = true,
            Some(Action::EarlyEvents) => faults.early = true,
            Some(Action::DelayEvents { time }) => faults.delay = Some(time),
            _ => {}
        }
        faults
    }
}

impl EventFaults {
    /// The event as it is to be sent: not at all, once or twice.
    pub(crate) fn apply(self, mut event: Value) -> Vec<Value> {
        if self.completed_only && event["type"] != "completed" {
            return Vec::new();
        }
        if let (true, Some(members)) = (self.bare, event.as_object_mut()) {
            members.remove("_embedded");
        }
        if self.duplicated { vec![event.clone(), event] } else { vec![event] }
    }
}
