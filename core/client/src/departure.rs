//! Whether a message can have left this program: what a caller needs who stops waiting for a send.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Sent;

/// Tells whether the text of a message can have left, also after the send was dropped.
///
/// ```
/// use send_im::{Message, Sent};
///
/// let message = Message::text("lenea@contoso.com", "disk full");
/// let departure = message.departure();
/// // … a future of `Client::send(message)` is dropped before its end …
/// assert_eq!(departure.sent(), Sent::No);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Departure(Arc<AtomicBool>);

impl Departure {
    /// [`Sent::No`] until the first request that carries the text begins, [`Sent::Maybe`] from then on.
    ///
    /// It does not go back: after a refused request it still says `Maybe`, though the message was not taken.
    pub fn sent(&self) -> Sent {
        if self.0.load(Ordering::Acquire) { Sent::Maybe } else { Sent::No }
    }

    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }
}
