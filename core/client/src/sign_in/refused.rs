//! Passwords that were refused a moment ago, for the whole process: a program that signs in for each message and tries
//! again and again must not lock the account.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use crate::account::is_loopback;
use crate::error::Error;

/// So long a refused password is not tried again. Directories commonly lock an account after a handful of attempts.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// More refusals than this are not remembered within that time.
const MOST: usize = 1_000;

/// Only ever tried, never waited for, as the memory of discovery: a process that forks may leave it locked in its child.
static REFUSED: Mutex<Option<Refused>> = Mutex::new(None);

/// What was refused, by a keyed hash of it: the password itself is not kept.
#[derive(Default)]
struct Refused {
    key: RandomState,
    when: HashMap<u64, (Instant, Error)>,
}

/// The error of the last attempt with this password, if that was less than a minute ago.
pub(crate) fn recall(service: &Url, username: &str, password: &SecretString) -> Option<Error> {
    let mut refused = REFUSED.try_lock().ok()?;
    let refused = refused.as_mut()?;
    let (when, error) = refused.when.get(&refused.of(service, username, password))?;
    if when.elapsed() >= REFUSED_FOR {
        return None;
    }
    let detail = format!(
        "{} That was less than a minute ago; it is not tried again at once, so that the account is not locked.",
        error.detail()
    );
    Some(error.clone().with_kind(error.kind(), detail))
}

/// Notes that this password was refused. On loopback nothing is noted: a sandbox answers there, which locks nobody, and the
/// next one on its port may take the password.
pub(crate) fn note(service: &Url, username: &str, password: &SecretString, error: &Error) {
    if is_loopback(service) {
        return;
    }
    let Ok(mut refused) = REFUSED.try_lock() else { return };
    let refused = refused.get_or_insert_default();
    refused.when.retain(|_, (when, _)| when.elapsed() < REFUSED_FOR);
    if refused.when.len() < MOST {
        let of = refused.of(service, username, password);
        refused.when.insert(of, (Instant::now(), error.clone()));
    }
}

impl Refused {
    fn of(&self, service: &Url, username: &str, password: &SecretString) -> u64 {
        self.key.hash_one((service.as_str(), username, password.expose_secret()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_remembered_for_a_minute_and_for_itself_alone() {
        let service = |host: &str| Url::parse(&format!("https://{host}/webticket/oauthtoken")).unwrap();
        let recall = |host, name, password: &str| recall(&service(host), name, &password.into());
        let error = Error::new(ErrorKind::SignInRefused, "No.").with_status(400);
        note(&service("pool.test"), "tosh", &"wrong".into(), &error);
        tokio::time::advance(Duration::from_millis(29_900)).await;
        let known = recall("pool.test", "tosh", "wrong").unwrap();
        assert_eq!((known.kind(), known.http_status()), (ErrorKind::SignInRefused, Some(400)));
        assert!(known.detail().starts_with("No. That was less than a minute ago;"), "{known}");
        for (host, name, password) in
            [("pool.test", "tosh", "right"), ("pool.test", "lenea", "wrong"), ("other.test", "tosh", "wrong")]
        {
            assert!(recall(host, name, password).is_none());
        }
        tokio::time::advance(Duration::from_millis(30_100)).await;
        assert!(recall("pool.test", "tosh", "wrong").is_none());
        note(&service("127.0.0.1"), "tosh", &"wrong".into(), &error);
        assert!(recall("127.0.0.1", "tosh", "wrong").is_none());
    }
}
