//! The sandbox server, for demonstrations and for the tests of a program.

use std::ffi::{CString, c_char};
use std::sync::Arc;
use std::time::Duration;

use ::send_im_sandbox::{Builder, NotAFault, NotOptions, Sandbox, SandboxOptions};
use send_im::{Error, ErrorKind, Result, Sent};
use send_im_runtime::{Generation, forked};

use crate::error::send_im_error;
use crate::ffi::{
    NONE, Out, c_text, catch_panic, error_or_null, from_raw, get, json, may_wait, object, optional_text, text,
};

/// A running sandbox.
pub struct send_im_sandbox {
    generation: &'static Generation,
    number: u64,
    url: CString,
    ca_file: Option<CString>,
}

impl send_im_sandbox {
    fn new(generation: &'static Generation, sandbox: Sandbox) -> Self {
        let url = c_text(sandbox.url());
        let ca_file = sandbox.ca_file().map(|path| c_text(&path.to_string_lossy()));
        let number = generation.sandboxes.insert(Arc::new(sandbox));
        send_im_sandbox { generation, number, url, ca_file }
    }

    fn sandbox(&self) -> Result<Arc<Sandbox>> {
        if self.generation.is_foreign() {
            return Err(forked());
        }
        let sandbox = self.generation.sandboxes.get(self.number);
        sandbox.ok_or_else(|| Error::closed("The sandbox is stopped."))
    }
}

/// Starts a sandbox. `options` is NULL or a JSON object: layout (`one-pool`, `two-pools` or `redirect`), https (true: with a
/// certificate authority of its own), listen (address and port; without: 127.0.0.1 and a free port), ring_ms (how long an
/// invitation to `silent@` rings), slow_ms (how long `slow@` takes), answer_after_ms (how long the others take),
/// token_lifetime_ms, poll_timeout_ms, users (a list of objects with address and password; without: anybody with any password
/// but `wrong`), redirect_to (a URL), host_name, allow_origins (a list of the origins whose web pages are answered; without:
/// any).
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_sandbox_start(
    options: *const c_char,
    sandbox: *mut *mut send_im_sandbox,
) -> *mut send_im_error {
    error_or_null(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let (out, options) =
            unsafe { (Out::needed(sandbox, "sandbox")?, optional_text(options, "options")?) };
        may_wait()?;
        // A blank text is no options.
        let options = options.filter(|text| !text.trim().is_empty()).unwrap_or("{}");
        let refused = |why: NotOptions| Error::invalid_input(why.to_string());
        let builder =
            Builder::try_from(options.parse::<SandboxOptions>().map_err(refused)?).map_err(refused)?;
        let generation = Generation::current();
        let work = async move {
            let cannot = |e| Error::new(ErrorKind::Network, format!("The sandbox cannot listen: {e}."));
            builder.start().await.map_err(cannot)
        };
        let sandbox = generation.call_on(&generation.sandboxes_run, Sent::No, work).wait()?;
        out.give(send_im_sandbox::new(generation, sandbox));
        Ok(())
    })
}

/// The discovery root: the option `server`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_sandbox_url(sandbox: *const send_im_sandbox) -> *const c_char {
    get!(sandbox, NONE, |s| Some(s.url.as_ptr()))
}

/// A file with the certificate authority, for the option `ca_file`; NULL without https. It is removed when the sandbox is
/// freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_sandbox_ca_file(sandbox: *const send_im_sandbox) -> *const c_char {
    get!(sandbox, NONE, |s| s.ca_file.as_ref().map(|path| path.as_ptr()))
}

