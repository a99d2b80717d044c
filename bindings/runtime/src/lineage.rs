//! One value a process, also after forks.

use once_cell::race::OnceBox;

/// The values of the first process that used it and of its forked descendants in this line.
///
/// No lock is involved: a lock could have been held at the moment of the fork.
pub(crate) struct Lineage<T>(OnceBox<Member<T>>);

struct Member<T> {
    pid: u32,
    value: T,
    /// Of a forked child.
    next: OnceBox<Member<T>>,
}

impl<T> Lineage<T> {
    /// A line without a member.
    pub(crate) const fn new() -> Self {
        Lineage(OnceBox::new())
    }

    /// The value of this process; `make` gets the id of the process.
    pub(crate) fn current(&'static self, make: impl Fn(u32) -> T) -> &'static T {
        self.of(std::process::id(), make)
    }

    fn of(&'static self, pid: u32, make: impl Fn(u32) -> T) -> &'static T {
        let mut slot = &self.0;
        loop {
            let member =
                slot.get_or_init(|| Box::new(Member { pid, value: make(pid), next: OnceBox::new() }));
            if member.pid == pid {
                return &member.value;
            }
            slot = &member.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_come_first_together_get_one_value() {
        static LINE: Lineage<Vec<u32>> = Lineage::new();
        let places: Vec<usize> = std::thread::scope(|threads| {
            let begun: Vec<_> = (0..4)
                .map(|n| {
                    threads.spawn(move || {
                        let value = LINE.of(n % 2, |pid| vec![pid; 3]);
                        assert_eq!(*value, [n % 2; 3]);
                        std::ptr::from_ref(value).addr()
                    })
                })
                .collect();
            begun.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!((places[0], places[1]), (places[2], places[3]));
        assert_ne!(places[0], places[1]);
    }

    #[test]
    fn one_value_a_process_and_a_new_one_after_a_fork() {
        static LINE: Lineage<u32> = Lineage::new();
        let parent = LINE.of(1, |pid| pid);
        let child = LINE.of(2, |pid| pid);
        let grandchild = LINE.of(3, |pid| pid);
        assert_eq!([*parent, *child, *grandchild], [1, 2, 3]);
        assert!(std::ptr::eq(parent, LINE.of(1, |_| 9)));
        assert!(std::ptr::eq(child, LINE.of(2, |_| 9)));
    }
}
