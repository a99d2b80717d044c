//! What the program's user gives: addresses, the profile file, html.

use std::io::Write;

use send_im::{Account, Address};
use send_im_ucwa::html::html_to_plain;

/// What is accepted is printable ASCII with one reading; what is refused is told on one line.
pub(crate) fn address(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Address::parse(&text, "recipient") {
        Ok(address) => {
            assert!(address.as_str().bytes().all(|b| b.is_ascii_graphic()), "{address:?}");
            assert!(!address.domain().is_empty() && !address.domain().contains('@'));
            assert_eq!(Address::parse(&address.to_sip(), "recipient").ok().as_ref(), Some(&address));
        }
        Err(error) => assert!(!error.detail().contains(['\r', '\n']), "{error}"),
    }
}

/// An account that its check lets through has fields that fit into one line of a header or a form.
pub(crate) fn profile(data: &[u8]) {
    // A profile is refused where others could read it or write to its folder.
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = tempfile::NamedTempFile::new_in(folder.path()).expect("a file");
    file.write_all(data).expect("room for it");
    let read =
        Account::from_profile(file.path()).and_then(|account| account.check_fields().map(|()| account));
    match read {
        Ok(account) => assert!(!format!("{account:?}").contains(['\r', '\n'])),
        Err(error) => {
            assert!(!error.detail().contains(['\r', '\n']) && error.detail().len() < 350, "{error}")
        }
    }
}

/// Text comes out of html with something to show, and in a time that grows with its length.
pub(crate) fn html(data: &[u8]) {
    let Ok(html) = std::str::from_utf8(data) else { return };
    let text = html_to_plain(html);
    assert_eq!(text.is_empty(), html.is_empty());
}
