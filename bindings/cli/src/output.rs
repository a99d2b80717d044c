//! What is printed. A reader that went away is no failure and no panic.

use std::io::{self, Write};

use send_im::{Error, Evidence, Receipt, StepRecord};
use serde::Serialize;

/// For a person or for a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A sentence.
    Plain,
    /// One JSON object on one line of standard output.
    Json,
}

/// Prints a receipt on standard output.
pub(crate) fn receipt(style: Style, receipt: &Receipt) {
    let line = match style {
        Style::Plain => printable(&sentence(receipt)),
        Style::Json => json(receipt),
    };
    if let Err(error) = print_line(&line)
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        print_stderr(&format!("{} But standard output cannot be written: {error}.", sentence(receipt)));
    }
}

#[derive(Serialize)]
struct Failed<'a> {
    /// Where there are several recipients.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(flatten)]
    error: &'a Error,
    exit_code: u8,
}

/// Prints an error: a sentence on standard error, or JSON on standard output.
pub(crate) fn error(style: Style, error: &Error) {
    failed(style, None, error);
}

/// As [`error`], for one of several recipients.
pub(crate) fn error_to(style: Style, to: &str, error: &Error) {
    failed(style, Some(to), error);
}

fn failed(style: Style, to: Option<&str>, error: &Error) {
    match (style, to) {
        (Style::Plain, None) => print_stderr(error.detail()),
        (Style::Plain, Some(to)) => {
            // Many sentences begin with the recipient, who is named already.
            let detail = error.detail();
            let why = detail.strip_prefix(to).and_then(|rest| rest.strip_prefix(' ')).unwrap_or(detail);
            print_stderr(&format!("{to}: {why}"));
        }
        (Style::Json, to) => {
            let _ = print_line(&json(&Failed { to, error, exit_code: error.kind().exit_code() }));
        }
    }
}

/// Prints a value as one JSON object on one line of standard output.
pub(crate) fn json_line(value: &impl Serialize) {
    if let Err(error) = print_line(&json(value))
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        print_stderr(&format!("Standard output cannot be written: {error}."));
    }
}

/// Prints a finished step on standard error.
pub(crate) fn step(record: &StepRecord) {
    let status = record.status.map_or("-".to_owned(), |status| status.to_string());
    print_stderr(&format!("{:<12} {} {status} {} ms", record.step, record.host, record.elapsed.as_millis()));
}

/// One line on standard output, flushed.
///
/// # Errors
/// Those of the write, `BrokenPipe` when nobody reads any more.
pub(crate) fn print_line(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// One line on standard error. There is nowhere to report a failure of that.
pub(crate) fn print_stderr(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(line));
}

/// Names and reasons come from a server; they must not steer the terminal or begin a new line.
pub(crate) fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn json(value: &impl Serialize) -> String {
    // Maps with other keys than strings are all that can fail, and there are none.
    serde_json::to_string(value).unwrap_or_else(|_| "{}".to_owned())
}

/// Who accepted what, as exactly as the evidence allows.
fn sentence(receipt: &Receipt) -> String {
    let to = &receipt.to;
    let forwarded = match &receipt.accepted_by {
        Some(by) if !by.eq_ignore_ascii_case(to) => format!(" in place of {to}"),
        _ => String::new(),
    };
    let by = receipt.accepted_by.as_ref().unwrap_or(to);
    match receipt.evidence {
        Evidence::InvitationAccepted => format!("{by} accepted the message{forwarded}."),
        Evidence::MessageConfirmed => {
            format!("{by} received the message{forwarded}; the server confirmed it.")
        }
        Evidence::Submitted => {
            format!("The server took the message for {to}; whether it is accepted was not waited for.")
        }
        other => format!("The message to {to} was sent ({}).", other.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_cannot_steer_the_terminal() {
        assert_eq!(printable("lenea\u{1b}[2J\r\n@contoso.com 😀"), "lenea [2J  @contoso.com 😀");
    }
}
