//! How often passwords are tried, for the whole process: neither a program that signs in for each message, nor a stranger
//! who tries one password after the other, may lock an account in the directory.
//!
//! Of one user name at one token service, three attempts that nobody has answered may be under way, and three may be refused
//! within a minute. Then the name rests. A password that was accepted in that time needs no turn.

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
use crate::plain::is_unseen;
use crate::steps::{Step, host_of};

/// How long a refusal counts. Directories commonly lock an account after a handful of attempts.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// After so many refusals a user name rests.
const MAX_REFUSALS: usize = 3;

/// No attempt is under way longer, whatever became of who made it: a child that was forked meanwhile never hears of its end.
const MAX_ATTEMPT: Duration = Duration::from_secs(31);

/// How many user names are remembered.
const MAX_NAMES: usize = 10_000;

/// How often the names are asked for while another thread has them.
const TRIES: usize = 10_000;

/// Only ever tried, never waited for, as the memory of discovery: a process that forks may leave it locked in its child.
static NAMES: Mutex<Option<Names>> = Mutex::new(None);

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
    /// Rung when an attempt has ended.
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

/// Leave for one attempt. Dropped without a word, it was neither refused nor accepted. `None`: nobody counts.
pub(crate) struct Attempt(Option<Which>);

#[derive(Clone, Copy)]
struct Which {
    name: u64,
    password: u64,
    number: u64,
    /// A sandbox answers on loopback, and the next one on its port may take the password.
    on_loopback: bool,
}

enum Turn {
    Now(Which),
    Later(OwnedNotified, Instant),
}

/// Waits for leave to try this password.
///
/// One that has had a token gets it at once: what others were refused need not hold for it. So does one that is no guess, unless
/// that very password was refused.
///
/// # Errors
/// `sign_in_refused` where this password was refused less than a minute ago, or where the user name rests.
pub(crate) async fn begin(
    service: &Url,
    username: &str,
    password: &SecretString,
    known: Known,
) -> Result<Attempt> {
    loop {
        match names(|names| names.turn(service, username, password, known)).transpose()? {
            Some(Turn::Now(which)) => return Ok(Attempt(Some(which))),
            Some(Turn::Later(ended, at_the_latest)) => drop(timeout_at(at_the_latest, ended).await),
            // Left locked by a fork: this process goes without its memory.
            None => return Ok(Attempt(None)),
        }
    }
}

impl Attempt {
    /// The server accepted the password.
    pub(crate) fn accepted(self) {
        self.tell(|tried, which| {
            tried.refusals.clear();
            tried.accepted = Some((which.password, Instant::now()));
        });
    }

