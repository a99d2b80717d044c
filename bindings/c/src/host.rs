//! Functions of the host that are called more than once.

use std::ffi::c_void;

use send_im_runtime::Generation;

/// Called once with the `user_data` of a callback, when that callback will not come again. May be NULL.
pub type send_im_release = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// A function of the host and what it wants to be called with.
pub(crate) struct Host<F> {
    function: F,
    user_data: *mut c_void,
    release: send_im_release,
    generation: &'static Generation,
}

// SAFETY: the pointer is handed back to the host and never read here. The header says that callbacks come on other
// threads, several at a time.
unsafe impl<F: Send> Send for Host<F> {}
// SAFETY: as above.
unsafe impl<F: Sync> Sync for Host<F> {}

impl<F> Host<F> {
    pub(crate) fn new(function: F, user_data: *mut c_void, release: send_im_release) -> Self {
        Host { function, user_data, release, generation: Generation::current() }
    }

    pub(crate) fn function(&self) -> &F {
        &self.function
    }

    pub(crate) fn user_data(&self) -> *mut c_void {
        self.user_data
    }
}

impl<F> Drop for Host<F> {
    fn drop(&mut self) {
        // In a forked child the parent still uses it.
        if self.generation.is_foreign() {
            return;
        }
        if let Some(release) = self.release {
            // SAFETY: the host gave this function for this pointer, and nobody else has it any more.
            unsafe { release(self.user_data) }
        }
    }
}
