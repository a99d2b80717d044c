//! Ending one call early.

use std::future::Future;

use send_im::{Error, Sent};
use tokio_util::sync::CancellationToken;

/// Runs `work` until it ends or is cancelled. `sent` is asked at that moment.
///
/// # Errors
/// Those of the work, or `cancelled`.
pub async fn unless_cancelled<T, E: From<Error>>(
    cancellation: Option<CancellationToken>,
    sent: impl FnOnce() -> Sent,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let Some(cancellation) = cancellation else { return work.await };
    tokio::select! {
        // In this order: once cancelled, the work takes no further step.
        biased;
        () = cancellation.cancelled() => Err(cancelled(sent()).into()),
        result = work => result,
    }
}

fn cancelled(sent: Sent) -> Error {
    let detail = match sent {
        Sent::No => "The program cancelled the call before the message had left.",
        Sent::Maybe => "The program cancelled the call; the message may have arrived before.",
    };
    Error::cancelled(detail, sent)
}

#[cfg(test)]
mod tests {
    use send_im::{ErrorKind, Result};

    use super::*;

    async fn forever() -> Result<()> {
        std::future::pending().await
    }

    #[tokio::test]
    async fn a_call_without_a_switch_runs_to_its_end() {
        assert_eq!(unless_cancelled(None, || Sent::No, async { Ok::<_, Error>(7) }).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_switch_used_before_keeps_the_call_from_beginning() {
        let cancellation = CancellationToken::new();
        cancellation.cancel();
        let work = async { panic!("it has begun") };
        let result: Result<()> = unless_cancelled(Some(cancellation), || Sent::No, work).await;
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Cancelled, Sent::No));
    }

    #[tokio::test]
    async fn a_switch_used_during_the_call_ends_it() {
        let cancellation = CancellationToken::new();
        let call = tokio::spawn(unless_cancelled(Some(cancellation.clone()), || Sent::Maybe, forever()));
        tokio::task::yield_now().await;
        cancellation.cancel();
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(
            (error.kind(), error.sent(), error.kind().exit_code()),
            (ErrorKind::Cancelled, Sent::Maybe, 130)
        );
    }
}
