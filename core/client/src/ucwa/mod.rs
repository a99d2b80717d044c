//! The protocol after sign-in: resources, the application, its event channel, invitations and conversations.

pub(crate) mod application;
pub(crate) mod channel;
pub(crate) mod ledger;
mod pace;

// Names that the ledger imports from here.
use send_im_ucwa::{events, hypermedia, reason};

mod limits {
    pub(crate) use send_im_ucwa::limits::{
        MAX_HREF as LONGEST_HREF, MAX_LISTED as MOST_LISTED, MAX_WORD as LONGEST_WORD, word,
    };
}
