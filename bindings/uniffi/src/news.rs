//! Steps and requests for tokens. Each lies here until the host takes it.
//!
//! Nothing here calls into the host, so it may end, or fork, at any time.

use std::sync::Arc;

use send_im_runtime::{Generation, Mutex, lock};
use tokio::sync::oneshot;

use crate::account::{StepListener, TokenProvider, TokenReply, TokenRequestRecord};
use crate::failure::Result;
use crate::notifier::Notifier;
use crate::records::StepRecord;

/// Someone waits for a token.
#[derive(uniffi::Record)]
pub struct TokenAsked {
    /// What it is wanted for.
    pub request: TokenRequestRecord,
    /// Where it is put.
    pub reply: Arc<TokenReply>,
}

/// What a one-call send, or a client with all its calls, has to tell.
pub(crate) struct News {
    pub(crate) generation: &'static Generation,
    kept: Kept,
}

/// In a forked child it is left alone: a thread of the parent may have held its lock.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Lying>);

#[derive(Default)]
struct Lying {
    steps: Vec<StepRecord>,
    tokens: Vec<TokenAsked>,
    /// The calls that wait. The last one is told.
    calls: Vec<Arc<Notifier>>,
    /// Told of tokens in place of the calls. Dropping the sender ends it.
    watch: Option<(Arc<Notifier>, oneshot::Sender<()>)>,
}

impl Kept {
    /// Wakes whoever has to take what lies here after the change.
    fn change(&self, change: impl FnOnce(&mut Lying)) {
        let mut lying = lock(&self.0);
        change(&mut lying);
        let call = lying.calls.last();
        if !lying.steps.is_empty() {
            call.into_iter().for_each(|notifier| notifier.notify());
        }
        if !lying.tokens.is_empty() {
            lying
                .watch
                .as_ref()
                .map(|(notifier, _)| notifier)
                .or(call)
                .into_iter()
                .for_each(|notifier| notifier.notify());
        }
    }

    pub(crate) fn attach(&self, notifier: &Arc<Notifier>) {
        self.change(|lying| lying.calls.push(notifier.clone()));
    }

    /// Whoever waited there may have been notified and have gone without a look.
    pub(crate) fn detach(&self, notifier: &Arc<Notifier>) {
        self.change(|lying| {
            lying.calls.retain(|other| !Arc::ptr_eq(other, notifier));
            lying.watch.take_if(|(watch, _)| Arc::ptr_eq(watch, notifier));
        });
    }

    /// This notifier is told of tokens from now on. The receiver hears when that is over.
    pub(crate) fn watch(&self, notifier: &Arc<Notifier>) -> oneshot::Receiver<()> {
        let (sender, over) = oneshot::channel();
        self.change(|lying| lying.watch = Some((notifier.clone(), sender)));
        over
    }

    /// Nobody watches any more.
    pub(crate) fn end_watch(&self) {
        self.change(|lying| lying.watch = None);
    }

    pub(crate) fn take_steps(&self) -> Vec<StepRecord> {
        std::mem::take(&mut lock(&self.0).steps)
    }

    /// Nothing for a call where someone watches.
    pub(crate) fn take_token_requests(&self, notifier: &Arc<Notifier>) -> Vec<TokenAsked> {
        let mut lying = lock(&self.0);
        match &lying.watch {
            Some((watch, _)) if !Arc::ptr_eq(watch, notifier) => Vec::new(),
            _ => std::mem::take(&mut lying.tokens),
        }
    }
}

impl News {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(News { generation: Generation::current(), kept: Kept::default() })
    }

    /// What an account asks for tokens, if it is `wanted`.
    pub(crate) fn provider(self: &Arc<Self>, wanted: bool) -> Option<Arc<dyn TokenProvider>> {
        wanted.then(|| self.clone() as _)
    }

    /// What an account tells of steps, if it is `wanted`.
    pub(crate) fn listener(self: &Arc<Self>, wanted: bool) -> Option<Arc<dyn StepListener>> {
        wanted.then(|| self.clone() as _)
    }
}

impl std::ops::Deref for News {
    type Target = Kept;

    fn deref(&self) -> &Kept {
        &self.kept
    }
}

impl StepListener for News {
    fn on_step(&self, record: StepRecord) -> Result<()> {
        self.change(|lying| lying.steps.push(record));
        Ok(())
    }
}

