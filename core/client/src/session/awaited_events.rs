//! Lets sends wait for what the event router learns: `event_channel.rs` polls the server and applies its events to the router.
//! Each waiting send checks the router again after every change. Few sends are in flight, so waking all of them is cheap.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};
use url::Url;

use send_im_ucwa::hypermedia::Resource;
use send_im_ucwa::router::{EventRouter, InvitationProgress, MessageId, Modality, ModalityId, Outcome};

/// The event router of one application, shared by the sends that wait for its events.
pub(crate) struct AwaitedEvents {
    router: Mutex<EventRouter>,
    /// Signals a change of the router.
    changed: watch::Sender<()>,
    /// How many sends need events that the router does not expect yet.
    polling_for: AtomicUsize,
    /// Signals that the event channel is needed.
    pub(crate) poll_requested: Notify,
}

impl AwaitedEvents {
    /// For the application created at `base`.
    pub(crate) fn new(base: Url) -> Arc<Self> {
        Arc::new(Self {
            router: Mutex::new(EventRouter::new(base)),
            changed: watch::Sender::default(),
            polling_for: AtomicUsize::new(0),
            poll_requested: Notify::new(),
        })
    }

    /// True while somebody waits for an event.
    pub(crate) fn is_waiting(&self) -> bool {
        self.polling_for.load(Ordering::Acquire) > 0 || self.look(EventRouter::is_waiting)
    }

    /// True once no more events will come.
    pub(crate) fn is_closed(&self) -> bool {
        self.look(EventRouter::is_closed)
    }

    /// Ends every wait, and every later one at once: no more events will come.
    pub(crate) fn close(&self, why: &'static str) {
        self.update(|router| router.close(why));
    }

    /// Keeps the channel going while something is waited for that the router does not expect: a modality to connect, or
    /// the events of a POST that is not answered yet.
    pub(crate) fn keep_polling(&self) -> KeepPolling<'_> {
        self.polling_for.fetch_add(1, Ordering::AcqRel);
        self.poll_requested.notify_one();
        KeepPolling(self)
    }

    /// Expects the events of an invitation that is about to be posted.
    pub(crate) fn expect_invitation(self: &Arc<Self>, operation: String) -> AwaitedInvitation {
        self.router().expect_invitation(&operation);
        self.awaited(operation, |router, operation| router.forget_invitation(operation))
    }

    /// Follows the modality at `href`.
    pub(crate) fn follow_modality(self: &Arc<Self>, href: &str) -> FollowedModality {
        let id = self.router().follow_modality(href);
        self.awaited(id, EventRouter::unfollow_modality)
    }

    /// Expects the end of the message at `href`.
    pub(crate) fn expect_message(self: &Arc<Self>, href: &str) -> AwaitedMessage {
        let id = self.update(|router| router.expect_message(href));
        self.poll_requested.notify_one();
        self.awaited(id, EventRouter::abandon)
    }

    /// Expects the end of the next message of a conversation that nobody else expects.
    pub(crate) fn expect_lost_message(self: &Arc<Self>, conversation: &str) -> AwaitedMessage {
        let id = self.update(|router| router.expect_lost_message(conversation));
        self.poll_requested.notify_one();
        self.awaited(id, EventRouter::abandon)
    }

    fn awaited<Id>(self: &Arc<Self>, id: Id, forget: fn(&mut EventRouter, &Id)) -> Awaited<Id> {
        Awaited { events: self.clone(), id, forget }
    }
}

/// See [`AwaitedEvents::keep_polling`].
pub(crate) struct KeepPolling<'a>(&'a AwaitedEvents);

