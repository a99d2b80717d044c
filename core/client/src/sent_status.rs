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
/// let sent_status = message.sent_status();
/// // … a future of `Client::send(message)` is dropped before its end …
/// assert_eq!(sent_status.sent(), Sent::No);
/// ```
#[derive(Clone, Debug, Default)]
pub struct SentStatus(Arc<AtomicBool>);

impl SentStatus {
    /// [`Sent::No`] until the first request that carries the text begins, [`Sent::Maybe`] from then on.
    ///
    /// It does not go back: after a refused request it still says `Maybe`, though the message was not taken.
    ///
    /// ```
    /// use send_im::{Message, Sent};
    ///
    /// assert_eq!(Message::text("lenea@contoso.com", "disk full").sent_status().sent(), Sent::No);
    /// ```
    pub fn sent(&self) -> Sent {
        if self.0.load(Ordering::Acquire) { Sent::Maybe } else { Sent::No }
    }

    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn whoever_sees_that_it_left_sees_what_was_done_before() {
        let (sent_status, done) = (SentStatus::default(), AtomicUsize::new(0));
        std::thread::scope(|threads| {
            threads.spawn(|| {
                done.store(1, Ordering::Relaxed);
                sent_status.clone().begin();
            });
            for _ in 0..100 {
                if sent_status.sent() == Sent::Maybe {
                    assert_eq!(done.load(Ordering::Relaxed), 1);
                }
            }
        });
        assert_eq!(sent_status.sent(), Sent::Maybe);
    }
}
