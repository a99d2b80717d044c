//! A switch that ends one call, for hosts whose tasks cannot drop a future of ours.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

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

/// What the runtime watches.
pub(crate) fn token(cancellation: Option<Arc<Cancellation>>) -> Option<CancellationToken> {
    cancellation.map(|switch| switch.0.clone())
}
