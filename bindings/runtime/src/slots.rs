//! Values a host refers to by number.

use crate::sync::{Mutex, lock};

/// Values by number. A host that holds numbers holds nothing that could be dropped in the wrong process.
pub struct Slots<T>(Mutex<Kept<T>>);

struct Kept<T> {
    last: u64,
    values: Vec<(u64, T)>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots(Mutex::new(Kept { last: 0, values: Vec::new() }))
    }
}

impl<T: Clone> Slots<T> {
    /// Keeps a value and gives its number, which is never used again.
    pub fn insert(&self, value: T) -> u64 {
        let mut kept = lock(&self.0);
        kept.last += 1;
        let number = kept.last;
        kept.values.push((number, value));
        number
    }

    /// The value with this number.
    pub fn get(&self, number: u64) -> Option<T> {
        let kept = lock(&self.0);
        // Numbers only grow, so the list is sorted.
        let at = kept.values.binary_search_by_key(&number, |(n, _)| *n).ok()?;
        Some(kept.values[at].1.clone())
    }

    /// All values, as they are now.
    pub fn all(&self) -> Vec<T> {
        lock(&self.0).values.iter().map(|(_, value)| value.clone()).collect()
    }

    /// Takes the value with this number away.
    pub fn remove(&self, number: u64) -> Option<T> {
        let mut kept = lock(&self.0);
        let at = kept.values.binary_search_by_key(&number, |(n, _)| *n).ok()?;
        Some(kept.values.remove(at).1)
    }

    /// Takes every value away.
    pub fn take_all(&self) -> Vec<T> {
        std::mem::take(&mut lock(&self.0).values).into_iter().map(|(_, value)| value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_hand_out_values_by_number() {
        let slots = Slots::default();
        let (a, b) = (slots.insert("a"), slots.insert("b"));
        assert_eq!((slots.get(a), slots.get(b), slots.get(99)), (Some("a"), Some("b"), None));
        assert_eq!((slots.remove(a), slots.remove(a), slots.get(b)), (Some("a"), None, Some("b")));
        assert_eq!((slots.take_all(), slots.get(b)), (vec!["b"], None));
    }

    #[test]
    fn numbers_are_given_once_and_values_taken_once_by_any_threads() {
        let slots = Slots::default();
        let shared = slots.insert(0);
        let (numbers, taken): (Vec<u64>, Vec<Option<u64>>) = std::thread::scope(|threads| {
            let begun: Vec<_> = (1..4u64)
                .map(|n| {
                    let slots = &slots;
                    threads.spawn(move || {
                        let number = slots.insert(n);
                        assert_eq!(slots.get(number), Some(n));
                        (number, slots.remove(shared))
                    })
                })
                .collect();
            begun.into_iter().map(|thread| thread.join().unwrap()).unzip()
        });
        let mut all = numbers.clone();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), numbers.len());
        assert_eq!(taken.iter().flatten().count(), 1);
        assert_eq!(slots.take_all().len(), numbers.len());
    }
}
