//! Collects the checks, and tells each as it is made.

use super::check::{Check, CheckOutcome};

pub(super) type OnCheck<'a> = &'a (dyn Fn(&Check) + Send + Sync);

pub(super) struct Report<'a> {
    pub(super) checks: Vec<Check>,
    on_check: OnCheck<'a>,
}

impl<'a> Report<'a> {
    pub(super) fn new(on_check: OnCheck<'a>) -> Self {
        Self { checks: Vec::new(), on_check }
    }

    pub(super) fn add(&mut self, check: Check) {
        tracing::debug!(target: "send_im", check = check.name.as_str(), outcome = check.outcome.as_str(), "checked");
        (self.on_check)(&check);
        self.checks.push(check);
    }

    pub(super) fn has_failed(&self) -> bool {
        self.checks.iter().any(|check| check.outcome == CheckOutcome::Failed)
    }
}
