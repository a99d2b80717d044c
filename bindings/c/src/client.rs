//! Sending: the one call, and a signed-in client.

use std::ffi::{c_char, c_void};
use std::future::Future;
use std::time::Duration;

use send_im::{Client, Error, Message, Receipt, Result, Sent};
use send_im_runtime::{Generation, forked, unless_cancelled};
use tokio_util::sync::CancellationToken;

use crate::border::{Out, certain, fallible, hand_over, may_wait, object, take_back, text};
use crate::call::{UserData, send_im_call, start};
use crate::error::send_im_error;
use crate::options::{Options, Takes, send_im_options};
use crate::receipt::send_im_receipt;

/// A send has ended, with an error or with a receipt, never both. The one that is there belongs to the host.
pub type send_im_on_sent = Option<
    unsafe extern "C" fn(user_data: *mut c_void, error: *mut send_im_error, receipt: *mut send_im_receipt),
>;

/// A sign-in has ended, with an error or with a client, never both. The one that is there belongs to the host.
pub type send_im_on_signed_in = Option<
    unsafe extern "C" fn(user_data: *mut c_void, error: *mut send_im_error, client: *mut send_im_client),
>;

/// A call without a result has ended; `error` is NULL on success, else it belongs to the host.
pub type send_im_on_done = Option<unsafe extern "C" fn(user_data: *mut c_void, error: *mut send_im_error)>;

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

pub(crate) fn no_callback() -> Error {
    Error::invalid_input("The callback is NULL.")
}

/// A result as the two arguments of a callback.
pub(crate) fn halves<T, R: From<T>>(result: Result<T>) -> (*mut send_im_error, *mut R) {
    match result {
        Ok(value) => (std::ptr::null_mut(), hand_over(R::from(value))),
        Err(error) => (send_im_error::raw(error), std::ptr::null_mut()),
    }
}

fn sent_callback(
    callback: send_im_on_sent,
    user_data: *mut c_void,
) -> Result<impl FnOnce(Result<Receipt>) + Send> {
    let (callback, user_data) = (callback.ok_or_else(no_callback)?, UserData::new(user_data));
    Ok(move |result| {
        let (error, receipt) = halves(result);
        // SAFETY: the host gave this function for this, and now owns both.
        unsafe { callback(user_data.pointer(), error, receipt) }
    })
}

async fn one_call(
    options: Options,
    message: Message,
    cancellation: Option<CancellationToken>,
) -> Result<Receipt> {
    let account = options.account()?;
    let sent_status = message.sent_status();
    unless_cancelled(cancellation, || sent_status.sent(), send_im::send(&account, message)).await
}

/// The send is under way when this returns, before the future is polled.
fn through(
    client: &Client,
    message: Message,
    cancellation: Option<CancellationToken>,
) -> impl Future<Output = Result<Receipt>> + Send + use<> {
    let sent_status = message.sent_status();
    unless_cancelled(cancellation, move || sent_status.sent(), client.send(message))
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
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im(
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
    receipt: *mut *mut send_im_receipt,
) -> *mut send_im_error {
    fallible(Sent::Maybe, || {
        // SAFETY: the caller keeps to the header.
        let (out, message) = unsafe { (Out::new(receipt), message(options, Takes::Both, to, text)) };
        let (options, message) = message?;
        may_wait()?;
        let sent: Receipt =
            Generation::current().call(Sent::Maybe, one_call(options, message, None)).wait()?;
        out.give(sent.into());
        Ok(())
    })
}

/// As `send_im`, without waiting: `callback` comes exactly once, unless this returns an error. `call` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_async(
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
    callback: send_im_on_sent,
    user_data: *mut c_void,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    fallible(Sent::Maybe, || {
        // SAFETY: the caller keeps to the header.
        let (out, message) = unsafe { (Out::new(call), message(options, Takes::Both, to, text)) };
        let (options, message) = message?;
        let tell = sent_callback(callback, user_data)?;
        let work = |cancellation| one_call(options, message, cancellation);
        start(Generation::current(), Sent::Maybe, out, work, tell)
    })
}

async fn sign_in(
    generation: &'static Generation,
    options: Options,
    cancellation: Option<CancellationToken>,
) -> Result<send_im_client> {
    let account = options.account()?;
    let client = unless_cancelled(cancellation, || Sent::No, Client::sign_in(account)).await?;
    Ok(send_im_client { generation, number: generation.keep(client).await })
}

/// Signs in and opens a session. `options` as with `send_im`; the client works until `send_im_client_sign_out`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_sign_in(
    options: *const send_im_options,
    client: *mut *mut send_im_client,
) -> *mut send_im_error {
    fallible(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let (out, options) =
            unsafe { (Out::needed(client, "client")?, Options::of(options, Takes::Account)?) };
        may_wait()?;
        let generation = Generation::current();
        out.give(generation.call(Sent::No, sign_in(generation, options, None)).wait()?);
        Ok(())
    })
}

