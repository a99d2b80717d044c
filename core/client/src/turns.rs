//! Whose turn it is: a bounded number of sends of one session, and which of those that wait goes next.
//!
//! A free turn goes to the conversation that has just had one, for a while, so that many messages to many recipients do
//! not open a conversation a message: servers bound the open ones, so others would have to be closed in between. Then it
//! goes to the conversation that has waited longest. Within a conversation messages keep their order.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, PoisonError};
#[cfg(not(send_im_loom))]
use std::sync::{Mutex, MutexGuard};

#[cfg(send_im_loom)]
use loom::sync::{Mutex, MutexGuard};
use tokio::sync::oneshot;

/// So many turns in a row a conversation gets while others wait.
const IN_A_ROW: usize = 16;

/// The turns of a session; `K` names a conversation.
pub(crate) struct Turns<K: Hash + Eq + Clone>(Mutex<Queue<K>>);

struct Queue<K: Hash + Eq + Clone> {
    free: usize,
    lanes: HashMap<K, Lane<K>>,
    /// Conversations in which somebody waits, the one that has waited longest first. One whose waiting sends have had
    /// their turns out of order stays here until it is its time.
    order: VecDeque<K>,
}

/// The sends of one conversation. Without any it is forgotten.
struct Lane<K: Hash + Eq + Clone> {
    waiting: VecDeque<oneshot::Sender<Turn<K>>>,
    under_way: usize,
    /// It stands in the order.
    queued: bool,
    /// Turns since it last came from the order.
    in_a_row: usize,
}

/// One send's turn. It ends when this is dropped.
pub(crate) struct Turn<K: Hash + Eq + Clone> {
    /// `None` once it was given back without having been used.
    of: Option<(Arc<Turns<K>>, K)>,
}

impl<K: Hash + Eq + Clone> Turns<K> {
    /// So many sends are under way at once.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Queue { free: most, lanes: HashMap::new(), order: VecDeque::new() })))
    }

    fn queue(&self) -> MutexGuard<'_, Queue<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn of this conversation. It takes its place at the first poll.
    pub(crate) async fn wait(self: &Arc<Self>, key: K) -> Turn<K> {
        let (sender, turn) = oneshot::channel();
        {
            let mut queue = self.queue();
            let lane = queue.lanes.entry(key.clone()).or_insert_with(Lane::new);
            lane.waiting.push_back(sender);
            if !std::mem::replace(&mut lane.queued, true) {
                queue.order.push_back(key);
            }
            self.give(&mut queue);
        }
        match turn.await {
            Ok(turn) => turn,
            Err(_) => unreachable!("whoever waits is kept until the turn comes"),
        }
    }

    /// True while a send of this conversation is under way, or has just been given its turn.
    pub(crate) fn has_turn(&self, key: &K) -> bool {
        self.queue().lanes.get(key).is_some_and(|lane| lane.under_way > 0)
    }

    /// Gives out what is free, in order.
    fn give(self: &Arc<Self>, queue: &mut Queue<K>) {
        while queue.free > 0
            && let Some(key) = queue.order.pop_front()
        {
            if let Some(lane) = queue.lanes.get_mut(&key) {
                (lane.queued, lane.in_a_row) = (false, 0);
            }
            self.give_to(queue, &key);
        }
    }

    /// Gives the next send of this conversation a turn, if one waits.
    fn give_to(self: &Arc<Self>, queue: &mut Queue<K>, key: &K) {
        let Some(lane) = queue.lanes.get_mut(key) else { return };
        while let Some(waiting) = lane.waiting.pop_front() {
            match waiting.send(Turn { of: Some((self.clone(), key.clone())) }) {
                Ok(()) => {
                    lane.under_way += 1;
                    lane.in_a_row += 1;
                    queue.free -= 1;
                    break;
                }
                // Whoever waited has gone. Dropped as it is, the turn would ask for the lock that is held here.
                Err(mut unused) => unused.of = None,
            }
        }
        if lane.waiting.is_empty() && lane.under_way == 0 && !lane.queued {
            queue.lanes.remove(key);
        } else if !lane.waiting.is_empty() && !std::mem::replace(&mut lane.queued, true) {
            queue.order.push_back(key.clone());
        }
    }

    fn end(self: &Arc<Self>, key: &K) {
        let mut queue = self.queue();
        queue.free += 1;
        if let Some(lane) = queue.lanes.get_mut(key) {
            lane.under_way -= 1;
            if lane.in_a_row < IN_A_ROW {
                self.give_to(&mut queue, key);
            }
        }
        self.give(&mut queue);
    }
}

impl<K: Hash + Eq + Clone> Lane<K> {
    fn new() -> Self {
        Self { waiting: VecDeque::new(), under_way: 0, queued: false, in_a_row: 0 }
    }
}

impl<K: Hash + Eq + Clone> Drop for Turn<K> {
    fn drop(&mut self) {
        if let Some((turns, key)) = self.of.take() {
            turns.end(&key);
        }
    }
}

