//! A switch that ends one call, for hosts whose tasks cannot drop a future of ours.

use std::sync::Arc;

use send_im::{ErrorKind, Sent};
use tokio_util::sync::CancellationToken;

use crate::failure::{Result, SendError};

/// Ends the call it was given to. It is made for one call and used once.
///
/// A cancelled call ends at once with the kind `cancelled`. Its `sent` is `no` if the text cannot have left, else
/// `maybe`. An invitation that rings is withdrawn in the background.
#[derive(Debug, Default, uniffi::Object)]
pub struct Cancellation(CancellationToken);

#[uniffi::export]
impl Cancellation {
    /// A switch that has not been used.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Ends the call; before the call begins, keeps it from beginning. May be called again, from any thread.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// Runs `work` until it ends or is cancelled. `sent` is asked at that moment.
pub(crate) async fn unless_cancelled<T>(
    cancellation: Option<Arc<Cancellation>>,
    sent: impl FnOnce() -> Sent,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let Some(cancellation) = cancellation else { return work.await };
    tokio::select! {
        // In this order: once cancelled, the work takes no further step.
        biased;
        () = cancellation.0.cancelled() => Err(cancelled(sent())),
        result = work => result,
    }
}

fn cancelled(sent: Sent) -> SendError {
    let detail = match sent {
        Sent::No => "The program cancelled the call before the message had left.",
        Sent::Maybe => "The program cancelled the call; the message may have arrived before.",
    };
    SendError::local(ErrorKind::Cancelled, detail, sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn forever() -> Result<()> {
        std::future::pending().await
    }

    #[tokio::test]
    async fn a_call_without_a_switch_runs_to_its_end() {
        assert_eq!(unless_cancelled(None, || Sent::No, async { Ok(7) }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_switch_used_before_keeps_the_call_from_beginning() {
        let cancellation = Cancellation::new();
        cancellation.cancel();
        let work = async { panic!("it has begun") };
        let result: Result<()> = unless_cancelled(Some(cancellation), || Sent::No, work).await;
        let failure = result.unwrap_err().into_failure();
        assert_eq!((failure.kind.as_str(), failure.sent.as_str()), ("cancelled", "no"));
    }

    #[tokio::test]
    async fn a_switch_used_during_the_call_ends_it() {
        let cancellation = Cancellation::new();
        let call = tokio::spawn(unless_cancelled(Some(cancellation.clone()), || Sent::Maybe, forever()));
        tokio::task::yield_now().await;
        cancellation.cancel();
        let failure = call.await.unwrap().unwrap_err().into_failure();
        assert_eq!(
            (failure.kind.as_str(), failure.sent.as_str(), failure.exit_code),
            ("cancelled", "maybe", 130)
        );
    }
}
