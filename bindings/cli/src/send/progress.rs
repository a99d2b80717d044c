//! How far sending to many has come, for a person who watches.

use indicatif::{ProgressBar, ProgressDrawTarget};

/// A bar on standard error, where that is a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(messages: usize, wanted: bool) -> Self {
        let target = if wanted { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(messages as u64), target);
        bar.tick();
        Self(bar)
    }

    /// One more has ended; what is printed of it does not meet the bar.
    pub(super) fn ended(&self, print: impl FnOnce()) {
        self.0.suspend(print);
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
