//! Where accounts' applications were found the last time.
//!
//! Only the last URL of discovery is kept, for the account and not for its whole domain: two accounts of one domain
//! may be homed on different pools. It is dropped on 403, 502, lasting connection errors and sign-out. Source: RootURL.

use std::collections::HashMap;
use std::sync::Mutex;

use url::Url;

/// More accounts than this are discovered anew instead of remembered.
const MAX_ACCOUNTS: usize = 10_000;

/// The URL where applications are created, by account. A process that forks may leave it locked in its child: that discovers.
#[derive(Default)]
pub(crate) struct Pools(Mutex<HashMap<String, Url>>);

impl Pools {
    pub(crate) fn get(&self, key: &str) -> Option<Url> {
        self.0.try_lock().ok()?.get(key).cloned()
    }

    pub(crate) fn put(&self, key: String, url: Url) {
        let Ok(mut urls) = self.0.try_lock() else { return };
        if urls.len() < MAX_ACCOUNTS || urls.contains_key(&key) {
            urls.insert(key, url);
        }
    }

    pub(crate) fn forget(&self, key: &str) {
        if let Ok(mut urls) = self.0.try_lock() {
            urls.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_a_fork_left_locked_is_not_waited_for() {
        let (pools, url) = (Pools::default(), Url::parse("https://pool.contoso.com/").unwrap());
        pools.put("tosh".to_owned(), url.clone());
        let locked = pools.0.lock().unwrap();
        assert_eq!(pools.get("tosh"), None);
        pools.put("lenea".to_owned(), url.clone());
        pools.forget("tosh");
        drop(locked);
        assert_eq!((pools.get("tosh"), pools.get("lenea")), (Some(url), None));
    }
}
