//! Where the bindings run: one small tokio runtime a process, or a thread of the host, started on first use and ended in a
//! bounded time.
//!
//! It knows the client and the sandbox, and no foreign interface: a binding brings its own error, anything that can be
//! made from [`send_im::Error`].
//!
//! Threads do not survive a fork. So everything that belongs to a runtime hangs on a [`Generation`] that knows the
//! process it was made in. A forked child makes a generation of its own and never touches the old one: its threads
//! are gone and its locks may be held by them for ever. The old one is leaked, because dropping it would join those
//! threads and close connections the parent still uses.

mod call;
mod cancellation;
mod generation;
mod host_failure;
mod lineage;
mod shutdown;
mod slots;
mod sync;
mod threads;

pub use call::{Call, forked, panicked, shut_down};
pub use cancellation::unless_cancelled;
pub use generation::Generation;
pub use host_failure::HostFailure;
pub use slots::Slots;
pub use sync::{Condvar, Flag, Mutex, MutexGuard, lock};
pub use threads::{Threads, on_a_thread_of_ours};
