//! Every decoder survives the recording, and the recording cut off anywhere.

use send_im_ucwa::application::Links;
use send_im_ucwa::challenge::Challenge;
use send_im_ucwa::data_uri::DataUri;
use send_im_ucwa::discovery::DiscoveryAnswer;
use send_im_ucwa::events::Batch;
use send_im_ucwa::hypermedia::Resource;
use send_im_ucwa::reason::Reason;
use send_im_ucwa::token::{decode_refusal, decode_token};

use crate::verdict::Verdict;

/// So many places to cut at, so that a long body does not take long.
const CUTS: usize = 64;

/// A decoder that panics ends the test.
pub(super) fn check(bytes: &[u8], verdict: &mut Verdict) {
    every_decoder(bytes);
    let bytes = bytes.trim_ascii();
    let whole = Resource::parse(bytes).is_ok();
    let cuts = CUTS.min(bytes.len());
    for cut in 0..cuts {
        let part = &bytes[..cut * bytes.len() / cuts];
        every_decoder(part);
        verdict.holds("half a JSON object is no resource", !whole || Resource::parse(part).is_err());
    }
    verdict.checked("no panic");
}

fn every_decoder(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let _ = (Resource::parse(bytes), DiscoveryAnswer::parse(bytes), Links::parse(bytes), Batch::parse(bytes));
    let _ = (decode_token(bytes), DataUri::parse(&text), Challenge::parse([&*text]));
    let _ = Reason::from_body(bytes).pair();
    for status in [200, 400, 401, 403, 500] {
        let _ = decode_refusal(status, Some(28_020), bytes);
    }
}
