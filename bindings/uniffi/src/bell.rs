//! What wakes the host where it waits for a call: in [`Bell::wait`], or at a descriptor.

use std::sync::{Arc, PoisonError};
use std::task::Wake;
use std::time::Duration;

use send_im_runtime::{Condvar, Mutex, lock};

/// Rung from any thread. It stays rung until someone has waited for it.
#[derive(Default)]
pub(crate) struct Bell {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    rung: bool,
    /// For a host that waits at a descriptor.
    rope: Option<Rope>,
}

impl Bell {
    pub(crate) fn ring(&self) {
        let mut state = lock(&self.state);
        if !state.rung {
            state.rung = true;
            state.rope.iter().for_each(Rope::ring);
            self.changed.notify_all();
        }
    }

    /// Returns once it is rung, after `timeout`, or for no reason at all.
    pub(crate) fn wait(&self, timeout: Duration) {
        let mut state = lock(&self.state);
        if !state.rung {
            state = self.changed.wait_timeout(state, timeout).unwrap_or_else(PoisonError::into_inner).0;
        }
        if std::mem::take(&mut state.rung) {
            state.rope.iter().for_each(Rope::still);
        }
    }

    /// A descriptor that can be read while this is rung. None where the system has none to give.
    pub(crate) fn descriptor(&self) -> Option<i32> {
        let mut state = lock(&self.state);
        if state.rope.is_none() {
            state.rope = Rope::new();
            state.rope.iter().filter(|_| state.rung).for_each(Rope::ring);
        }
        state.rope.as_ref().map(Rope::descriptor)
    }

    /// Closes the descriptor.
    pub(crate) fn close(&self) {
        lock(&self.state).rope = None;
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.ring();
    }
}

/// A socket pair. Both ends are ours, so a write raises no SIGPIPE, and what a forked child reads is nothing.
#[cfg(unix)]
struct Rope {
    ours: std::os::unix::net::UnixStream,
    theirs: std::os::unix::net::UnixStream,
}

#[cfg(unix)]
impl Rope {
    fn new() -> Option<Self> {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().ok()?;
        ours.set_nonblocking(true).and(theirs.set_nonblocking(true)).ok()?;
        Some(Rope { ours, theirs })
    }

    fn descriptor(&self) -> i32 {
        std::os::fd::AsRawFd::as_raw_fd(&self.theirs)
    }

    fn ring(&self) {
        // One byte at a time lies in there, so there is room.
        let _ = std::io::Write::write(&mut &self.ours, &[1]);
    }

    fn still(&self) {
        let _ = std::io::Read::read(&mut &self.theirs, &mut [0]);
    }
}

/// This system has no descriptors that every host can wait at.
#[cfg(not(unix))]
enum Rope {}

#[cfg(not(unix))]
impl Rope {
    fn new() -> Option<Self> {
        None
    }

    fn descriptor(&self) -> i32 {
        match *self {}
    }

    fn ring(&self) {
        match *self {}
    }

    fn still(&self) {
        match *self {}
    }
}

#[cfg(all(test, unix, not(send_im_loom)))]
mod tests {
    use std::os::fd::AsFd;

    use nix::poll::{PollFd, PollFlags, poll};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    impl Bell {
        pub(crate) fn is_rung(&self) -> bool {
            lock(&self.state).rung
        }

        /// True if its descriptor can be read now.
        fn is_readable(&self) -> bool {
            let state = lock(&self.state);
            let readable =
                |rope: &Rope| poll(&mut [PollFd::new(rope.theirs.as_fd(), PollFlags::POLLIN)], 0_u8) == Ok(1);
            state.rope.as_ref().is_some_and(readable)
        }
    }

    #[test]
    fn a_ring_before_the_wait_ends_it() {
        let bell = Bell::default();
        bell.ring();
        bell.wait(LONG);
        assert!(!bell.is_rung());
    }

    #[test]
    fn a_ring_from_another_thread_ends_the_wait() {
        let bell = Bell::default();
        std::thread::scope(|threads| {
            threads.spawn(|| bell.ring());
            bell.wait(LONG);
        });
    }

    #[test]
    fn the_descriptor_is_readable_as_long_as_the_bell_is_rung() {
        let bell = Bell::default();
        bell.ring();
        let descriptor = bell.descriptor().unwrap();
        assert_eq!(bell.descriptor(), Some(descriptor));
        assert!(bell.is_readable(), "it was rung before");
        bell.wait(Duration::ZERO);
        assert!(!bell.is_readable());
        bell.ring();
        bell.ring();
        assert!(bell.is_readable());
        bell.wait(Duration::ZERO);
        assert!(!bell.is_readable());
    }
}
