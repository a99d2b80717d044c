//! Limits sign-in attempts, so that neither a program that signs in for each message nor someone who guesses passwords through
//! this client locks an account in the directory.
//!
//! For one user name at one token service, at most three attempts may be refused or in flight. After three refusals within a
//! minute the name is blocked for up to a minute. A password that was accepted within the last minute is always tried.

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

/// How long a refusal counts.
const REFUSAL_LIFETIME: Duration = Duration::from_secs(60);

/// Refusals after which a user name is blocked. Directories commonly lock an account after a handful.
const MAX_REFUSALS: usize = 3;

/// An attempt in flight counts no longer than this: a forked child never sees the end of its parent's attempts.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(31);

/// How many user names are tracked.
const MAX_USER_NAMES: usize = 10_000;

/// How often the lock is tried before it is taken to have been left locked by a fork.
const MAX_LOCK_ATTEMPTS: usize = 10_000;

/// The recent attempts. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Attempts(Arc<Mutex<UserNames>>);

/// The attempts by user name and token service. Names and passwords are stored as keyed hashes only.
#[derive(Default)]
struct UserNames {
    hasher: RandomState,
    by_name: HashMap<u64, UserName>,
    last_number: u64,
}

/// The recent attempts with one user name.
#[derive(Default)]
struct UserName {
    /// The oldest first.
    refusals: Vec<Refusal>,
    /// The number and start of each.
    in_flight: Vec<(u64, Instant)>,
    /// The password accepted last, and when.
    accepted: Option<(u64, Instant)>,
    /// Notified when an attempt has ended.
    attempt_ended: Arc<Notify>,
}

struct Refusal {
    at: Instant,
    /// The password, if it is not to be tried again.
    password: Option<u64>,
    error: Error,
}

/// What is known of a password before it is tried; the limits depend on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasswordHistory {
    /// It may be a guess.
    Unknown,
    /// The program's own configuration.
    Configured,
    /// This client has had a token for it.
    Accepted,
}

/// A permit for one attempt. Dropped without an outcome, it counts as neither refused nor accepted. `None`: not counted.
pub(crate) struct Attempt(Option<(Attempts, AttemptId)>);

#[derive(Clone, Copy)]
struct AttemptId {
    name: u64,
    password: u64,
    number: u64,
    /// A sandbox listens on loopback, and the next one on its port may accept the password.
    on_loopback: bool,
}

enum Decision {
    Permit(AttemptId),
    /// Decide again when another attempt has ended, at the latest at this time.
    Wait(OwnedNotified, Instant),
}

impl Attempts {
    /// Waits until this password may be tried.
    ///
    /// An accepted one may be tried at once, and a configured one unless it was itself refused: the refusals of others do not
    /// apply to them.
    ///
    /// # Errors
    /// `sign_in_refused` where this password was refused less than a minute ago, or where the user name is blocked.
    pub(crate) async fn begin(
        &self,
        service: &Url,
        username: &str,
        password: &SecretString,
        history: PasswordHistory,
    ) -> Result<Attempt> {
        loop {
            let decision = self.with_lock(|names| names.decide(service, username, password, history));
            match decision.transpose()? {
                Some(Decision::Permit(id)) => return Ok(Attempt(Some((self.clone(), id)))),
                Some(Decision::Wait(attempt_ended, until)) => drop(timeout_at(until, attempt_ended).await),
                // Left locked by a fork: this process does not limit attempts.
                None => return Ok(Attempt(None)),
            }
        }
    }

    /// `None` where the lock cannot be taken.
    fn with_lock<T>(&self, act: impl FnOnce(&mut UserNames) -> T) -> Option<T> {
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
        self.record(|name, id| {
            name.refusals.clear();
            name.accepted = Some((id.password, Instant::now()));
        });
    }

    /// The server refused the sign-in with this error; `names_credential` where it gave the credential as the reason.
    pub(crate) fn refused(self, error: &Error, names_credential: bool) {
        self.record(|name, id| {
            let at = Instant::now();
            name.remove_expired(at);
            name.accepted = name.accepted.filter(|(password, _)| *password != id.password);
            if name.refusals.len() == MAX_REFUSALS {
                name.refusals.remove(0);
            }
            let password = (names_credential && !id.on_loopback).then_some(id.password);
            name.refusals.push(Refusal { at, password, error: error.clone() });
        });
    }