/// Every order in which threads can come to the lock.
#[cfg(all(test, send_im_loom))]
mod models {
    use std::future::Future;

    use loom::future::block_on;
    use loom::thread;

    use super::*;

    fn everything_is_given_back(turns: &Turns<&'static str>, most: usize) {
        let queue = turns.queue();
        assert_eq!((queue.free, queue.lanes.len(), queue.order.len()), (most, 0, 0));
    }

    #[test]
    fn whoever_waits_gets_a_turn() {
        loom::model(|| {
            let turns = Turns::new(1);
            let others = ["a", "b"].map(|key| {
                let turns = turns.clone();
                thread::spawn(move || drop(block_on(turns.wait(key))))
            });
            drop(block_on(turns.wait("a")));
            for other in others {
                other.join().unwrap();
            }
            everything_is_given_back(&turns, 1);
        });
    }

    #[test]
    fn who_gives_up_loses_no_turn() {
        loom::model(|| {
            let turns = Turns::new(1);
            let held = block_on(turns.wait("a"));
            let gives_up = {
                let turns = turns.clone();
                thread::spawn(move || {
                    let mut waiting = Box::pin(turns.wait("a"));
                    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                    drop(waiting.as_mut().poll(&mut context));
                })
            };
            let stays = {
                let turns = turns.clone();
                thread::spawn(move || drop(block_on(turns.wait("b"))))
            };
            drop(held);
            gives_up.join().unwrap();
            stays.join().unwrap();
            everything_is_given_back(&turns, 1);
        });
    }
}

#[cfg(all(test, not(send_im_loom)))]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Waiting = Pin<Box<dyn Future<Output = Turn<&'static str>>>>;

    /// A send of this conversation that has taken its place.
    fn queued(turns: &Arc<Turns<&'static str>>, key: &'static str) -> Waiting {
        let turns = turns.clone();
        let mut waiting: Waiting = Box::pin(async move { turns.wait(key).await });
        assert!(turn_of(&mut waiting).is_none(), "somebody else has the turn");
        waiting
    }

    fn turn_of(waiting: &mut Waiting) -> Option<Turn<&'static str>> {
        match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(turn) => Some(turn),
            Poll::Pending => None,
        }
    }

    fn taken(turns: &Arc<Turns<&'static str>>, key: &'static str) -> Turn<&'static str> {
        let turns = turns.clone();
        turn_of(&mut (Box::pin(async move { turns.wait(key).await }) as Waiting)).expect("a turn is free")
    }

    /// Lets one after the other have the only turn, and tells in which order they had it.
    fn order(mut held: Turn<&'static str>, mut waiting: Vec<(&'static str, Waiting)>) -> Vec<&'static str> {
        let mut had = Vec::new();
        while !waiting.is_empty() {
            drop(held);
            let (at, turn) = waiting
                .iter_mut()
                .enumerate()
                .find_map(|(at, (_, waiting))| Some((at, turn_of(waiting)?)))
                .expect("somebody has the turn");
            had.push(waiting.remove(at).0);
            held = turn;
        }
        had
    }

    #[test]
    fn no_more_are_under_way_than_there_are_turns() {
        let turns = Turns::new(2);
        let (one, _two) = (taken(&turns, "a"), taken(&turns, "a"));
        let mut third = queued(&turns, "b");
        drop(one);
        assert!(turn_of(&mut third).is_some());
    }

    #[test]
    fn a_conversation_goes_on_before_another_begins() {
        let turns = Turns::new(1);
        let held = taken(&turns, "a");
        let waiting = ["b", "a", "c", "a"].map(|key| (key, queued(&turns, key))).into();
        assert_eq!(order(held, waiting), ["a", "a", "b", "c"]);
        assert!(turns.queue().lanes.is_empty() && turns.queue().order.is_empty());
        assert_eq!(turns.queue().free, 1);
    }

    #[test]
    fn a_long_conversation_lets_others_in_between() {
        let turns = Turns::new(1);
        let held = taken(&turns, "long");
        let keys = std::iter::repeat_n("long", 3 * IN_A_ROW).chain(["page"]);
        let waiting = keys.map(|key| (key, queued(&turns, key))).collect();
        let at = order(held, waiting).iter().position(|key| *key == "page").unwrap();
        assert!(at < 2 * IN_A_ROW, "{at}");
    }

    #[test]
    fn who_has_gone_gets_no_turn_and_loses_none() {
        let turns = Turns::new(1);
        let held = taken(&turns, "a");
        let (gone, mut unused) = (queued(&turns, "a"), queued(&turns, "b"));
        drop(gone);
        drop(held);
        // This one goes after the turn was given and before it was taken.
        let mut last = queued(&turns, "c");
        assert!(turn_of(&mut unused).map(drop).is_some());
        assert!(turn_of(&mut last).map(drop).is_some());
        let held = taken(&turns, "a");
        let (given, mut next) = (queued(&turns, "a"), queued(&turns, "b"));
        drop(held);
        drop(given);
        assert!(turn_of(&mut next).map(drop).is_some());
        assert!(turns.queue().lanes.is_empty());
    }
}
