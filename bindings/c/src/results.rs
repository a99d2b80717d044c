//! Many messages at a time.

use std::ffi::c_char;

use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use send_im::{Message, Receipt, Result, Sent};
use send_im_runtime::{Mutex, lock, unless_cancelled};

use crate::call::{Operation, Value, begin, send_im_call, wait};
use crate::client::send_im_client;
use crate::error::send_im_error;
use crate::ffi::{Out, catch_panic, error_or_null, free, get, into_raw, object, read, text};
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

/// The sends are under way when this returns, before the future is polled.
///
/// # Safety
/// As the header says.
unsafe fn send_each(client: *const send_im_client, messages: *const send_im_messages) -> Result<Operation> {
    // SAFETY: what this function asks for.
    let (client, messages) = unsafe { (object(client, "client")?, taken(messages)?) };
    let signed_in = client.client()?;
    Ok(Operation::new(client.generation, Sent::Maybe, |cancellation| {
        let each = |message: Message| {
            let sent_status = message.sent_status();
            let sending = signed_in.send_in_turn(message);
            unless_cancelled(cancellation.clone(), move || sent_status.sent(), sending)
        };
        let sends: Vec<_> = messages.into_iter().map(each).collect();
        async { Ok(Value::Results(join_all(sends).await)) }
    }))
}

/// # Safety
/// `messages` is NULL or living.
unsafe fn taken(messages: *const send_im_messages) -> Result<Vec<Message>> {
    // SAFETY: what this function asks for.
    let messages = unsafe { object(messages, "list of messages")? };
    let entries = lock(&messages.0);
    entries.iter().map(|entry| entry.options.message(&entry.to, entry.text.expose_secret())).collect()
}

/// Makes an empty list. NULL only where the library fails inside; `send_im_messages_add` refuses that.
#[unsafe(no_mangle)]
pub extern "C" fn send_im_messages_new() -> *mut send_im_messages {
    catch_panic(std::ptr::null_mut(), || into_raw(send_im_messages(Mutex::default())))
}

/// Adds a message. `options` are those of a message and may be NULL.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_messages_add(
    messages: *mut send_im_messages,
    options: *const send_im_options,
    to: *const c_char,
    text: *const c_char,
) -> *mut send_im_error {
    error_or_null(Sent::No, || {
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
    free!(messages);
}

/// Sends many messages, some tens at a time, and gives a result for each in the same order. A message's timeout begins when
/// its turn comes. It fails as a whole only where no message could begin.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_send_all(
    client: *const send_im_client,
    messages: *const send_im_messages,
    results: *mut *mut send_im_results,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe {
        let prepare = || Out::needed(results, "results").and_then(|_| send_each(client, messages));
        wait(Sent::Maybe, Out::new(results), prepare, Value::results)
    }
}

/// As `send_im_client_send_all`, without waiting. After a cancellation, messages that had ended keep their result.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_client_send_all_begin(
    client: *const send_im_client,
    messages: *const send_im_messages,
    call: *mut *mut send_im_call,
) -> *mut send_im_error {
    // SAFETY: the caller keeps to the header.
    unsafe { begin(Sent::Maybe, call, || send_each(client, messages)) }
}

/// How many results there are: as many as messages.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_results_count(results: *const send_im_results) -> usize {
    get!(results, 0, |r| Some(r.0.len()))
}

/// The receipt of a message, which lives as long as the results; NULL where the message failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_results_receipt(
    results: *const send_im_results,
    index: usize,
) -> *const send_im_receipt {
    get!(results, std::ptr::null(), |r| r.0.get(index)?.as_ref().ok().map(std::ptr::from_ref))
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
    free!(results);
}
