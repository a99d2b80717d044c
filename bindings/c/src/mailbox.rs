//! Calls that report to a mailbox in the place of callbacks.
//!
//! A host such as Node has one thread that may run its functions, and its foreign function interface must carry each
//! callback over to that thread. While it does, a thread of ours waits, and where that thread has ended meanwhile there
//! is nowhere to carry it. A mailbox calls nothing: a descriptor becomes readable, and the host takes what lies there.

use std::collections::VecDeque;
use std::ffi::{CString, c_char, c_int};
use std::ptr::null_mut;
use std::sync::Arc;

use send_im::{Result, Sent};
use send_im_runtime::{Generation, Mutex, forked, lock};

use crate::client::send_im_client;
use crate::error::send_im_error;
use crate::ffi::{
    NONE, Out, c_text, catch_panic, error_or_null, free, from_raw, get, into_raw, object, read,
};
use crate::rope::Rope;
use crate::token::send_im_token_reply;

/// Where calls report what has become of them, for a host that does not want callbacks.
pub struct send_im_mailbox {
    generation: &'static Generation,
    inside: Arc<Inside>,
}

/// One report.
pub struct send_im_mail {
    ticket: u64,
    json: CString,
    client: Mutex<Option<Box<send_im_client>>>,
    reply: Mutex<Option<Box<send_im_token_reply>>>,
}

struct Inside {
    kept: Mutex<Kept>,
    rope: Rope,
}

#[derive(Default)]
struct Kept {
    mails: VecDeque<send_im_mail>,
    /// The host was rung and has not found the box empty since.
    rung: bool,
    closed: bool,
}

impl Inside {
    fn put(&self, mail: send_im_mail) {
        let refused = {
            let mut kept = lock(&self.kept);
            if !kept.closed && !kept.rung {
                kept.rung = true;
                // A host that has closed its end without a word takes no mail any more.
                kept.closed = !self.rope.ring();
            }
            if kept.closed {
                let mut mails = std::mem::take(&mut kept.mails);
                mails.push_back(mail);
                mails
            } else {
                kept.mails.push_back(mail);
                VecDeque::new()
            }
        };
        // Without the lock: clients among it are signed out.
        drop(refused);
    }

    fn take(&self) -> Option<send_im_mail> {
        let mut kept = lock(&self.kept);
        let mail = kept.mails.pop_front();
        kept.rung = mail.is_some();
        mail
    }

    fn close(&self) {
        let left = {
            let mut kept = lock(&self.kept);
            kept.closed = true;
            std::mem::take(&mut kept.mails)
        };
        drop(left);
    }
}

/// What a callback of ours gets as its `user_data`.
pub(crate) struct Slot {
    inside: Arc<Inside>,
    ticket: u64,
}

impl Slot {
    /// Reports to a mailbox with this ticket.
    ///
    /// # Safety
    /// `mailbox` is NULL or living.
    pub(crate) unsafe fn new(mailbox: *const send_im_mailbox, ticket: u64) -> Result<Self> {
        // SAFETY: what this function asks for.
        let mailbox = unsafe { object(mailbox, "mailbox")? };
        if mailbox.generation.is_foreign() {
            return Err(forked());
        }
        Ok(Slot { inside: mailbox.inside.clone(), ticket })
    }

    /// Puts mail with these members of a JSON object into the mailbox.
    pub(crate) fn post(&self, members: &str) {
        self.put(members, None, None);
    }

    /// The same, with a handle for the host.
    pub(crate) fn put(
        &self,
        members: &str,
        client: Option<Box<send_im_client>>,
        reply: Option<Box<send_im_token_reply>>,
    ) {
        let json = c_text(&format!("{{{members}}}"));
        let mail =
            send_im_mail { ticket: self.ticket, json, client: Mutex::new(client), reply: Mutex::new(reply) };
        self.inside.put(mail);
    }
}

/// Makes an empty mailbox.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_mailbox_new(mailbox: *mut *mut send_im_mailbox) -> *mut send_im_error {
    error_or_null(Sent::No, || {
        // SAFETY: the caller keeps to the header.
        let out = unsafe { Out::needed(mailbox, "mailbox")? };
        let inside = Arc::new(Inside { kept: Mutex::default(), rope: Rope::new()? });
        out.give(send_im_mailbox { generation: Generation::current(), inside });
        Ok(())
    })
}

/// A file descriptor that becomes readable when there is mail. It belongs to the host, which reads what stands there, then
/// takes mail until there is none, and closes it at the end. -1 when it was given before, and on Windows, where mail is
/// looked for from time to time.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_mailbox_descriptor(mailbox: *const send_im_mailbox) -> c_int {
    // SAFETY: the caller keeps to the header.
    unsafe {
        read(mailbox, -1, |m| if m.generation.is_foreign() { None } else { m.inside.rope.descriptor() })
    }
}