    fn record(&self, outcome: impl FnOnce(&mut UserName, &AttemptId)) {
        if let Some((attempts, id)) = &self.0 {
            attempts.with_lock(|names| outcome(names.by_name.entry(id.name).or_default(), id));
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.record(|name, id| {
            name.in_flight.retain(|(number, _)| *number != id.number);
            name.attempt_ended.notify_waiters();
        });
    }
}

impl UserNames {
    fn decide(
        &mut self,
        service: &Url,
        username: &str,
        password: &SecretString,
        history: PasswordHistory,
    ) -> Result<Decision> {
        let now = Instant::now();
        let name = self.hasher.hash_one((service.origin().ascii_serialization(), comparison_form(username)));
        let password = self.hasher.hash_one((name, password.expose_secret()));
        self.last_number += 1;
        let id = AttemptId { name, password, number: self.last_number, on_loopback: is_loopback(service) };
        self.make_room(name, now);
        let name = self.by_name.entry(name).or_default();
        name.remove_expired(now);
        if history == PasswordHistory::Accepted {
            return Ok(Decision::Permit(id));
        }
        if let Some(refusal) = name.refusals.iter().find(|r| r.password == Some(password)) {
            return Err(refusal.repeated());
        }
        if history == PasswordHistory::Configured {
            return Ok(Decision::Permit(id));
        }
        if name.refusals.len() == MAX_REFUSALS {
            // Even for the right password, or a guesser would learn which that is.
            return Err(blocked(service, username));
        }
        match name.in_flight.first() {
            _ if name.accepted.is_some_and(|(accepted, _)| accepted == password) => Ok(Decision::Permit(id)),
            Some((_, oldest)) if name.refusals.len() + name.in_flight.len() >= MAX_REFUSALS => {
                Ok(Decision::Wait(name.attempt_ended.clone().notified_owned(), *oldest + ATTEMPT_TIMEOUT))
            }
            _ => {
                name.in_flight.push((id.number, now));
                Ok(Decision::Permit(id))
            }
        }
    }

    /// Makes room for a new name: removes those without recent attempts, or else the one with the fewest.
    fn make_room(&mut self, name: u64, now: Instant) {
        if self.by_name.len() < MAX_USER_NAMES || self.by_name.contains_key(&name) {
            return;
        }
        self.by_name.retain(|_, name| {
            name.remove_expired(now);
            !name.is_empty()
        });
        if self.by_name.len() >= MAX_USER_NAMES {
            let fewest =
                self.by_name.iter().min_by_key(|(_, name)| name.refusals.len() + name.in_flight.len());
            if let Some(name) = fewest.map(|(name, _)| *name) {
                self.by_name.remove(&name);
            }
        }
    }
}

/// A user name as a directory compares it: without case, width, accents and invisible characters. Source: MS-ADTS,
/// 3.1.1.2.2.4.13 (flags of the string comparison).
fn comparison_form(username: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(username.trim()).to_lowercase();
    let combining = CanonicalCombiningClassMapBorrowed::new();
    decomposed.chars().filter(|c| combining.get_u8(*c) == 0 && !is_unseen(*c)).collect()
}

impl UserName {
    /// Three refusals all count until a minute after the last of them.
    fn remove_expired(&mut self, now: Instant) {
        let counts = |at: Instant| now.saturating_duration_since(at) < REFUSAL_LIFETIME;
        if self.refusals.len() < MAX_REFUSALS {
            self.refusals.retain(|refusal| counts(refusal.at));
        } else if !self.refusals.last().is_some_and(|last| counts(last.at)) {
            self.refusals.clear();
        }
        self.in_flight.retain(|(_, since)| now.saturating_duration_since(*since) < ATTEMPT_TIMEOUT);
        self.accepted = self.accepted.filter(|(_, at)| counts(*at));
    }

    fn is_empty(&self) -> bool {
        self.refusals.is_empty() && self.in_flight.is_empty() && self.accepted.is_none()
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

fn blocked(service: &Url, username: &str) -> Error {
    let detail = format!(
        "{} has refused to sign in {username} {MAX_REFUSALS} times within a minute; so that the account is not locked, that name rests for up to a minute, whatever the password.",
        host_of(service)
    );
    Error::new(ErrorKind::SignInRefused, detail).at(Step::SignIn)
}

#[cfg(test)]
mod tests;
