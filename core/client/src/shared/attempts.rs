//! How often passwords are tried: neither a program that signs in for each message, nor a stranger who tries one password after
//! the other, may lock an account in the directory.
//!
//! Of one user name at one token service, three attempts that nobody has answered may be in flight, and three may be refused
//! within a minute. Then the name rests. A password that was accepted in that time is always tried.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::error::{Error, ErrorKind, Result};
use crate::host::is_loopback;
use crate::steps::{Step, host_of};
use send_im_ucwa::text::is_unseen;

/// How long a refusal counts. Directories commonly lock an account after a handful of attempts.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// After so many refusals a user name rests.
const MAX_REFUSALS: usize = 3;

/// No attempt is under way longer, whatever became of who made it: a child that was forked meanwhile never hears of its end.
const MAX_ATTEMPT: Duration = Duration::from_secs(31);

/// How many user names are remembered.
const MAX_NAMES: usize = 10_000;

/// How often the lock is tried while another thread holds it.
const MAX_LOCK_ATTEMPTS: usize = 10_000;

/// The attempts that are remembered. Clones remember the same.
#[derive(Clone, Default)]
pub(crate) struct Attempts(Arc<Mutex<Names>>);

/// User names at token services, and what was tried with them, by keyed hashes: no password is kept.
#[derive(Default)]
struct Names {
    key: RandomState,
    tried: HashMap<u64, Tried>,
    /// Counts attempts.
    number: u64,
}

#[derive(Default)]
struct Tried {
    /// The oldest first.
    refusals: Vec<Refusal>,
    under_way: Vec<(u64, Instant)>,
    accepted: Option<(u64, Instant)>,
    /// Notified when an attempt has ended.
    ended: Arc<Notify>,
}

struct Refusal {
    when: Instant,
    /// The password, where it is not tried again.
    password: Option<u64>,
    error: Error,
}

/// What is known of a password before it is tried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Anybody may have thought it up.
    Nothing,
    /// It is the program's own.
    NotGuessed,
    /// It has had a token before.
    Good,
}

/// Permission for one attempt. Dropped without an outcome, it was neither refused nor accepted. `None`: it is not counted.
pub(crate) struct Attempt(Option<(Attempts, Which)>);

#[derive(Clone, Copy)]
struct Which {
    name: u64,
    password: u64,
    number: u64,
    /// A sandbox answers on loopback, and the next one on its port may take the password.
    on_loopback: bool,
}

enum Decision {
    Try(Which),
    /// Decide anew when another attempt has ended, at the latest at this time.
    Wait(OwnedNotified, Instant),
}

impl Attempts {
    /// Waits until this password may be tried.
    ///
    /// One that has had a token may be at once: what others were refused need not hold for it. So may one that is no guess,
    /// unless that very password was refused.
    ///
    /// # Errors
    /// `sign_in_refused` where this password was refused less than a minute ago, or where the user name rests.
    pub(crate) async fn begin(
        &self,
        service: &Url,
        username: &str,
        password: &SecretString,
        known: Known,
    ) -> Result<Attempt> {
        loop {
            let decision = self.with_names(|names| names.decide(service, username, password, known));
            match decision.transpose()? {
                Some(Decision::Try(which)) => return Ok(Attempt(Some((self.clone(), which)))),
                Some(Decision::Wait(ended, at_the_latest)) => drop(timeout_at(at_the_latest, ended).await),
                // Left locked by a fork: this process goes without its memory.
                None => return Ok(Attempt(None)),
            }
        }
    }

    /// `None` where the lock cannot be had.
    fn with_names<T>(&self, act: impl FnOnce(&mut Names) -> T) -> Option<T> {
        for _ in 0..MAX_LOCK_ATTEMPTS {
            if let Ok(mut names) = self.0.try_lock() {
                return Some(act(&mut names));
            }
            std::thread::yield_now();
        }
        None
    }
}

impl Attempt {
    /// The server accepted the password.
    pub(crate) fn accepted(self) {
        self.record(|tried, which| {
            tried.refusals.clear();
            tried.accepted = Some((which.password, Instant::now()));
        });
    }

    /// The server refused the sign-in with this error; `for_itself` where it named the credential as the reason.
    pub(crate) fn refused(self, error: &Error, for_itself: bool) {
        self.record(|tried, which| {
            let when = Instant::now();
            tried.forget(when);
            tried.accepted = tried.accepted.filter(|(password, _)| *password != which.password);
            if tried.refusals.len() == MAX_REFUSALS {
                tried.refusals.remove(0);
            }
            let password = (for_itself && !which.on_loopback).then_some(which.password);
            tried.refusals.push(Refusal { when, password, error: error.clone() });
        });
    }

