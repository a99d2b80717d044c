//! Where an account's applications were found the last time in this process.
//!
//! Only the last URL of discovery is kept, for the account and not for its whole domain: two accounts of one domain
//! may be homed on different pools. It is dropped on 403, 502, lasting connection errors and sign-out. Source: RootURL.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use url::Url;

static FOUND: LazyLock<Mutex<HashMap<String, Url>>> = LazyLock::new(Mutex::default);

/// More accounts than this in one process are discovered anew instead of remembered.
const MOST: usize = 10_000;

pub(crate) fn get(key: &str) -> Option<Url> {
    FOUND.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
}

pub(crate) fn put(key: String, url: Url) {
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if found.len() < MOST || found.contains_key(&key) {
        found.insert(key, url);
    }
}

pub(crate) fn forget(key: &str) {
    FOUND.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
}
