//! What the program's user gives: addresses, the profile file, html.

use send_im::Address;
use send_im::decode::{account_of_profile, plain_of};

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
    let Ok(text) = std::str::from_utf8(data) else { return };
    match account_of_profile(text) {
        Ok(account) => match account.check_fields() {
            Ok(()) => assert!(!format!("{account:?}").contains(['\r', '\n'])),
            Err(error) => assert!(!error.detail().contains(['\r', '\n']), "{error}"),
        },
        Err(why) => assert!(!why.contains(['\r', '\n']) && why.len() < 250, "{why}"),
    }
}

/// Text comes out of html with something to show, and in a time that grows with its length.
pub(crate) fn html(data: &[u8]) {
    let Ok(html) = std::str::from_utf8(data) else { return };
    let text = plain_of(html);
    assert_eq!(text.is_empty(), html.is_empty());
}