/// What was delivered to an address, oldest first, as a JSON array; NULL for the address: everything delivered. Each entry has
/// number, from, to, accepted_by, subject, importance, format, text, via (`invitation` or `message`), conversation, thread_id
/// and received_at (milliseconds since 1970).
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_sandbox_inbox(
    sandbox: *const send_im_sandbox,
    address: *const c_char,
    messages: *mut *mut c_char,
) -> *mut send_im_error {
    error_or_null(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let (out, address) =
            unsafe { (Out::needed(messages, "messages")?, optional_text(address, "address")?) };
        // SAFETY: the caller keeps to the header.
        let sandbox = unsafe { object(sandbox, "sandbox")? }.sandbox()?;
        let delivered = address.map_or_else(|| sandbox.messages(), |address| sandbox.inbox(address));
        out.give_text(&json(&delivered));
        Ok(())
    })
}

/// Waits until `count` messages were delivered in all, and gives them as `send_im_sandbox_inbox` does; `messages` may be
/// NULL. `timeout` where it takes longer than `timeout_ms`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_sandbox_wait_for(
    sandbox: *const send_im_sandbox,
    count: usize,
    timeout_ms: u64,
    messages: *mut *mut c_char,
) -> *mut send_im_error {
    error_or_null(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let (out, handle) = unsafe { (Out::new(messages), object(sandbox, "sandbox")?) };
        let sandbox = handle.sandbox()?;
        may_wait()?;
        let work = async move {
            let delivered = sandbox.wait_for(count, Duration::from_millis(timeout_ms)).await;
            delivered.map_err(|e| Error::new(ErrorKind::Timeout, format!("{e}.")))
        };
        let delivered: Vec<_> =
            handle.generation.call_on(&handle.generation.sandboxes_run, Sent::No, work).wait()?;
        out.give_text(&json(&delivered));
        Ok(())
    })
}

/// Asks the sandbox's own HTTP interface, without a connection; the README of the crate send-im-sandbox lists its resources.
/// `path` is what follows `/sandbox/api/`, for example `journal`; `json` is the body, or NULL. Gives the body of the response:
/// JSON, or an empty text; `answer` may be NULL. `invalid_input` where the sandbox refuses the request.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_sandbox_request(
    sandbox: *mut send_im_sandbox,
    method: *const c_char,
    path: *const c_char,
    json: *const c_char,
    answer: *mut *mut c_char,
) -> *mut send_im_error {
    error_or_null(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let (out, handle, method) =
            unsafe { (Out::new(answer), object(sandbox, "sandbox")?, text(method, "method")?) };
        // SAFETY: the caller keeps to the header.
        let (path, json) = unsafe { (text(path, "path")?, optional_text(json, "json")?) };
        let sandbox = handle.sandbox()?;
        may_wait()?;
        let (method, path, json) = (method.to_owned(), path.to_owned(), json.map(str::to_owned));
        let work = async move {
            let response = sandbox.request(&method, &path, json.as_deref()).await;
            response.map_err(|why| Error::invalid_input(why.to_string()))
        };
        let response: String =
            handle.generation.call_on(&handle.generation.sandboxes_run, Sent::No, work).wait()?;
        out.give_text(&response);
        Ok(())
    })
}

/// Makes something go wrong: a fault as JSON, for example
/// `{"route": "start_messaging", "action": "drop_after", "times": 1}`. The library's sandbox documentation lists routes and
/// actions.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_sandbox_add_fault(
    sandbox: *mut send_im_sandbox,
    fault: *const c_char,
) -> *mut send_im_error {
    error_or_null(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let (sandbox, fault) = unsafe { (object(sandbox, "sandbox")?, text(fault, "fault")?) };
        let refused = |why: NotAFault| Error::invalid_input(why.to_string());
        sandbox.sandbox()?.add_fault(fault.parse().map_err(refused)?);
        Ok(())
    })
}

/// Stops and frees a sandbox. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_sandbox_free(sandbox: *mut send_im_sandbox) {
    catch_panic((), || {
        // SAFETY: the caller keeps to the header.
        let Some(sandbox) = (unsafe { from_raw(sandbox) }) else { return };
        if sandbox.generation.is_foreign() {
            // The server and the file are the parent's.
            std::mem::forget(sandbox);
            return;
        }
        sandbox.generation.sandboxes_run.drop_inside(sandbox.generation.sandboxes.remove(sandbox.number));
    });
}
