//! A call that is waited for without a callback: a file descriptor becomes readable when there is something to do.
//!
//! A host such as Ruby runs a callback from a thread of ours on a dispatcher thread and one more thread a call, and
//! neither survives a fork. With a bell the continuation that UniFFI calls is a function of this library. It writes the
//! code it is given to a socket, and the host waits for that as it waits for any other.

use std::io::Write;
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use send_im::{ErrorKind, Sent};
use send_im_runtime::{Generation, Lineage, Mutex, Slots, lock};

use crate::failure::{Result, SendError};

/// The bells of this process, by number.
static BELLS: Lineage<Slots<Arc<Rope>>> = Lineage::new();

fn bells() -> &'static Slots<Arc<Rope>> {
    BELLS.current(|_| Slots::default())
}

/// A socket pair. The host waits at one end, [`ring_function`] writes to the other.
#[derive(uniffi::Object)]
pub struct Bell {
    generation: &'static Generation,
    number: u64,
    descriptor: Mutex<Option<UnixStream>>,
}

/// What a ring needs.
pub(crate) struct Rope {
    socket: UnixStream,
    /// The host's end once more. While it is open a write cannot raise SIGPIPE, which the host may have left deadly.
    _theirs: UnixStream,
}

#[uniffi::export]
impl Bell {
    /// Makes a bell.
    ///
    /// # Errors
    /// `closed` where the operating system gives no more descriptors.
    #[uniffi::constructor]
    pub fn new() -> Result<Arc<Self>> {
        let generation = Generation::current();
        let refuse =
            |e| SendError::local(ErrorKind::Closed, format!("send-im cannot make a socket: {e}."), Sent::No);
        let (ours, theirs) = UnixStream::pair().map_err(refuse)?;
        // A thread of ours never waits for a host that does not read.
        ours.set_nonblocking(true).map_err(refuse)?;
        let rope = Rope { socket: ours, _theirs: theirs.try_clone().map_err(refuse)? };
        let number = bells().insert(Arc::new(rope));
        Ok(Arc::new(Bell { generation, number, descriptor: Mutex::new(Some(theirs)) }))
    }

    /// What to pass as the data of a continuation, together with [`ring_function`].
    pub fn handle(&self) -> u64 {
        handle(self.generation.pid(), self.number)
    }

    /// The file descriptor to wait at. The host owns it from now on; a second call gives none.
    pub fn take_descriptor(&self) -> Option<i32> {
        lock(&self.descriptor).take().map(IntoRawFd::into_raw_fd)
    }

    /// Rings from the host's side, with a code of the host's.
    pub fn ring(&self, code: i8) {
        ring(self.handle(), code);
    }

    /// Ends the bell: from now on a ring does nothing. May be called again; dropping the bell does the same.
    pub fn close(&self) {
        if !self.generation.is_foreign() {
            bells().remove(self.number);
        }
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        self.close();
    }
}

/// The address of a continuation for UniFFI's futures that rings the bell whose handle is its data. It may come when
/// the bell is gone, and then does nothing.
#[uniffi::export]
pub fn ring_function() -> u64 {
    ring as extern "C" fn(u64, i8) as usize as u64
}

/// The process is part of the handle: a future inherited by a forked child must not ring a bell of the child.
fn handle(pid: u32, number: u64) -> u64 {
    u64::from(pid) << 32 | number & u64::from(u32::MAX)
}

/// Rings a bell, given by its handle; nothing happens if it is gone.
pub(crate) extern "C" fn ring(handle: u64, code: i8) {
    if handle >> 32 != u64::from(std::process::id()) {
        return;
    }
    if let Some(rope) = bells().get(handle & u64::from(u32::MAX)) {
        // It fails where the socket is full, which wakes the host anyway.
        let _ = (&rope.socket).write(&code.to_ne_bytes());
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Read;
    use std::time::Duration;

    use super::*;

    pub(crate) fn bell() -> (Arc<Bell>, UnixStream) {
        let bell = Bell::new().unwrap();
        let waiting = lock(&bell.descriptor).take().unwrap();
        waiting.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        (bell, waiting)
    }

    pub(crate) fn heard(waiting: &mut UnixStream) -> u8 {
        let mut code = [0xff];
        waiting.read_exact(&mut code).unwrap();
        code[0]
    }

    #[test]
    fn a_ring_is_heard_with_its_code() {
        let (bell, mut waiting) = bell();
        ring(bell.handle(), 1);
        bell.ring(2);
        assert_eq!((heard(&mut waiting), heard(&mut waiting)), (1, 2));
    }

    #[test]
    fn a_ring_of_another_bell_or_another_process_is_not() {
        let (bell, mut waiting) = bell();
        let (other, _kept) = self::bell();
        ring(other.handle(), 3);
        ring(handle(std::process::id().wrapping_add(1), bell.number), 4);
        ring(bell.handle(), 5);
        assert_eq!(heard(&mut waiting), 5);
    }

    #[test]
    fn a_ring_after_the_end_of_the_bell_does_nothing() {
        let (bell, mut waiting) = bell();
        bell.close();
        bell.close();
        ring(bell.handle(), 1);
        assert_eq!(waiting.read(&mut [0]).unwrap(), 0, "the socket is closed");
    }

    #[test]
    fn a_ring_that_nobody_hears_is_no_error() {
        let (bell, waiting) = bell();
        drop(waiting);
        let socket = &bells().get(bell.number).unwrap().socket;
        assert_eq!((&*socket).write(&[1]).unwrap(), 1);
    }

    #[test]
    fn the_descriptor_is_given_once() {
        let bell = Bell::new().unwrap();
        let descriptor = bell.take_descriptor();
        assert!(descriptor.is_some_and(|fd| fd > 2));
        assert_eq!(bell.take_descriptor(), None);
    }
}
