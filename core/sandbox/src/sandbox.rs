//! The sandbox as a Rust value.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use crate::address;
use crate::behaviour::Behaviour;
use crate::builder::Builder;
use crate::faults::Fault;
use crate::inbox::{Delivered, WaitTimeout};
use crate::journal::Exchange;
use crate::layout::ChallengeStyle;
use crate::world::World;

/// So long connections may take to end by themselves when the sandbox stops.
const GRACE: Duration = Duration::from_secs(1);

/// A running UCWA server. Dropping it stops it at once; [`Sandbox::stop`] lets open requests end first.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) world: Arc<World>,
    pub(crate) url: String,
    pub(crate) ca_pem: Option<String>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // In this order: whoever waits must not answer that the sandbox is closing.
        self.world.stopped.cancel();
        self.world.closing.cancel();
    }
}

impl Sandbox {
    /// Starts a sandbox with plain http on 127.0.0.1 and a free port: one pool, 30 s ring time.
    ///
    /// It runs on the Tokio runtime this is called on.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A sandbox that differs from [`Sandbox::start`].
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The discovery root, for example `http://127.0.0.1:41234/`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate of the authority that clients have to trust, as PEM; none with plain http.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// What was delivered to this address, oldest first. It matches the address that was asked for as well
    /// as the one that accepted. `sip:` is optional, case does not matter.
    #[must_use]
    pub fn inbox(&self, address: &str) -> Vec<Delivered> {
        self.world.inbox.of(address)
    }

    /// Everything that was delivered, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<Delivered> {
        self.world.inbox.all()
    }

    /// Forgets what was delivered.
    pub fn clear_messages(&self) {
        self.world.inbox.clear();
    }

    /// Waits until so many messages in total are delivered, and gives them all.
    ///
    /// # Errors
    /// Fewer were delivered in this time.
    pub async fn wait_for(&self, count: usize, timeout: Duration) -> Result<Vec<Delivered>, WaitTimeout> {
        self.world.inbox.wait_for(count, timeout).await
    }

    /// One item for each message delivered from now on. A receiver that falls 1024 items behind loses the
    /// oldest and is told so.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Delivered> {
        self.world.inbox.subscribe()
    }

    /// Every request received on every origin, oldest first; the last 100,000 are kept.
    #[must_use]
    pub fn journal(&self) -> Vec<Exchange> {
        self.world.journal.all()
    }

    /// Forgets the requests received.
    pub fn clear_journal(&self) {
        self.world.journal.clear();
    }

    /// How many applications are open.
    #[must_use]
    pub fn open_applications(&self) -> usize {
        self.world.open_applications()
    }

    /// How many requests wait for events.
    #[must_use]
    pub fn pending_gets(&self) -> usize {
        self.world.pending_gets()
    }

    /// Puts these faults in the place of all others.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.world.faults.set(faults);
    }

    /// Adds a fault behind the others.
    pub fn add_fault(&self, fault: Fault) {
        self.world.faults.add([fault]);
    }

    /// Takes all faults away; origins that refuse connections take them again.
    pub fn clear_faults(&self) {
        self.world.faults.set(Vec::new());
        self.world.open_doors();
    }

    /// Refuses connections to one origin for this time and closes the open ones: 0 is the discovery root, 1 the second
    /// pool. When it returns, connections are refused; [`clear_faults`](Self::clear_faults) takes them again earlier.
    pub async fn refuse_connections(&self, pool: usize, time: Duration) {
        self.world.door(pool).refuse(time, None).await;
    }

    /// Another origin takes over: discovery leads to it from now on, with [`Layout::TwoPools`](crate::Layout). The applications of the
    /// old one stay there, out of reach.
    pub fn move_home(&self, pool: usize) {
        self.world.move_home(pool);
    }

    /// Closes the connections of one origin; so many new ones get a certificate that nobody trusts.
    pub fn distrust_connections(&self, pool: usize, connections: u32) {
        self.world.door(pool).distrust(connections, None);
    }

    /// The faults that still wait for their request.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.world.faults.all()
    }

    /// Changes the form of the challenge.
    pub fn set_challenge(&self, style: ChallengeStyle) {
        *self.world.challenge.lock() = style;
    }

    /// Makes one address behave otherwise than its local part says, from the next invitation on.
    pub fn recipient(&self, address: &str, behaviour: Behaviour) {
        self.world.set_behaviour(address, behaviour);
    }

    /// A token for this user that is good on every origin, for clients that bring their own.
    #[must_use]
    pub fn issue_token(&self, address: &str) -> String {
        let user = address::from_sign_in_name(address);
        self.world.tickets.issue(user, None, self.world.config.token_lifetime)
    }

    /// Makes every token worthless, those of [`Sandbox::issue_token`] too.
    pub fn revoke_tokens(&self) {
        self.world.tickets.revoke_all();
    }

    /// Ends every application: its requests find nothing from now on.
    pub fn drop_applications(&self) {
        self.world.end_applications();
    }

    /// Answers the next request for events of each application, or the one that waits, with a resync alone.
    pub fn force_resync(&self) {
        self.world.force_resync();
    }

    /// Ends the conversations of each application without an event, and answers the next request for
    /// events, or the one that waits, with `resume` in the place of `next`.
    pub fn force_resume(&self) {
        self.world.force_resume();
    }

    /// The other side closes every connected conversation.
    pub fn end_conversations(&self) {
        self.world.end_conversations();
    }

    /// Messaging ends in every connected conversation; the conversations stay and offer addMessaging.
    pub fn disconnect_messaging(&self) {
        self.world.disconnect_messaging();
    }

    /// Stops: no new connection, requests for events are answered with 503, the others end by themselves
    /// or are cut off after a second.
    pub async fn stop(self) {
        self.world.closing.cancel();
        self.world.tasks.close();
        // What has not ended by itself then is cut off.
        let _ = tokio::time::timeout(GRACE, self.world.tasks.wait()).await;
        self.world.stopped.cancel();
        self.world.tasks.wait().await;
    }
}
