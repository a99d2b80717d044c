//! Steps and requests for tokens without callbacks: they lie in a mailbox until a bell has called the host to it.
//!
//! For hosts such as Ruby, see `bell.rs`. Nothing here calls into the host, so it may end, or fork, at any time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use send_im_runtime::{Generation, lock};

use crate::account::{AccountOptions, StepListener, TokenProvider, TokenReply, TokenRequestRecord};
use crate::bell::ring;
use crate::client::{self, SignedInClient};
use crate::failure::Result;
use crate::records::{MessageOptions, ReceiptRecord, StepRecord};

/// The code a bell rings with when something lies in the mailbox. UniFFI's own codes are 0 and 1.
const MAIL: i8 = 2;

/// Someone waits for a token.
#[derive(uniffi::Record)]
pub struct TokenAsked {
    /// What it is wanted for.
    pub request: TokenRequestRecord,
    /// Where it is put.
    pub reply: Arc<TokenReply>,
}

/// Keeps finished steps and requests for tokens until the host takes them.
#[derive(uniffi::Object)]
pub struct Mailbox {
    generation: &'static Generation,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    steps: VecDeque<StepRecord>,
    tokens: VecDeque<TokenAsked>,
    bells: Vec<u64>,
}

#[uniffi::export]
impl Mailbox {
    /// An empty mailbox.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Mailbox { generation: Generation::current(), kept: Mutex::default() })
    }

    /// Rings this bell from now on, given by its handle. The one attached last is rung; at once, if there is mail.
    pub fn attach(&self, bell: u64) {
        let waiting = {
            let mut kept = lock(&self.kept);
            kept.bells.push(bell);
            !kept.steps.is_empty() || !kept.tokens.is_empty()
        };
        if waiting {
            ring(bell, MAIL);
        }
    }

    /// Rings this bell no more.
    pub fn detach(&self, bell: u64) {
        lock(&self.kept).bells.retain(|attached| *attached != bell);
    }

    /// The steps that have finished since the last call, oldest first.
    pub fn take_steps(&self) -> Vec<StepRecord> {
        std::mem::take(&mut lock(&self.kept).steps).into()
    }

    /// Who waits for a token and was not handed out yet.
    pub fn take_tokens(&self) -> Vec<TokenAsked> {
        std::mem::take(&mut lock(&self.kept).tokens).into()
    }
}

impl Mailbox {
    fn put(&self, letter: impl FnOnce(&mut Kept)) {
        let bell = {
            let mut kept = lock(&self.kept);
            letter(&mut kept);
            kept.bells.last().copied()
        };
        if let Some(bell) = bell {
            ring(bell, MAIL);
        }
    }
}

impl StepListener for Mailbox {
    fn on_step(&self, record: StepRecord) -> Result<()> {
        self.put(|kept| kept.steps.push_back(record));
        Ok(())
    }
}

impl TokenProvider for Mailbox {
    fn request_token(&self, request: TokenRequestRecord, reply: Arc<TokenReply>) -> Result<()> {
        self.put(|kept| kept.tokens.push_back(TokenAsked { request, reply }));
        Ok(())
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        if self.generation.is_foreign() {
            // Dropping a reply wakes a task of the parent, whose locks may be held by threads that are not here.
            let kept = self.kept.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
            std::mem::forget(std::mem::take(kept));
        }
    }
}

fn provider(mailbox: Option<Arc<Mailbox>>) -> Option<Arc<dyn TokenProvider>> {
    mailbox.map(|mailbox| mailbox as Arc<dyn TokenProvider>)
}

fn listener(mailbox: Option<Arc<Mailbox>>) -> Option<Arc<dyn StepListener>> {
    mailbox.map(|mailbox| mailbox as Arc<dyn StepListener>)
}

/// As `send`, with mailboxes in the place of callbacks.
#[uniffi::export(default(tokens = None, steps = None))]
pub async fn send_by_mail(
    options: AccountOptions,
    content: MessageOptions,
    tokens: Option<Arc<Mailbox>>,
    steps: Option<Arc<Mailbox>>,
) -> Result<ReceiptRecord> {
    client::send(options, content, provider(tokens), listener(steps), None).await
}

/// As [`SignedInClient::sign_in`], with mailboxes in the place of callbacks.
#[uniffi::export(default(tokens = None, steps = None))]
pub async fn sign_in_by_mail(
    options: AccountOptions,
    tokens: Option<Arc<Mailbox>>,
    steps: Option<Arc<Mailbox>>,
) -> Result<Arc<SignedInClient>> {
    SignedInClient::sign_in(options, provider(tokens), listener(steps), None).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bell::tests::{bell, heard};

    fn step(name: &str) -> StepRecord {
        StepRecord { step: name.into(), host: "pool".into(), status: Some(200), elapsed_ms: 1.0 }
    }

    fn names(mailbox: &Mailbox) -> Vec<String> {
        mailbox.take_steps().into_iter().map(|step| step.step).collect()
    }

    #[test]
    fn steps_are_kept_in_order_and_taken_once() {
        let mailbox = Mailbox::new();
        mailbox.on_step(step("discover")).unwrap();
        mailbox.on_step(step("sign_in")).unwrap();
        assert_eq!(names(&mailbox), ["discover", "sign_in"]);
        assert_eq!(names(&mailbox), [""; 0]);
    }

    #[test]
    fn the_bell_attached_last_is_rung() {
        let (mailbox, (first, mut at_first), (second, mut at_second)) = (Mailbox::new(), bell(), bell());
        mailbox.attach(first.handle());
        mailbox.attach(second.handle());
        mailbox.on_step(step("invite")).unwrap();
        assert_eq!(heard(&mut at_second), 2);
        mailbox.take_steps();
        mailbox.detach(second.handle());
        mailbox.on_step(step("send")).unwrap();
        assert_eq!(heard(&mut at_first), 2);
    }

    #[test]
    fn a_bell_attached_late_is_rung_for_what_lies_there() {
        let (mailbox, (late, mut at_late)) = (Mailbox::new(), bell());
        mailbox.on_step(step("invite")).unwrap();
        mailbox.attach(late.handle());
        assert_eq!(heard(&mut at_late), 2);
    }
}