    fn record(&self, outcome: impl FnOnce(&mut Tried, &Which)) {
        if let Some((attempts, which)) = &self.0 {
            attempts.with_names(|names| outcome(names.tried.entry(which.name).or_default(), which));
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.record(|tried, which| {
            tried.under_way.retain(|(number, _)| *number != which.number);
            tried.ended.notify_waiters();
        });
    }
}

impl Names {
    fn decide(
        &mut self,
        service: &Url,
        username: &str,
        password: &SecretString,
        known: Known,
    ) -> Result<Decision> {
        let now = Instant::now();
        let name = self.key.hash_one((service.origin().ascii_serialization(), as_compared(username)));
        let password = self.key.hash_one((name, password.expose_secret()));
        self.number += 1;
        let which = Which { name, password, number: self.number, on_loopback: is_loopback(service) };
        self.make_room(name, now);
        let tried = self.tried.entry(name).or_default();
        tried.forget(now);
        if known == Known::Good {
            return Ok(Decision::Try(which));
        }
        if let Some(refusal) = tried.refusals.iter().find(|r| r.password == Some(password)) {
            return Err(refusal.repeated());
        }
        if known == Known::NotGuessed {
            return Ok(Decision::Try(which));
        }
        if tried.refusals.len() == MAX_REFUSALS {
            // Also one that would be right: the names must not tell which that is.
            return Err(resting(service, username));
        }
        match tried.under_way.first() {
            _ if tried.accepted.is_some_and(|(accepted, _)| accepted == password) => Ok(Decision::Try(which)),
            Some((_, oldest)) if tried.refusals.len() + tried.under_way.len() >= MAX_REFUSALS => {
                Ok(Decision::Wait(tried.ended.clone().notified_owned(), *oldest + MAX_ATTEMPT))
            }
            _ => {
                tried.under_way.push((which.number, now));
                Ok(Decision::Try(which))
            }
        }
    }

    /// Forgets what is over where there are many names, and then one that does not rest.
    fn make_room(&mut self, name: u64, now: Instant) {
        if self.tried.len() < MAX_NAMES || self.tried.contains_key(&name) {
            return;
        }
        self.tried.retain(|_, tried| {
            tried.forget(now);
            !tried.is_over()
        });
        if self.tried.len() >= MAX_NAMES {
            let least =
                self.tried.iter().min_by_key(|(_, tried)| tried.refusals.len() + tried.under_way.len());
            if let Some(name) = least.map(|(name, _)| *name) {
                self.tried.remove(&name);
            }
        }
    }
}

/// A user name as a directory compares it: without regard to case, width, accents and characters that are not seen. Source:
/// MS-ADTS, 3.1.1.2.2.4.13 (the flags of the comparison of strings).
fn as_compared(username: &str) -> String {
    let apart = DecomposingNormalizerBorrowed::new_nfkd().normalize(username.trim()).to_lowercase();
    let combining = CanonicalCombiningClassMapBorrowed::new();
    apart.chars().filter(|c| combining.get_u8(*c) == 0 && !is_unseen(*c)).collect()
}

impl Tried {
    /// Forgets what is over. Three refusals count until a minute after the last of them.
    fn forget(&mut self, now: Instant) {
        let counts = |when: Instant| now.saturating_duration_since(when) < REFUSED_FOR;
        if self.refusals.len() < MAX_REFUSALS {
            self.refusals.retain(|refusal| counts(refusal.when));
        } else if !self.refusals.last().is_some_and(|last| counts(last.when)) {
            self.refusals.clear();
        }
        self.under_way.retain(|(_, since)| now.saturating_duration_since(*since) < MAX_ATTEMPT);
        self.accepted = self.accepted.filter(|(_, when)| counts(*when));
    }

    fn is_over(&self) -> bool {
        self.refusals.is_empty() && self.under_way.is_empty() && self.accepted.is_none()
    }
}

impl Refusal {
    fn repeated(&self) -> Error {
        let detail = format!(
            "{} That was less than a minute ago; it is not tried again at once, so that the account is not locked.",
            self.error.detail()
        );
        self.error.clone().with_kind(self.error.kind(), detail)
    }
}

fn resting(service: &Url, username: &str) -> Error {
    let detail = format!(
        "{} has refused to sign in {username} {MAX_REFUSALS} times within a minute; so that the account is not locked, that name rests for up to a minute, whatever the password.",
        host_of(service)
    );
    Error::new(ErrorKind::SignInRefused, detail).at(Step::SignIn)
}

#[cfg(test)]
mod tests;
