//! Steps and requests for tokens without callbacks: they lie in a mailbox until a bell has called the host to it.
//!
//! For hosts such as Ruby, see `bell.rs`. Nothing here calls into the host, so it may end, or fork, at any time.

use std::collections::VecDeque;
use std::sync::Arc;

use send_im_runtime::{Generation, Mutex, lock};

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
    letters: Letters,
}

/// What lies there, and whom to call to it. Each change tells the bell that has to be rung for it, without the lock.
#[derive(Default)]
struct Letters(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    steps: VecDeque<StepRecord>,
    tokens: VecDeque<TokenAsked>,
    bells: Vec<u64>,
}

impl Letters {
    fn put(&self, letter: impl FnOnce(&mut Kept)) -> Option<u64> {
        let mut kept = lock(&self.0);
        letter(&mut kept);
        kept.waiting_for()
    }

    fn attach(&self, bell: u64) -> Option<u64> {
        let mut kept = lock(&self.0);
        kept.bells.push(bell);
        kept.waiting_for()
    }

    /// Whoever waited there may have been rung and have gone without a look.
    fn detach(&self, bell: u64) -> Option<u64> {
        let mut kept = lock(&self.0);
        kept.bells.retain(|attached| *attached != bell);
        kept.waiting_for()
    }

    fn take_steps(&self) -> VecDeque<StepRecord> {
        std::mem::take(&mut lock(&self.0).steps)
    }

    fn take_tokens(&self) -> VecDeque<TokenAsked> {
        std::mem::take(&mut lock(&self.0).tokens)
    }
}

impl Kept {
    fn waiting_for(&self) -> Option<u64> {
        let is_empty = self.steps.is_empty() && self.tokens.is_empty();
        self.bells.last().copied().filter(|_| !is_empty)
    }
}

#[uniffi::export]
impl Mailbox {
    /// An empty mailbox.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::new(Mailbox { generation: Generation::current(), letters: Letters::default() })
    }

    /// Rings this bell from now on, given by its handle. The one attached last is rung; at once, if there is mail.
    pub fn attach(&self, bell: u64) {
        call(self.letters.attach(bell));
    }

    /// Rings this bell no more. What it left is for the one attached before.
    pub fn detach(&self, bell: u64) {
        call(self.letters.detach(bell));
    }

    /// The steps that have finished since the last call, oldest first.
    pub fn take_steps(&self) -> Vec<StepRecord> {
        self.letters.take_steps().into()
    }

    /// Who waits for a token and was not handed out yet.
    pub fn take_tokens(&self) -> Vec<TokenAsked> {
        self.letters.take_tokens().into()
    }
}

fn call(bell: Option<u64>) {
    if let Some(bell) = bell {
        ring(bell, MAIL);
    }
}

impl StepListener for Mailbox {
    fn on_step(&self, record: StepRecord) -> Result<()> {
        call(self.letters.put(|kept| kept.steps.push_back(record)));
        Ok(())
    }
}

impl TokenProvider for Mailbox {
    fn request_token(&self, request: TokenRequestRecord, reply: Arc<TokenReply>) -> Result<()> {
        call(self.letters.put(|kept| kept.tokens.push_back(TokenAsked { request, reply })));
        Ok(())
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        if self.generation.is_foreign() {
            // Dropping a reply wakes a task of the parent, whose locks may be held by threads that are not here.
            std::mem::forget(std::mem::take(&mut self.letters));
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

/// Every order in which threads can come to the lock.
#[cfg(all(test, send_im_loom))]
mod models {
    use loom::sync::{Arc, Condvar};
    use loom::thread;

    use super::*;

    /// Two calls with a bell each, and a place to sleep.
    #[derive(Default)]
    struct Host {
        letters: Letters,
        heard: Mutex<Heard>,
        awake: Condvar,
    }

    #[derive(Default)]
    struct Heard {
        rung: [bool; 2],
        seen: bool,
    }

    impl Host {
        fn call(&self, bell: Option<u64>) {
            if let Some(bell) = bell {
                lock(&self.heard).rung[usize::try_from(bell).unwrap()] = true;
                self.awake.notify_all();
            }
        }

        fn look(&self) {
            if !self.letters.take_steps().is_empty() {
                lock(&self.heard).seen = true;
                self.awake.notify_all();
            }
        }
    }

    /// One of the two goes whenever it likes. The other one does not sleep while a letter lies there.
    #[test]
    fn a_letter_finds_someone_who_stays() {
        loom::model(|| {
            let host = Arc::new(Host::default());
            host.call(host.letters.attach(0));
            let goes = {
                let host = host.clone();
                thread::spawn(move || {
                    host.call(host.letters.attach(1));
                    if lock(&host.heard).rung[1] {
                        host.look();
                    }
                    host.call(host.letters.detach(1));
                })
            };
            let puts = {
                let host = host.clone();
                thread::spawn(move || {
                    let step = StepRecord {
                        step: "send".into(),
                        host: "pool".into(),
                        status: None,
                        elapsed_ms: 1.0,
                    };
                    host.call(host.letters.put(|kept| kept.steps.push_back(step)));
                })
            };
            loop {
                {
                    let mut heard = lock(&host.heard);
                    while !heard.rung[0] && !heard.seen {
                        heard = host.awake.wait(heard).unwrap();
                    }
                    if heard.seen {
                        break;
                    }
                    heard.rung[0] = false;
                }
                host.look();
            }
            goes.join().unwrap();
            puts.join().unwrap();
        });
    }
}

#[cfg(all(test, not(send_im_loom)))]
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
    fn what_the_last_bell_left_is_for_the_one_before() {
        let (mailbox, (first, mut at_first), (second, _at_second)) = (Mailbox::new(), bell(), bell());
        mailbox.attach(first.handle());
        mailbox.attach(second.handle());
        mailbox.on_step(step("invite")).unwrap();
        // The call that waited there has ended, and did not look any more.
        mailbox.detach(second.handle());
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