/// As `send_im_client_sign_in`, without waiting: `callback` comes exactly once, unless this returns an error. `call` may be
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_sign_in_async(
    options: *const send_im_options,
    callback: send_im_on_signed_in,
    user_data: *mut c_void,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    fallible(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let (out, options) = unsafe { (Out::new(call), Options::of(options, Takes::Account)?) };
        let (callback, user_data) = (callback.ok_or_else(no_callback)?, UserData::new(user_data));
        let tell = move |result| {
            let (error, client) = halves::<send_im_client, _>(result);
            // SAFETY: the host gave this function for this, and now owns both.
            unsafe { callback(user_data.pointer(), error, client) }
        };
        let generation = Generation::current();
        start(generation, Sent::No, out, |cancellation| sign_in(generation, options, cancellation), tell)
    })
}

/// Sends one message. `options` are those of a message and may be NULL; `receipt` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_send(
    client: *const send_im_client,
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
    receipt: *mut *mut send_im_receipt,
) -> *mut send_im_error {
    fallible(Sent::Maybe, || {
        // SAFETY: the caller keeps to the header.
        let (out, message) = unsafe { (Out::new(receipt), message(options, Takes::Message, to, text)) };
        // SAFETY: the caller keeps to the header.
        let client = unsafe { object(client, "client")? };
        let (_, message) = message?;
        may_wait()?;
        let work = through(&client.client()?, message, None);
        let sent: Receipt = client.generation.call(Sent::Maybe, work).wait()?;
        out.give(sent.into());
        Ok(())
    })
}

/// As `send_im_client_send`, without waiting: `callback` comes exactly once, unless this returns an error. `call` may be
/// NULL. The client may be freed before the callback has come: its session ends after that.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_send_async(
    client: *const send_im_client,
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
    callback: send_im_on_sent,
    user_data: *mut c_void,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    fallible(Sent::Maybe, || {
        // SAFETY: the caller keeps to the header.
        let (out, message) = unsafe { (Out::new(call), message(options, Takes::Message, to, text)) };
        // SAFETY: the caller keeps to the header.
        let client = unsafe { object(client, "client")? };
        let (_, message) = message?;
        let tell = sent_callback(callback, user_data)?;
        let signed_in = client.client()?;
        let work = |cancellation| through(&signed_in, message, cancellation);
        start(client.generation, Sent::Maybe, out, work, tell)
    })
}

fn sign_out(
    client: &send_im_client,
    timeout_ms: i64,
) -> Result<impl Future<Output = Result<()>> + Send + 'static> {
    if client.generation.is_foreign() {
        return Err(forked());
    }
    let bound = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
    let signed_in = client.generation.clients.get(client.number);
    // From now on, before the task runs that waits for it, sends are refused.
    let signing_out = signed_in.map(|client| client.begin_sign_out(bound));
    Ok(async move {
        match signing_out {
            Some(signing_out) => signing_out.await,
            None => Ok(()),
        }
    })
}

/// Waits for the sends under way, at most `timeout_ms`, and ends those that are left as `send_im_client_cancel_all` does; then
/// closes the session on the server, in at most 3 s. With a negative `timeout_ms` each send ends with its own timeout at the
/// latest. A server that refuses connections or gives no answer for 5 s is not waited for. Sends that begin later fail with
/// `closed`; a second call does nothing. The client still has to be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_sign_out(
    client: *const send_im_client,
    timeout_ms: i64,
) -> *mut send_im_error {
    fallible(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let client = unsafe { object(client, "client")? };
        may_wait()?;
        client.generation.call(Sent::No, sign_out(client, timeout_ms)?).wait()
    })
}

/// As `send_im_client_sign_out`, without waiting: `callback` comes exactly once, unless this returns an error. `call` may be
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_sign_out_async(
    client: *const send_im_client,
    timeout_ms: i64,
    callback: send_im_on_done,
    user_data: *mut c_void,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    fallible(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let (out, client) = unsafe { (Out::new(call), object(client, "client")?) };
        let (callback, user_data) = (callback.ok_or_else(no_callback)?, UserData::new(user_data));
        let tell = move |result: Result<()>| {
            let error = result.err().map_or(std::ptr::null_mut(), send_im_error::raw);
            // SAFETY: the host gave this function for this, and now owns the error.
            unsafe { callback(user_data.pointer(), error) }
        };
        let work = sign_out(client, timeout_ms)?;
        start(
            client.generation,
            Sent::No,
            out,
            |cancellation| unless_cancelled(cancellation, || Sent::No, work),
            tell,
        )
    })
}

/// Ends every send under way on this client at once: each fails with `cancelled`, and its `sent` says whether it can have
/// arrived. Later sends fail with `closed`. The session is still to be signed out.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_cancel_all(client: *const send_im_client) -> *mut send_im_error {
    fallible(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let client = unsafe { object(client, "client")? };
        client.client()?.cancel_all();
        Ok(())
    })
}

/// Frees a client. One that was not signed out is signed out in the background. Does not wait. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_free(client: *mut send_im_client) {
    // SAFETY: the caller keeps to the header.
    certain((), || drop(unsafe { take_back(client) }));
}
