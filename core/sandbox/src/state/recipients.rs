//! The recipients whose behaviour was set, whatever their name.

use std::collections::BTreeMap;

use crate::state::news::{Change, News};
use crate::sync::Mutex;
use crate::values::address;
use crate::values::behaviour::Behaviour;

/// Behaviours by address, in the form in which addresses are compared.
#[derive(Debug, Default)]
pub(crate) struct Recipients {
    set: Mutex<BTreeMap<String, Behaviour>>,
    news: News,
}

impl Recipients {
    pub(crate) fn new(news: News) -> Self {
        Self { set: Mutex::default(), news }
    }

    pub(crate) fn of(&self, recipient: &str) -> Option<Behaviour> {
        self.set.lock().get(&address::key(recipient)).cloned()
    }

    pub(crate) fn set(&self, recipient: &str, behaviour: Behaviour) {
        self.set.lock().insert(address::key(recipient), behaviour);
        self.tell();
    }

    /// From now on the recipient behaves by its name again.
    pub(crate) fn unset(&self, recipient: &str) {
        self.set.lock().remove(&address::key(recipient));
        self.tell();
    }

    pub(crate) fn clear(&self) {
        self.set.lock().clear();
        self.tell();
    }

    pub(crate) fn all(&self) -> BTreeMap<String, Behaviour> {
        self.set.lock().clone()
    }

    fn tell(&self) {
        self.news.tell(Change::Resource("recipients"));
    }
}
