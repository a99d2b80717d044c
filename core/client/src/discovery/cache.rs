//! Where an account's applications were found the last time in this process.
//!
//! Only the last URL of discovery is kept, for the account and not for its whole domain: two accounts of one domain
//! may be homed on different pools. It is dropped on 403, 502, lasting connection errors and sign-out. Source: RootURL.

use std::collections::HashMap;
use std::sync::Mutex;

use url::Url;

/// Only ever tried, never waited for: a process that forks may leave it locked in its child for ever. To miss the memory
/// costs a discovery.
static FOUND: Mutex<Option<HashMap<String, Url>>> = Mutex::new(None);

/// More accounts than this in one process are discovered anew instead of remembered.
const MOST: usize = 10_000;

pub(crate) fn get(key: &str) -> Option<Url> {
    FOUND.try_lock().ok()?.as_ref()?.get(key).cloned()
}

pub(crate) fn put(key: String, url: Url) {
    let Ok(mut found) = FOUND.try_lock() else { return };
    let found = found.get_or_insert_default();
    if found.len() < MOST || found.contains_key(&key) {
        found.insert(key, url);
    }
}

pub(crate) fn forget(key: &str) {
    if let Ok(mut found) = FOUND.try_lock()
        && let Some(found) = found.as_mut()
    {
        found.remove(key);
    }
}