impl TokenProvider for News {
    fn request_token(&self, request: TokenRequestRecord, reply: Arc<TokenReply>) -> Result<()> {
        self.change(|lying| lying.tokens.push(TokenAsked { request, reply }));
        Ok(())
    }
}

impl Drop for News {
    fn drop(&mut self) {
        if self.generation.is_foreign() {
            // Dropping a reply wakes a task of the parent, whose locks may be held by threads that are not here.
            std::mem::forget(std::mem::take(&mut self.kept));
        }
    }
}

/// Every order in which threads can come to the locks.
#[cfg(all(test, send_im_loom))]
mod models {
    use std::time::Duration;

    use loom::sync::Arc as Shared;
    use loom::thread;

    use super::*;

    fn step() -> StepRecord {
        StepRecord { step: "send".into(), host: "pool".into(), status: None, elapsed_ms: 1.0 }
    }

    /// One of two calls goes whenever it likes. The other one does not sleep while a step lies there.
    #[test]
    fn a_step_finds_a_call_that_stays() {
        loom::model(|| {
            let kept = Shared::new(Kept::default());
            let [stays, goes] = [(); 2].map(|()| Arc::new(Notifier::default()));
            kept.attach(&stays);
            let seen = Shared::new(Mutex::new(false));
            let look = {
                let (kept, seen) = (kept.clone(), seen.clone());
                move || {
                    let taken = !kept.take_steps().is_empty();
                    *lock(&seen) |= taken;
                    taken
                }
            };
            let short = {
                let (kept, stays, look) = (kept.clone(), stays.clone(), look.clone());
                thread::spawn(move || {
                    kept.attach(&goes);
                    if look() {
                        // The step is seen; the one that stays has only to hear of it.
                        stays.notify();
                    }
                    kept.detach(&goes);
                })
            };
            let puts = {
                let kept = kept.clone();
                thread::spawn(move || kept.change(|lying| lying.steps.push(step())))
            };
            while !*lock(&seen) {
                stays.wait(Duration::MAX);
                look();
            }
            short.join().unwrap();
            puts.join().unwrap();
        });
    }
}

#[cfg(all(test, not(send_im_loom)))]
mod tests {
    use super::*;
    use crate::account::tests::{asked, reply};

    fn put(news: &News, name: &str) {
        let record =
            StepRecord { step: name.into(), host: "pool".into(), status: Some(200), elapsed_ms: 1.0 };
        news.change(|lying| lying.steps.push(record));
    }

    fn names(news: &News) -> Vec<String> {
        news.take_steps().into_iter().map(|step| step.step).collect()
    }

    fn attached(news: &News) -> Arc<Notifier> {
        let notifier = Arc::default();
        news.attach(&notifier);
        notifier
    }

    #[test]
    fn steps_are_kept_in_order_and_taken_once() {
        let news = News::new();
        put(&news, "discover");
        put(&news, "sign_in");
        assert_eq!(names(&news), ["discover", "sign_in"]);
        assert_eq!(names(&news), [""; 0]);
    }

    #[test]
    fn the_call_that_came_last_is_told_and_what_it_leaves_is_for_the_one_before() {
        let news = News::new();
        let (first, last) = (attached(&news), attached(&news));
        put(&news, "invite");
        assert_eq!((first.is_notified(), last.is_notified()), (false, true));
        // It has ended, and did not look any more.
        news.detach(&last);
        assert!(first.is_notified());
    }

    #[test]
    fn a_call_that_comes_late_is_told_of_what_lies_there() {
        let news = News::new();
        put(&news, "invite");
        assert!(attached(&news).is_notified());
    }

    #[test]
    fn tokens_are_for_whoever_watches_and_else_for_a_call() {
        let (news, watch) = (News::new(), Arc::new(Notifier::default()));
        let call = attached(&news);
        let mut over = news.watch(&watch);
        news.request_token(asked(), reply()).unwrap();
        assert_eq!((call.is_notified(), watch.is_notified()), (false, true));
        assert_eq!((news.take_token_requests(&call).len(), news.take_token_requests(&watch).len()), (0, 1));
        news.request_token(asked(), reply()).unwrap();
        news.end_watch();
        assert!(over.try_recv() == Err(oneshot::error::TryRecvError::Closed) && call.is_notified());
        assert_eq!(news.take_token_requests(&call).len(), 1);
    }
}