    /// The server refused the sign-in with this error; `for_itself` where it named the credential as the reason.
    pub(crate) fn refused(self, error: &Error, for_itself: bool) {
        self.tell(|tried, which| {
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

    fn tell(&self, how: impl FnOnce(&mut Tried, &Which)) {
        if let Some(which) = &self.0 {
            names(|names| how(names.tried.entry(which.name).or_default(), which));
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.tell(|tried, which| {
            tried.under_way.retain(|(number, _)| *number != which.number);
            tried.ended.notify_waiters();
        });
    }
}

/// `None` where nobody can have them.
fn names<T>(what: impl FnOnce(&mut Names) -> T) -> Option<T> {
    for _ in 0..TRIES {
        if let Ok(mut names) = NAMES.try_lock() {
            return Some(what(names.get_or_insert_default()));
        }
        std::thread::yield_now();
    }
    None
}

impl Names {
    fn turn(&mut self, service: &Url, username: &str, password: &SecretString, known: Known) -> Result<Turn> {
        let now = Instant::now();
        let name = self.key.hash_one((service.origin().ascii_serialization(), as_compared(username)));
        let password = self.key.hash_one((name, password.expose_secret()));
        self.number += 1;
        let which = Which { name, password, number: self.number, on_loopback: is_loopback(service) };
        self.make_room(name, now);
        let tried = self.tried.entry(name).or_default();
        tried.forget(now);
        if known == Known::Good {
            return Ok(Turn::Now(which));
        }
        if let Some(refusal) = tried.refusals.iter().find(|r| r.password == Some(password)) {
            return Err(refusal.repeated());
        }
        if known == Known::NotGuessed {
            return Ok(Turn::Now(which));
        }
        if tried.refusals.len() == MAX_REFUSALS {
            // Also one that would be right: the names must not tell which that is.
            return Err(resting(service, username));
        }
        match tried.under_way.first() {
            _ if tried.accepted.is_some_and(|(accepted, _)| accepted == password) => Ok(Turn::Now(which)),
            Some((_, oldest)) if tried.refusals.len() + tried.under_way.len() >= MAX_REFUSALS => {
                Ok(Turn::Later(tried.ended.clone().notified_owned(), *oldest + MAX_ATTEMPT))
            }
            _ => {
                tried.under_way.push((which.number, now));
                Ok(Turn::Now(which))
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
mod tests {
    use tokio::time::advance;

    use super::*;

    fn service(host: &str) -> Url {
        Url::parse(&format!("https://{host}/webticket/oauthtoken")).unwrap()
    }

    async fn attempt(host: &str, name: &str, password: &str) -> Result<Attempt> {
        begin(&service(host), name, &password.into(), Known::Nothing).await
    }

    fn refusal() -> Error {
        Error::new(ErrorKind::SignInRefused, "No.").with_status(400)
    }

    async fn refuse(host: &str, name: &str, password: &str) {
        attempt(host, name, password).await.unwrap().refused(&refusal(), true);
    }

    async fn why_not(host: &str, name: &str, password: &str) -> String {
        let error = attempt(host, name, password).await.err().expect("leave was given");
        assert_eq!((error.kind(), error.step()), (ErrorKind::SignInRefused, Some(Step::SignIn)));
        error.detail().to_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_password_is_remembered_for_a_minute_and_for_itself_alone() {
        let at = "minute.test";
        attempt(at, "tosh", "wrong").await.unwrap().refused(&refusal().at(Step::SignIn), true);
        advance(Duration::from_millis(29_900)).await;
        assert!(why_not(at, "tosh", "wrong").await.starts_with("No. That was less than a minute ago;"));
        for (host, name, password) in
            [(at, "tosh", "right"), (at, "lenea", "wrong"), ("other.test", "tosh", "wrong")]
        {
            attempt(host, name, password).await.unwrap();
        }
        advance(Duration::from_millis(30_100)).await;
        attempt(at, "tosh", "wrong").await.unwrap();
        refuse("127.0.0.1", "tosh", "wrong").await;
        attempt("127.0.0.1", "tosh", "wrong").await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_programs_own_password_is_kept_out_by_its_own_refusal_alone() {
        let own = async |password: &str| {
            begin(&service("own.test"), "tosh", &password.into(), Known::NotGuessed).await
        };
        for password in ["1", "2", "3"] {
            refuse("own.test", "tosh", password).await;
        }
        why_not("own.test", "tosh", "right").await;
        drop(own("right").await.unwrap());
        own("right").await.unwrap().refused(&refusal(), true);
        assert!(own("right").await.is_err());
    }

    #[test]
    fn names_are_the_same_that_a_directory_takes_for_the_same() {
        for same in [
            "SMITH",
            " smith ",
            "smíth",
            "smi\u{301}th",
            "ｓｍｉｔｈ",
            "sm\u{ad}ith",
            "smith\u{200b}",
            "ſmith",
        ] {
            assert_eq!(as_compared(same), "smith", "{same}");
        }
        assert_ne!(as_compared("smyth"), "smith");
        assert_eq!(as_compared("CONTOSO\\Жук"), "contoso\\жук");
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_rests_after_three_refusals_until_a_minute_after_the_last() {
        for at in ["rests.test", "127.0.0.1:7"] {
            for (name, password) in [("tosh", "1"), ("TOSH", "2"), (" Tosh ", "3")] {
                refuse(at, name, password).await;
                advance(Duration::from_secs(25)).await;
            }
            // 25 s after the last one; the first is 75 s ago.
            let told = why_not(at, "tosh", "right").await;
            assert!(told.contains("tosh 3 times within a minute;") && told.contains("rests"), "{told}");
            attempt(at, "lenea", "1").await.unwrap();
            attempt(&format!("{}1", at), "tosh", "1").await.unwrap();
            // Who had a token goes on.
            begin(&service(at), "tosh", &"right".into(), Known::Good).await.unwrap();
            advance(Duration::from_secs(34)).await;
            why_not(at, "tosh", "right").await;
            advance(Duration::from_secs(1)).await;
            refuse(at, "tosh", "4").await;
            attempt(at, "tosh", "right").await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_that_are_far_apart_and_such_with_a_success_between_do_not_add_up() {
        for n in 0..10 {
            refuse("apart.test", "tosh", &n.to_string()).await;
            advance(Duration::from_secs(31)).await;
        }
        for n in 0..10 {
            refuse("between.test", "tosh", &n.to_string()).await;
            attempt("between.test", "tosh", "right").await.unwrap().accepted();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn three_at_most_are_under_way_until_one_is_accepted() {
        let at = "busy.test";
        let mut first = Vec::new();
        for n in 0..MAX_REFUSALS {
            first.push(attempt(at, "tosh", &n.to_string()).await.unwrap());
        }
        let waits = tokio::spawn(attempt(at, "tosh", "right"));
        advance(Duration::from_secs(5)).await;
        assert!(!waits.is_finished());
        // One that ends without a word makes room, and so does one that is never heard of again.
        drop(first.pop());
        first.push(waits.await.unwrap().unwrap());
        let waits = tokio::spawn(attempt(at, "tosh", "right"));
        advance(MAX_ATTEMPT - Duration::from_secs(6)).await;
        assert!(!waits.is_finished());
        waits.await.unwrap().unwrap();
        first.pop().unwrap().accepted();
        let mut all = Vec::new();
        for _ in 0..30 {
            all.push(attempt(at, "tosh", "right").await.unwrap());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_names_are_not_remembered_for_ever_and_those_that_rest_the_longest() {
        let mut names = Names::default();
        let turn = |names: &mut Names, name: &str| {
            names.turn(&service("many.test"), name, &"x".into(), Known::Nothing)
        };
        let Ok(Turn::Now(which)) = turn(&mut names, "tosh") else { panic!("no leave") };
        for _ in 0..MAX_REFUSALS {
            let refusal = Refusal { when: Instant::now(), password: None, error: refusal() };
            names.tried.get_mut(&which.name).unwrap().refusals.push(refusal);
        }
        for n in 0..MAX_NAMES + 100 {
            assert!(turn(&mut names, &n.to_string()).is_ok());
        }
        assert_eq!(names.tried.len(), MAX_NAMES);
        assert!(turn(&mut names, "tosh").is_err());
        advance(REFUSED_FOR).await;
        assert!(turn(&mut names, "another").is_ok());
        assert_eq!(names.tried.len(), 1);
    }
}
