//! Tokens of the host.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

use send_im::{BearerToken, TokenRequest};
use send_im_runtime::{Generation, HostFailure};
use tokio::sync::oneshot;

use crate::ffi::{NONE, as_ptr, c_text, catch_panic, from_raw, get, into_raw, text};
use crate::host::Host;

/// What a token is wanted for.
pub struct send_im_token_request {
    origin: CString,
    authorization_uri: Option<CString>,
    client_id: Option<CString>,
    trusted_issuers: Option<CString>,
    rejected: bool,
}

impl From<TokenRequest> for send_im_token_request {
    fn from(request: TokenRequest) -> Self {
        send_im_token_request {
            origin: c_text(&request.origin),
            authorization_uri: request.authorization_uri.as_deref().map(c_text),
            client_id: request.client_id.as_deref().map(c_text),
            trusted_issuers: request.trusted_issuers.as_deref().map(c_text),
            rejected: request.rejected,
        }
    }
}

/// What a token source answers.
pub(crate) type Answer = Result<BearerToken, Box<dyn std::error::Error + Send + Sync>>;

/// Where a token is put, once.
pub struct send_im_token_reply {
    sender: oneshot::Sender<Answer>,
    generation: &'static Generation,
}

pub(crate) type TokenCallback = unsafe extern "C" fn(
    user_data: *mut c_void,
    request: *const send_im_token_request,
    reply: *mut send_im_token_reply,
);

/// A token is wanted: for each server that asks for one, before one expires, and when one was rejected. The request lives
/// until the callback returns. The reply belongs to the host, which answers at once or later, from any thread, with
/// `send_im_token_reply_resolve` or `send_im_token_reply_fail`; one that is never answered keeps the call waiting until its
/// timeout. The callback may block.
pub type send_im_on_token = Option<
    unsafe extern "C" fn(
        user_data: *mut c_void,
        request: *const send_im_token_request,
        reply: *mut send_im_token_reply,
    ),
>;

/// Asks the host on a thread that may block.
pub(crate) async fn ask(host: Arc<Host<TokenCallback>>, request: TokenRequest) -> Answer {
    let (sender, receiver) = oneshot::channel();
    let request = send_im_token_request::from(request);
    let asked = tokio::task::spawn_blocking(move || {
        let reply = into_raw(send_im_token_reply { sender, generation: Generation::current() });
        // SAFETY: the host gave this function for this. The request lives until it returns, the reply is the host's.
        unsafe { (host.function())(host.user_data(), &request, reply) }
    });
    if asked.await.is_err() {
        return Err(HostFailure::new("the program's token callback failed", 0).into());
    }
    receiver.await.unwrap_or_else(|_| Err(HostFailure::new("the program gave no token", 0).into()))
}

/// Scheme, host and port of the server that must accept the token.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_token_request_origin(
    request: *const send_im_token_request,
) -> *const c_char {
    get!(request, NONE, |r| Some(r.origin.as_ptr()))
}

/// Where the server says tokens are issued, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_token_request_authorization_uri(
    request: *const send_im_token_request,
) -> *const c_char {
    get!(request, NONE, |r| Some(as_ptr(r.authorization_uri.as_ref())))
}

/// The server's client id (OAuth audience), or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_token_request_client_id(
    request: *const send_im_token_request,
) -> *const c_char {
    get!(request, NONE, |r| Some(as_ptr(r.client_id.as_ref())))
}

/// The issuers the server trusts, or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_token_request_trusted_issuers(
    request: *const send_im_token_request,
) -> *const c_char {
    get!(request, NONE, |r| Some(as_ptr(r.trusted_issuers.as_ref())))
}

/// True where the token given before was rejected: a cached one will not do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_token_request_rejected(request: *const send_im_token_request) -> bool {
    get!(request, false, |r| Some(r.rejected))
}

/// Answers with a token, without the word `Bearer`, and frees the reply. `expires_in_ms` is how long the token lasts from
/// now; 0: not known. A token that is NULL or not UTF-8 refuses, as `send_im_token_reply_fail` does.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_token_reply_resolve(
    reply: *mut send_im_token_reply,
    token: *const c_char,
    expires_in_ms: u64,
) {
    catch_panic((), || {
        // SAFETY: the caller keeps to the header.
        let answer = unsafe { text(token, "token") }
            .map_err(|_| HostFailure::new("the program gave no usable token", 0).into());
        let answer = answer.map(|token| match expires_in_ms {
            0 => BearerToken::new(token),
            known => BearerToken::new(token).expires_in(Duration::from_millis(known)),
        });
        // SAFETY: the caller keeps to the header.
        unsafe { answer_with(reply, answer) }
    });
}

/// Answers that there is no token, and frees the reply: the call fails with `credential_unavailable`. `reason` becomes part
/// of the error and must hold no secret; NULL: none. `cause` is a number of the host's, for example of an exception it has
/// kept, that `send_im_error_cause` gives back; 0: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn send_im_token_reply_fail(
    reply: *mut send_im_token_reply,
    reason: *const c_char,
    cause: u64,
) {
    catch_panic((), || {
        // SAFETY: the caller keeps to the header.
        let reason = unsafe { text(reason, "reason") }.unwrap_or("the program gave no token");
        // SAFETY: the caller keeps to the header.
        unsafe { answer_with(reply, Err(HostFailure::new(reason, cause).into())) }
    });
}

/// # Safety
/// `reply` is NULL or was not answered yet.
unsafe fn answer_with(reply: *mut send_im_token_reply, answer: Answer) {
    // SAFETY: what this function asks for.
    let Some(reply) = (unsafe { from_raw(reply) }) else { return };
    if reply.generation.is_foreign() {
        // It would wake a task of the parent, whose locks may be held by threads that are not here.
        std::mem::forget(reply);
        return;
    }
    // Nobody listens any more when the call was cancelled.
    let _ = reply.sender.send(answer);
}
