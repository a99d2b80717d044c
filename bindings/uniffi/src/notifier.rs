//! What wakes the host where it waits for a call: in [`Notifier::wait`], or at a descriptor.

use std::io::{Read as _, Write as _};
use std::sync::{Arc, PoisonError};
use std::task::Wake;
use std::time::Duration;

use send_im_runtime::{Condvar, Mutex, lock};

/// Notified from any thread. It stays so until someone has waited for it.
#[derive(Default)]
pub(crate) struct Notifier {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    notified: bool,
    /// For a host that waits at a descriptor.
    pipe: Option<SelfPipe>,
}

impl Notifier {
    pub(crate) fn notify(&self) {
        let mut state = lock(&self.state);
        if !state.notified {
            state.notified = true;
            state.pipe.iter().for_each(SelfPipe::fill);
            self.changed.notify_all();
        }
    }

    /// Returns once it is notified, after `timeout`, or for no reason at all.
    pub(crate) fn wait(&self, timeout: Duration) {
        let mut state = lock(&self.state);
        if !state.notified {
            state = self.changed.wait_timeout(state, timeout).unwrap_or_else(PoisonError::into_inner).0;
        }
        if std::mem::take(&mut state.notified) {
            state.pipe.iter().for_each(SelfPipe::drain);
        }
    }

    /// A descriptor that can be read while this is notified. None where the system has none to give.
    pub(crate) fn descriptor(&self) -> Option<i32> {
        let mut state = lock(&self.state);
        if state.pipe.is_none() {
            state.pipe = SelfPipe::new();
            state.pipe.iter().filter(|_| state.notified).for_each(SelfPipe::fill);
        }
        state.pipe.as_ref().map(|pipe| pipe.descriptor)
    }

    /// Closes the descriptor.
    pub(crate) fn close(&self) {
        lock(&self.state).pipe = None;
    }
}

impl Wake for Notifier {
    fn wake(self: Arc<Self>) {
        self.notify();
    }
}

#[cfg(unix)]
type Stream = std::os::unix::net::UnixStream;
/// This system has no descriptors that every host can wait at.
#[cfg(not(unix))]
type Stream = std::net::TcpStream;

/// Both ends are ours, so a write raises no SIGPIPE; neither blocks, whatever a forked child does to them.
struct SelfPipe {
    ours: Stream,
    theirs: Stream,
    descriptor: i32,
}

impl SelfPipe {
    #[cfg(unix)]
    fn new() -> Option<Self> {
        let (ours, theirs) = Stream::pair().ok()?;
        ours.set_nonblocking(true).and(theirs.set_nonblocking(true)).ok()?;
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&theirs);
        Some(SelfPipe { ours, theirs, descriptor })
    }

    #[cfg(not(unix))]
    fn new() -> Option<Self> {
        None
    }

    fn fill(&self) {
        // One byte at a time lies in there, so there is room.
        let _ = (&self.ours).write(&[1]);
    }

    fn drain(&self) {
        let _ = (&self.theirs).read(&mut [0]);
    }
}

#[cfg(all(test, unix, not(send_im_loom)))]
mod tests {
    use std::os::fd::AsFd;

    use nix::poll::{PollFd, PollFlags, poll};

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    impl Notifier {
        pub(crate) fn is_notified(&self) -> bool {
            lock(&self.state).notified
        }

        /// True if its descriptor can be read now.
        fn is_readable(&self) -> bool {
            let state = lock(&self.state);
            let readable = |pipe: &SelfPipe| {
                poll(&mut [PollFd::new(pipe.theirs.as_fd(), PollFlags::POLLIN)], 0_u8) == Ok(1)
            };
            state.pipe.as_ref().is_some_and(readable)
        }
    }

    #[test]
    fn a_notification_before_the_wait_ends_it() {
        let notifier = Notifier::default();
        notifier.notify();
        notifier.wait(LONG);
        assert!(!notifier.is_notified());
    }

    #[test]
    fn a_notification_from_another_thread_ends_the_wait() {
        let notifier = Notifier::default();
        std::thread::scope(|threads| {
            threads.spawn(|| notifier.notify());
            notifier.wait(LONG);
        });
    }

    #[test]
    fn the_descriptor_is_readable_as_long_as_it_is_notified() {
        let notifier = Notifier::default();
        notifier.notify();
        let descriptor = notifier.descriptor().unwrap();
        assert_eq!(notifier.descriptor(), Some(descriptor));
        assert!(notifier.is_readable(), "it was notified before");
        notifier.wait(Duration::ZERO);
        assert!(!notifier.is_readable());
        notifier.notify();
        notifier.notify();
        assert!(notifier.is_readable());
        notifier.wait(Duration::ZERO);
        assert!(!notifier.is_readable());
    }
}
