//! The faults that are still to hit a request.

use crate::state::news::{Change, News};
use crate::sync::Mutex;
use crate::values::event_faults::EventFaults;
use crate::values::fault::{Action, Fault, Route};

/// The faults that are still to hit a request, in the order they were added.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    list: Mutex<Vec<Fault>>,
    news: News,
}

impl Faults {
    pub(crate) fn new(news: News) -> Self {
        Self { list: Mutex::default(), news }
    }

    pub(crate) fn set(&self, faults: Vec<Fault>) {
        *self.list.lock() = faults;
        self.tell();
    }

    pub(crate) fn add(&self, faults: impl IntoIterator<Item = Fault>) {
        self.list.lock().extend(faults);
        self.tell();
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        self.list.lock().clone()
    }

    fn tell(&self) {
        self.news.tell(Change::Resource("faults"));
    }

    /// The fault that changes the answer to a request on this route.
    pub(crate) fn for_answer(&self, route: Option<Route>) -> Option<Action> {
        self.take(|fault| {
            !fault.action.is_about_events() && (fault.route == Route::Any || Some(fault.route) == route)
        })
    }

    /// The fault that changes the events of a request on this route.
    pub(crate) fn for_events(&self, route: Route) -> EventFaults {
        let action = self.take(|fault| {
            fault.action.is_about_events() && (fault.route == Route::Any || fault.route == route)
        });
        EventFaults::from(action)
    }

    fn take(&self, fits: impl Fn(&Fault) -> bool) -> Option<Action> {
        let mut faults = self.list.lock();
        let (mut hit, mut counted) = (None, false);
        // Each fault on the route counts the request; the first one that is ready hits it.
        for (at, fault) in faults.iter_mut().enumerate().filter(|(_, fault)| fits(fault)) {
            if fault.skip > 0 {
                fault.skip -= 1;
                counted = true;
            } else if hit.is_none() {
                hit = Some(at);
            }
        }
        if counted || hit.is_some_and(|at| faults[at].times > 0) {
            self.tell();
        }
        let at = hit?;
        let action = faults[at].action.clone();
        match faults[at].times {
            0 => {}
            1 => drop(faults.remove(at)),
            _ => faults[at].times -= 1,
        }
        Some(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_after_the_skipped_requests_and_as_often_as_it_says() {
        let faults = Faults::default();
        faults.add([Fault::on(Route::Token, Action::DropBefore).skip(1).times(2)]);
        let hits: Vec<bool> = (0..4).map(|_| faults.for_answer(Some(Route::Token)).is_some()).collect();
        assert_eq!(hits, [false, true, true, false]);
        assert!(faults.all().is_empty());
    }

    #[test]
    fn a_fault_leaves_other_routes_alone_and_any_takes_all() {
        let faults = Faults::default();
        faults.add([Fault::on(Route::Token, Action::CutBody)]);
        assert_eq!(faults.for_answer(Some(Route::User)), None);
        faults.set(vec![Fault::on(Route::Any, Action::CutBody).times(0)]);
        assert_eq!(faults.for_answer(None), Some(Action::CutBody));
        assert_eq!(faults.for_answer(Some(Route::User)), Some(Action::CutBody));
    }
}
