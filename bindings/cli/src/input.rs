//! The text and the password, from the command line or standard input.

use std::io::{self, BufRead, IsTerminal, Read};
use std::path::Path;

use send_im::bindings::{decode_text, read as file, without_mark};
use send_im::{Error, Result};
use tokio::sync::oneshot;

use crate::args::SendArgs;

/// The longest text taken from standard input, in bytes.
const LONGEST_TEXT: u64 = 1024 * 1024;
/// The longest password line, in bytes.
const LONGEST_PASSWORD: u64 = 64 * 1024;

/// What a send needs besides its options.
pub(crate) struct Input {
    /// As they were given; one may stand there twice.
    pub(crate) recipients: Vec<Recipient>,
    pub(crate) text: String,
    pub(crate) password: Option<String>,
}

/// Who gets the message.
pub(crate) struct Recipient {
    pub(crate) address: String,
    /// Where it stands in the file of recipients.
    pub(crate) line: Option<usize>,
}

/// Takes the recipients, the text and, with `--password-stdin`, the password.
///
/// # Errors
/// `invalid_input` when there is no text, when both want standard input, or when what it holds is not usable.
pub(crate) async fn read(args: &SendArgs) -> Result<Input> {
    if !args.rest.is_empty() {
        return Err(Error::invalid_input("There is more than one text; put quotes around the whole text."));
    }
    let Some(text) = &args.text else {
        return Err(Error::invalid_input(
            "There is no text: give it as the last argument, or - for standard input.",
        ));
    };
    let (text_there, password_there) = (text == "-", args.sender.password_stdin);
    let recipients_there = args.to_file.as_deref() == Some(Path::new("-"));
    if text_there && password_there {
        return Err(Error::invalid_input(
            "The text - and --password-stdin both want standard input; give the text as an argument or the password in SEND_IM_PASSWORD.",
        ));
    }
    if recipients_there && (text_there || password_there) {
        return Err(Error::invalid_input(
            "Standard input is wanted twice: --to-file - takes the recipients from there; give the text as an argument and the password in SEND_IM_PASSWORD.",
        ));
    }
    let mut recipients: Vec<_> =
        args.to.iter().map(|to| Recipient { address: to.clone(), line: None }).collect();
    recipients.extend(match &args.to_file {
        Some(_) if recipients_there => recipients_from(&in_a_thread(|| text_from(io::stdin().lock())).await?),
        Some(file) => recipients_from(&file_of_recipients(file)?),
        None => Vec::new(),
    });
    if recipients.is_empty() {
        return Err(Error::invalid_input("The file of --to-file has no recipients."));
    }
    let password = if password_there { Some(password().await?) } else { None };
    let text = if text_there { in_a_thread(|| text_from(io::stdin().lock())).await? } else { text.clone() };
    Ok(Input { recipients, text, password })
}

fn file_of_recipients(path: &Path) -> Result<String> {
    let bytes = file(path, "file of recipients")?;
    let text = decode_text(&bytes).ok_or_else(|| {
        Error::invalid_input(format!(
            "The file of recipients {} is not UTF-8; save it as UTF-8.",
            path.display()
        ))
    })?;
    Ok(text.into_owned())
}

/// One a line; what follows a `#` is a comment, which no address has.
fn recipients_from(text: &str) -> Vec<Recipient> {
    let lines = text.lines().zip(1..);
    let addresses = lines.map(|(line, number)| (line.split('#').next().unwrap_or_default().trim(), number));
    let addresses = addresses.filter(|(address, _)| !address.is_empty());
    addresses.map(|(address, line)| Recipient { address: address.to_owned(), line: Some(line) }).collect()
}

/// The password of `--password-stdin`, for a command that takes nothing else from there.
///
/// # Errors
/// `invalid_input` when there is none.
pub(crate) async fn password() -> Result<String> {
    if io::stdin().is_terminal() {
        let why = "Standard input is a terminal, which would show the password: pipe it in, or set SEND_IM_PASSWORD.";
        return Err(Error::invalid_input(why));
    }
    in_a_thread(|| password_from(io::stdin().lock())).await
}