/// The oldest mail, which belongs to the caller; NULL where there is none. Does not wait.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_mailbox_take(mailbox: *const send_im_mailbox) -> *mut send_im_mail {
    let take = |m: &send_im_mailbox| {
        if m.generation.is_foreign() { None } else { m.inside.take().map(into_raw) }
    };
    get!(mailbox, null_mut(), take)
}

/// Frees a mailbox with the mail in it. Calls that report to it go on; nobody is told of their end, and a client that is
/// signed in later is signed out. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_mailbox_free(mailbox: *mut send_im_mailbox) {
    catch_panic((), || {
        // SAFETY: the caller keeps to the header.
        let Some(mailbox) = (unsafe { from_raw(mailbox) }) else { return };
        if mailbox.generation.is_foreign() {
            // Threads that are not here may hold its lock.
            std::mem::forget(mailbox);
        } else {
            mailbox.inside.close();
        }
    });
}

/// The number that was given to what this mail is about.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_mail_ticket(mail: *const send_im_mail) -> u64 {
    get!(mail, 0, |m| Some(m.ticket))
}

/// What the mail says, as a JSON object. Its member `what` is
///
/// - `sent`, `signed_in`, `signed_out`, `all_sent`: the call has ended. `error` is as in `send_im_error_to_json` or null,
///   `receipt` as in `send_im_receipt_to_json` or null, `results` a list of objects with `error` and `receipt`;
/// - `step`: a step has finished, with `step`, `host`, `status` (or null) and `elapsed_ms`;
/// - `token`: a token is wanted, with `origin`, `authorization_uri`, `client_id`, `trusted_issuers` and `rejected`;
/// - `released`: no more steps or requests for tokens come with this ticket.
///
/// More kinds and members may come.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_mail_to_json(mail: *const send_im_mail) -> *const c_char {
    get!(mail, NONE, |m| Some(m.json.as_ptr()))
}

/// The client of a sign-in, which belongs to the caller from now on; NULL where there is none or it was taken before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_mail_take_client(mail: *const send_im_mail) -> *mut send_im_client {
    get!(mail, null_mut(), |m| lock(&m.client).take().map(|object| into_raw(*object)))
}

/// Where the token is put that is wanted, as with `send_im_on_token`; NULL where none is wanted or it was taken before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_mail_take_token_reply(
    mail: *const send_im_mail,
) -> *mut send_im_token_reply {
    get!(mail, null_mut(), |m| lock(&m.reply).take().map(|object| into_raw(*object)))
}

/// Frees a mail. A client that was not taken from it is signed out. NULL is nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_mail_free(mail: *mut send_im_mail) {
    free!(mail);
}

/// Every order in which threads can come to the lock.
#[cfg(all(test, unix, send_im_loom))]
mod models {
    use std::io::Read;
    use std::os::fd::FromRawFd;
    use std::os::unix::net::UnixStream;

    use loom::thread;

    use super::*;

    fn mail(ticket: u64) -> send_im_mail {
        send_im_mail { ticket, json: CString::default(), client: Mutex::new(None), reply: Mutex::new(None) }
    }

    /// A host that takes mail until there is none, and sleeps until it is rung, finds every mail.
    #[test]
    fn no_mail_lies_there_while_the_host_sleeps() {
        loom::model(|| {
            let inside = Arc::new(Inside { kept: Mutex::default(), rope: Rope::new().unwrap() });
            // SAFETY: the descriptor is given once, and belongs to whoever got it.
            let mut waiting = unsafe { UnixStream::from_raw_fd(inside.rope.descriptor().unwrap()) };
            waiting.set_nonblocking(true).unwrap();
            let senders = [1, 2].map(|ticket| {
                let inside = inside.clone();
                thread::spawn(move || inside.put(mail(ticket)))
            });
            let mut taken = Vec::new();
            while taken.len() < 2 {
                if waiting.read(&mut [0; 8]).is_err() {
                    thread::yield_now();
                    continue;
                }
                while let Some(mail) = inside.take() {
                    taken.push(mail.ticket);
                }
            }
            for sender in senders {
                sender.join().unwrap();
            }
            taken.sort_unstable();
            assert_eq!(taken, [1, 2]);
        });
    }

    /// Mail that comes after the end, or just before it, is dropped and not kept.
    #[test]
    fn a_closed_box_keeps_nothing() {
        loom::model(|| {
            let inside = Arc::new(Inside { kept: Mutex::default(), rope: Rope::new().unwrap() });
            let sender = {
                let inside = inside.clone();
                thread::spawn(move || inside.put(mail(1)))
            };
            inside.close();
            sender.join().unwrap();
            assert!(inside.take().is_none());
        });
    }
}
