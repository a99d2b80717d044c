//! Many messages at a time.

use std::ffi::{c_char, c_void};
use std::future::Future;

use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use send_im::{Client, Message, Receipt, Result, Sent};
use send_im_runtime::{Mutex, lock, unless_cancelled};
use tokio_util::sync::CancellationToken;

use crate::border::{Out, certain, fallible, hand_over, may_wait, object, read, take_back, text};
use crate::call::{UserData, send_im_call, start};
use crate::client::{halves, no_callback, send_im_client};
use crate::error::send_im_error;
use crate::options::{Options, Takes, send_im_options};
use crate::receipt::send_im_receipt;

/// Messages for `send_im_client_send_all`.
pub struct send_im_messages(Mutex<Vec<Entry>>);

struct Entry {
    options: Options,
    to: String,
    text: SecretString,
}

/// What became of each message, in their order.
pub struct send_im_results(Vec<std::result::Result<send_im_receipt, Box<send_im_error>>>);

impl From<Vec<Result<Receipt>>> for send_im_results {
    fn from(results: Vec<Result<Receipt>>) -> Self {
        let outcome = |result: Result<Receipt>| {
            result.map(send_im_receipt::from).map_err(|error| Box::new(error.into()))
        };
        send_im_results(results.into_iter().map(outcome).collect())
    }
}

/// Many sends have ended; `error` only where none could begin. The one that is there belongs to the host.
pub type send_im_on_all_sent = Option<
    unsafe extern "C" fn(user_data: *mut c_void, error: *mut send_im_error, results: *mut send_im_results),
>;

/// The sends are under way when this returns, before the future is polled.
fn send_each(
    client: &Client,
    messages: Vec<Message>,
    cancellation: Option<CancellationToken>,
) -> impl Future<Output = Result<Vec<Result<Receipt>>>> + Send + use<> {
    let each = |message: Message| {
        let sent_status = message.sent_status();
        // A list of one: its timeout begins when its turn comes.
        let sending = client.send_all([message]);
        let sending =
            async { sending.await.pop().unwrap_or_else(|| Err(send_im_runtime::panicked(Sent::Maybe))) };
        unless_cancelled(cancellation.clone(), move || sent_status.sent(), sending)
    };
    let sends: Vec<_> = messages.into_iter().map(each).collect();
    async { Ok(join_all(sends).await) }
}

/// # Safety
/// `messages` is NULL or living.
unsafe fn taken(messages: *const send_im_messages) -> Result<Vec<Message>> {
    // SAFETY: what this function asks for.
    let messages = unsafe { object(messages, "list of messages")? };
    let entries = lock(&messages.0);
    entries.iter().map(|entry| entry.options.message(&entry.to, entry.text.expose_secret())).collect()
}

/// Makes an empty list. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_messages_new() -> *mut send_im_messages {
    certain(std::ptr::null_mut(), || hand_over(send_im_messages(Mutex::default())))
}

/// Adds a message. `options` are those of a message and may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_messages_add(
    messages: *mut send_im_messages,
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
) -> *mut send_im_error {
    fallible(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let (messages, options) =
            unsafe { (object(messages, "list of messages")?, Options::of(options, Takes::Message)?) };
        // SAFETY: the caller keeps to the header.
        let (to, text) = unsafe { (self::text(to, "recipient")?, self::text(text, "text")?) };
        lock(&messages.0).push(Entry { options, to: to.to_owned(), text: SecretString::from(text) });
        Ok(())
    })
}

/// Frees a list. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_messages_free(messages: *mut send_im_messages) {
    // SAFETY: the caller keeps to the header.
    certain((), || drop(unsafe { take_back(messages) }));
}

/// Sends many messages, some tens at a time, and gives a result for each in the same order. A message's timeout begins when
/// its turn comes. It fails as a whole only where no message could begin.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_send_all(
    client: *const send_im_client,
    messages: *const send_im_messages,
    results: *mut *mut send_im_results,
) -> *mut send_im_error {
    fallible(Sent::Maybe, || {
        // SAFETY: the caller keeps to the header.
        let (out, client) = unsafe { (Out::needed(results, "results")?, object(client, "client")?) };
        // SAFETY: the caller keeps to the header.
        let messages = unsafe { taken(messages)? };
        may_wait()?;
        let work = send_each(&client.client()?, messages, None);
        let sent: Vec<_> = client.generation.call(Sent::Maybe, work).wait()?;
        out.give(sent.into());
        Ok(())
    })
}

/// As `send_im_client_send_all`, without waiting: `callback` comes exactly once, unless this returns an error. `call` may be
/// NULL. After a cancellation, messages that had ended keep their result.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_send_all_async(
    client: *const send_im_client,
    messages: *const send_im_messages,
    callback: send_im_on_all_sent,
    user_data: *mut c_void,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    fallible(Sent::Maybe, || {
        // SAFETY: the caller keeps to the header.
        let (out, client, messages) =
            unsafe { (Out::new(call), object(client, "client")?, taken(messages)?) };
        let (callback, user_data) = (callback.ok_or_else(no_callback)?, UserData::new(user_data));
        let tell = move |result| {
            let (error, results) = halves::<Vec<Result<Receipt>>, _>(result);
            // SAFETY: the host gave this function for this, and now owns both.
            unsafe { callback(user_data.pointer(), error, results) }
        };
        let signed_in = client.client()?;
        let work = |cancellation| send_each(&signed_in, messages, cancellation);
        start(client.generation, Sent::Maybe, out, work, tell)
    })
}

/// How many results there are: as many as messages.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_results_count(results: *const send_im_results) -> usize {
    // SAFETY: the caller keeps to the header.
    unsafe { read(results, 0, |r| Some(r.0.len())) }
}

/// The receipt of a message, which lives as long as the results; NULL where the message failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_results_receipt(
    results: *const send_im_results,
    index: usize,
) -> *const send_im_receipt {
    // SAFETY: the caller keeps to the header.
    unsafe { read(results, std::ptr::null(), |r| r.0.get(index)?.as_ref().ok().map(std::ptr::from_ref)) }
}

/// The error of a message, which lives as long as the results; NULL where the message was sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_results_error(
    results: *const send_im_results,
    index: usize,
) -> *const send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        read(results, std::ptr::null(), |r| {
            r.0.get(index)?.as_ref().err().map(|error| std::ptr::from_ref(&**error))
        })
    }
}

/// Frees results. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_results_free(results: *mut send_im_results) {
    // SAFETY: the caller keeps to the header.
    certain((), || drop(unsafe { take_back(results) }));
}