impl Drop for KeepPolling<'_> {
    fn drop(&mut self) {
        self.0.polling_for.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What is expected until this is dropped.
pub(crate) struct Awaited<Id> {
    events: Arc<AwaitedEvents>,
    id: Id,
    forget: fn(&mut EventRouter, &Id),
}

/// An invitation, by its operation id.
pub(crate) type AwaitedInvitation = Awaited<String>;
pub(crate) type AwaitedMessage = Awaited<MessageId>;
pub(crate) type FollowedModality = Awaited<ModalityId>;

impl<Id> Drop for Awaited<Id> {
    fn drop(&mut self) {
        (self.forget)(&mut self.events.router(), &self.id);
    }
}

impl AwaitedInvitation {
    /// Notes the `Location` of the response.
    pub(crate) fn locate(&self, href: &str) {
        self.events.router().locate_invitation(&self.id, href);
    }

    /// Applies the invitation itself. Gives true when it told something new.
    pub(crate) fn apply_fetched(&self, resource: &Resource) -> bool {
        self.events.update(|router| router.apply_fetched_invitation(&self.id, resource))
    }

    /// What is known of it.
    pub(crate) fn progress(&self) -> InvitationProgress {
        self.events.look(|router| router.invitation(&self.id).cloned()).unwrap_or_default()
    }

    /// What is known of it, once that is as `wanted`.
    pub(crate) async fn when(&self, wanted: impl Fn(&InvitationProgress) -> bool) -> InvitationProgress {
        self.events.wait_until(|router| router.invitation(&self.id).filter(|p| wanted(p)).cloned()).await
    }

    /// How it ended, once it has.
    pub(crate) async fn outcome(&self) -> Outcome {
        self.events.wait_until(|router| router.invitation(&self.id)?.outcome.clone()).await
    }
}

impl FollowedModality {
    /// What is known of it.
    pub(crate) fn get(&self) -> Modality {
        self.events.look(|router| router.modality(&self.id))
    }

    /// What is known of it, once that is as `wanted`.
    pub(crate) async fn when(&self, wanted: impl Fn(&Modality) -> bool) -> Modality {
        self.events.wait_until(|router| Some(router.modality(&self.id)).filter(&wanted)).await
    }
}

impl AwaitedMessage {
    /// How it ended, once it has.
    pub(crate) async fn outcome(&self) -> Outcome {
        self.events.wait_until(|router| router.message(&self.id).cloned()).await
    }
}

impl AwaitedEvents {
    /// Looks at the router. `look` must not use `self`.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&EventRouter) -> T) -> T {
        look(&self.router())
    }

    /// Returns what `look` finds, as soon as it finds something.
    pub(crate) async fn wait_until<T>(&self, mut look: impl FnMut(&EventRouter) -> Option<T>) -> T {
        // From here on no change is missed: one that `look` does not see yet ends the wait below.
        let mut changed = self.changed.subscribe();
        loop {
            if let Some(found) = self.look(&mut look) {
                return found;
            }
            // The sender lives as long as `self`, so it never fails.
            let _ = changed.changed().await;
        }
    }

    /// Changes the router and wakes every waiting send. `change` must not use `self`.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut EventRouter) -> T) -> T {
        let result = change(&mut self.router());
        self.changed.send_replace(());
        result
    }

    fn router(&self) -> MutexGuard<'_, EventRouter> {
        self.router.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use send_im_ucwa::events::Event;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn awaited() -> Arc<AwaitedEvents> {
        AwaitedEvents::new(Url::parse("https://pool.contoso.com/ucwa/oauth/v1/applications").unwrap())
    }

    fn completed(href: &str) -> Event {
        let event = serde_json::json!({ "link": { "rel": "message", "href": href }, "type": "completed" });
        Event::parse(&event, &("conversation".to_owned(), "/c/1".to_owned())).unwrap()
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_does_not_count() {
        let awaited = awaited();
        let invitation = awaited.expect_invitation("1".to_owned());
        assert!(awaited.is_waiting());
        drop(invitation);
        let message = awaited.expect_message("/m/1");
        assert!(awaited.is_waiting());
        drop(message);
        let polling = awaited.keep_polling();
        assert!(awaited.is_waiting());
        drop(polling);
        assert!(!awaited.is_waiting());
        let ended = awaited.expect_message("/m/2");
        awaited.update(|router| router.apply(&completed("/m/2"), None));
        assert!(!awaited.is_waiting());
        assert_eq!(ended.outcome().await, Outcome::Accepted { by: Vec::new() });
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_is_told_when_the_channel_closes() {
        let awaited = awaited();
        let (invitation, message) =
            (awaited.expect_invitation("1".to_owned()), awaited.expect_message("/m/1"));
        let modality = awaited.follow_modality("/c/1/messaging");
        let close = async { awaited.close("over") };
        let ends = async {
            tokio::join!(invitation.outcome(), message.outcome(), modality.when(|m| m.disconnected))
        };
        // The waits are begun first.
        let (ends, ()) = timeout(PATIENCE, async { tokio::join!(biased; ends, close) }).await.expect("ends");
        assert_eq!((ends.0, ends.1), (Outcome::Lost("over"), Outcome::Lost("over")));
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_right_after_a_look_is_not_missed() {
        let (awaited, mut looks) = (awaited(), 0);
        let second_look = awaited.wait_until(|_| {
            looks += 1;
            // As if somebody else had waited for the lock that this look holds.
            awaited.changed.send_replace(());
            (looks == 2).then_some(())
        });
        timeout(PATIENCE, second_look).await.expect("a second look");
    }
}