/// Runs a blocking read so that a signal can end the wait.
async fn in_a_thread<T: Send + 'static>(read: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let (done, result) = oneshot::channel();
    std::thread::spawn(move || done.send(read()).is_ok());
    result.await.unwrap_or_else(|_| Err(Error::invalid_input("Standard input cannot be read.")))
}

fn text_from(input: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    input
        .take(LONGEST_TEXT + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::invalid_input(format!("Standard input cannot be read: {e}.")))?;
    if bytes.len() as u64 > LONGEST_TEXT {
        return Err(Error::invalid_input("The text on standard input is longer than 1 MiB."));
    }
    let text = decode_text(&bytes)
        .ok_or_else(|| Error::invalid_input("The text on standard input is not UTF-8; save it as UTF-8."))?;
    Ok(without_line_break(&text).to_owned())
}

fn password_from(input: impl BufRead) -> Result<String> {
    let mut line = String::new();
    input.take(LONGEST_PASSWORD).read_line(&mut line).map_err(|_| {
        Error::invalid_input("The password cannot be read from standard input as UTF-8 text.")
    })?;
    match without_line_break(without_mark(&line)) {
        "" => Err(Error::invalid_input("There is no password on standard input.")),
        password => Ok(password.to_owned()),
    }
}

fn without_line_break(text: &str) -> &str {
    text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_one_line_break_off() {
        assert_eq!(text_from("a\nb\n\n".as_bytes()).unwrap(), "a\nb\n");
        assert_eq!(text_from("a\r\n".as_bytes()).unwrap(), "a");
        assert_eq!(text_from("a".as_bytes()).unwrap(), "a");
    }

    #[test]
    fn a_byte_order_mark_is_no_text_and_no_part_of_a_password() {
        for file in [&b"\xef\xbb\xbfdisk full\r\n"[..], &b"\xff\xfed\0i\0s\0k\0 \0f\0u\0l\0l\0\r\0\n\0"[..]] {
            assert_eq!(text_from(file).unwrap(), "disk full");
        }
        assert_eq!(password_from("\u{feff}s3cret\r\n".as_bytes()).unwrap(), "s3cret");
        assert!(password_from("\u{feff}\n".as_bytes()).unwrap_err().detail().contains("no password"));
    }

    #[test]
    fn takes_a_mebibyte_and_no_more() {
        let text = "x".repeat(LONGEST_TEXT as usize);
        assert_eq!(text_from(text.as_bytes()).unwrap().len(), text.len());
        assert!(text_from(format!("{text}x").as_bytes()).unwrap_err().detail().contains("1 MiB"));
    }

    #[test]
    fn a_recipient_is_a_line_without_its_comment() {
        let text = "# on call\r\nlenea@contoso.com  # days\r\n\r\n  sip:tosh@contoso.com\r\n#\n";
        let taken = recipients_from(text);
        let taken: Vec<_> = taken.iter().map(|one| (one.address.as_str(), one.line)).collect();
        assert_eq!(taken, [("lenea@contoso.com", Some(2)), ("sip:tosh@contoso.com", Some(4))]);
    }

    #[test]
    fn takes_utf8_only() {
        assert!(text_from(&b"gr\xfcn"[..]).unwrap_err().detail().contains("UTF-8"));
        assert!(password_from(&b"gr\xfcn\n"[..]).unwrap_err().detail().contains("UTF-8"));
    }

    #[test]
    fn the_password_is_the_first_line() {
        assert_eq!(password_from("s3cret \nrest\n".as_bytes()).unwrap(), "s3cret ");
        assert!(password_from("\n".as_bytes()).unwrap_err().detail().contains("no password"));
    }
}
