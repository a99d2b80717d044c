//! Sending: the one call, and a signed-in client.

use std::ffi::c_char;
use std::ptr::null_mut;
use std::time::Duration;

use send_im::{Client, Error, Message, Result, Sent};
use send_im_runtime::{Generation, forked, unless_cancelled};

use crate::call::{Operation, Value, begin, send_im_call, wait};
use crate::error::send_im_error;
use crate::ffi::{Out, error_or_null, free, object, text};
use crate::options::{Options, Takes, send_im_options};
use crate::receipt::send_im_receipt;

/// One session: any number of messages, from any thread.
pub struct send_im_client {
    pub(crate) generation: &'static Generation,
    number: u64,
}

impl send_im_client {
    pub(crate) fn client(&self) -> Result<Client> {
        if self.generation.is_foreign() {
            return Err(forked());
        }
        let client = self.generation.clients.get(self.number);
        client.ok_or_else(|| Error::closed("The client is signed out."))
    }
}

impl Drop for send_im_client {
    fn drop(&mut self) {
        if self.generation.is_foreign() {
            return;
        }
        // The sign-out in the background needs a runtime to run on.
        self.generation.clients_run.drop_inside(self.generation.clients.remove(self.number));
    }
}

/// # Safety
/// As the header says.
unsafe fn one_call(
    options: *const send_im_options,
    to: *const c_char,
    content: *const c_char,
) -> Result<Operation> {
    // SAFETY: what this function asks for.
    let (options, message) = unsafe { message(options, Takes::Both, to, content)? };
    let work = |cancellation| async move {
        let account = options.account()?;
        let sent_status = message.sent_status();
        let sending = send_im::send(&account, message);
        unless_cancelled(cancellation, || sent_status.sent(), sending).await.map(Value::Receipt)
    };
    Ok(Operation::new(Generation::current(), Sent::Maybe, work))
}

/// # Safety
/// As the header says.
unsafe fn sign_in(options: *const send_im_options) -> Result<Operation> {
    // SAFETY: what this function asks for.
    let options = unsafe { Options::of(options, Takes::Account)? };
    let generation = Generation::current();
    let work = |cancellation| async move {
        let account = options.account()?;
        let client = unless_cancelled(cancellation, || Sent::No, Client::sign_in(account)).await?;
        Ok(Value::Client(send_im_client { generation, number: generation.keep(client).await }))
    };
    Ok(Operation::new(generation, Sent::No, work))
}

/// The send is under way when this returns, before the future is polled.
///
/// # Safety
/// As the header says.
unsafe fn through(
    client: *const send_im_client,
    options: *const send_im_options,
    to: *const c_char,
    content: *const c_char,
) -> Result<Operation> {
    // SAFETY: what this function asks for.
    let ((_, message), client) =
        unsafe { (message(options, Takes::Message, to, content)?, object(client, "client")?) };
    let sent_status = message.sent_status();
    let sending = client.client()?.send(message);
    Ok(Operation::new(client.generation, Sent::Maybe, |cancellation| async {
        unless_cancelled(cancellation, move || sent_status.sent(), sending).await.map(Value::Receipt)
    }))
}

/// Sends are refused from now on, before the future is polled.
///
/// # Safety
/// As the header says.
unsafe fn sign_out(client: *const send_im_client, timeout_ms: i64) -> Result<Operation> {
    // SAFETY: what this function asks for.
    let client = unsafe { object(client, "client")? };
    if client.generation.is_foreign() {
        return Err(forked());
    }
    let bound = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
    let signed_in = client.generation.clients.get(client.number);
    let signing_out = signed_in.map(|client| client.begin_sign_out(bound));
    Ok(Operation::new(client.generation, Sent::No, |cancellation| async {
        let Some(signing_out) = signing_out else { return Ok(Value::Nothing) };
        unless_cancelled(cancellation, || Sent::No, signing_out).await.map(|()| Value::Nothing)
    }))
}

/// # Safety
/// As the header says.
unsafe fn message(
    options: *const send_im_options,
    takes: Takes,
    to: *const c_char,
    content: *const c_char,
) -> Result<(Options, Message)> {
    // SAFETY: what this function asks for.
    let (options, to, content) =
        unsafe { (Options::of(options, takes)?, text(to, "recipient")?, text(content, "text")?) };
    let message = options.message(to, content)?;
    Ok((options, message))
}

/// Signs in, sends one message, waits for its delivery and signs out.
///
/// `options` may be NULL, and need not name an account: then the environment (SEND_IM_ADDRESS, SEND_IM_PASSWORD …) or the
/// profile file says who sends. `to` is `user@domain`. `receipt` may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im(
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
    receipt: *mut *mut send_im_receipt,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe { wait(Sent::Maybe, Out::new(receipt), || one_call(options, to, text), Value::receipt) }
}

/// As `send_im`, without waiting.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_begin(
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe { begin(Sent::Maybe, call, || one_call(options, to, text)) }
}

/// Signs in and opens a session. `options` as with `send_im`; the client works until `send_im_client_sign_out`.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_sign_in(
    options: *const send_im_options,
    client: *mut *mut send_im_client,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        let prepare = || Out::needed(client, "client").and_then(|_| sign_in(options));
        wait(Sent::No, Out::new(client), prepare, Value::client)
    }
}

/// As `send_im_client_sign_in`, without waiting.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_sign_in_begin(
    options: *const send_im_options,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe { begin(Sent::No, call, || sign_in(options)) }
}

/// Sends one message. `options` are those of a message and may be NULL; `receipt` may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_send(
    client: *const send_im_client,
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
    receipt: *mut *mut send_im_receipt,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe { wait(Sent::Maybe, Out::new(receipt), || through(client, options, to, text), Value::receipt) }
}

/// As `send_im_client_send`, without waiting. The client may be freed before the call has ended: its session ends after that.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_send_begin(
    client: *const send_im_client,
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe { begin(Sent::Maybe, call, || through(client, options, to, text)) }
}

/// Waits for the sends under way, at most `timeout_ms`, and ends those that are left as `send_im_client_cancel_all` does; then
/// closes the session on the server, in at most 3 s. With a negative `timeout_ms` each send ends with its own timeout at the
/// latest. A server that refuses connections or gives no answer for 5 s is not waited for. Sends that begin later fail with
/// `closed`; a second call does nothing. The client still has to be freed.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_sign_out(
    client: *mut send_im_client,
    timeout_ms: i64,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe { wait(Sent::No, Out::<()>::new(null_mut()), || sign_out(client, timeout_ms), |_| Some(())) }
}

/// As `send_im_client_sign_out`, without waiting. Cancelling the call ends the wait, not the signing out.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_sign_out_begin(
    client: *mut send_im_client,
    timeout_ms: i64,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe { begin(Sent::No, call, || sign_out(client, timeout_ms)) }
}

/// Ends every send under way on this client at once: each fails with `cancelled`, and its `sent` says whether it can have
/// arrived. Later sends fail with `closed`. The session is still to be signed out.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_cancel_all(client: *mut send_im_client) -> *mut send_im_error {
    error_or_null(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let client = unsafe { object(client, "client")? };
        client.client()?.cancel_all();
        Ok(())
    })
}

/// Frees a client. One that was not signed out is signed out in the background. Does not wait. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_free(client: *mut send_im_client) {
    free!(client);
}
