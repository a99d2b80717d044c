//! Refuses an unusable message before the sign-in, so that a mistyped argument costs no request.
//!
//! The client checks again, and its rules are the ones that count.

use send_im::{Address, Error, MAX_SUBJECT, Result};

use crate::args::SendArgs;

/// Checks recipient, text, subject and time.
///
/// # Errors
/// `invalid_input` in the client's words.
pub(crate) fn message(args: &SendArgs, text: &str) -> Result<()> {
    Address::parse(&args.to, "recipient")?;
    if text.trim().is_empty() {
        return refuse("The message is empty.");
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return refuse("The message contains a control character other than tab and line break.");
    }
    let subject = args.subject.as_deref().unwrap_or_default();
    if subject.chars().any(char::is_control) {
        return refuse("The subject contains a line break or another control character.");
    }
    if subject.encode_utf16().count() > MAX_SUBJECT {
        return refuse(&format!("The subject is longer than {MAX_SUBJECT} characters."));
    }
    if args.timeout.is_zero() {
        return refuse("The timeout is zero; give the time the send may take, for example 60s.");
    }
    Ok(())
}

fn refuse(why: &str) -> Result<()> {
    Err(Error::invalid_input(why))
}
