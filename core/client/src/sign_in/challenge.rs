//! What an answer says about signing in: a challenge, or that the token will not do.

use std::borrow::Cow;

use send_im_ucwa::challenge::Challenge;
use send_im_ucwa::verdict::{self, is_word_of_pool};

use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::http::Answer;
use crate::steps::{Step, host_of};

/// True when an answer rejects the token of its request. For a request that must go at most once, only the pool can say so.
pub(super) fn rejects_token(answer: &Answer, at_most_once: bool) -> bool {
    verdict::rejects_token(answer.status, answer.diagnostics_id())
        && (!at_most_once || is_word_of_pool(answer.speaker(), of(answer).as_ref()))
}

pub(super) fn of(answer: &Answer) -> Option<Challenge> {
    Challenge::parse(answer.www_authenticate().iter().map(Cow::as_ref))
}

/// The error of a 401 without a challenge.
pub(super) fn missing(answer: &Answer) -> Error {
    let detail = format!(
        "{} wants a sign-in but names no way Skype for Business uses; a proxy may answer in its place.",
        host_of(&answer.url)
    );
    Error::new(ErrorKind::SignInUnsupported, detail).at(Step::SignIn).with_status(answer.status)
}

/// The error of an answer that rejects a token which was just issued.
pub(super) fn new_token_rejected(answer: &Answer, account: &Address) -> Error {
    let detail = format!(
        "{} does not accept the new token of {account}; the account may be homed elsewhere or disabled.",
        host_of(&answer.url)
    );
    Error::new(ErrorKind::SignInRefused, detail)
        .at(Step::SignIn)
        .with_status(answer.status)
        .with_diagnostics(answer.diagnostics().map(Cow::into_owned))
}
