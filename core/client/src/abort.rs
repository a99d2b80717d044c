//! A task that ends with whoever waits for it, until it may go on alone.

use tokio::task::AbortHandle;

/// Ends a task when dropped.
pub(crate) struct AbortOnDrop(Option<AbortHandle>);

impl AbortOnDrop {
    pub(crate) fn of(task: AbortHandle) -> Self {
        Self(Some(task))
    }

    /// Lets the task go on.
    pub(crate) fn release(mut self) {
        self.0 = None;
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Under Miri it also shows that nothing of the task is kept.
    #[test]
    fn a_released_task_goes_on_and_another_ends() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let goes_on = tokio::spawn(async { 7 });
            AbortOnDrop::of(goes_on.abort_handle()).release();
            assert_eq!(goes_on.await.unwrap(), 7);
            let ends = tokio::spawn(std::future::pending::<()>());
            drop(AbortOnDrop::of(ends.abort_handle()));
            assert!(ends.await.unwrap_err().is_cancelled());
        });
    }
}
