//! The cache of home pools: the applications URL that discovery led to, by account.
//!
//! Not by domain, as two accounts of one domain may have different home pools. An entry is removed on errors that may mean that the
//! account has another pool. Source: RootURL, for 403, 502 and lasting connection errors.

use std::collections::HashMap;
use std::sync::Mutex;

use url::Url;

/// Further accounts are not cached.
const MAX_ACCOUNTS: usize = 10_000;

/// The applications URL of each account. Where a fork left it locked, every lookup is a miss.
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
    fn a_cache_that_a_fork_left_locked_is_not_waited_for() {
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
