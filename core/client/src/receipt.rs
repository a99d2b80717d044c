//! What a successful send can prove.

use serde::Serialize;

use crate::steps::StepRecord;

/// What the receipt rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Evidence {
    /// The text rode in the invitation and the recipient's client accepted it.
    ///
    /// A client may accept by itself, so accepted does not mean read.
    InvitationAccepted,
    /// The recipient's client confirmed the message.
    MessageConfirmed,
    /// The server took the message; nobody waited for the recipient. Only with [`Wait::Submitted`](crate::Wait).
    Submitted,
}

impl Evidence {
    /// Every kind of evidence.
    pub const ALL: &[Evidence] =
        &[Evidence::InvitationAccepted, Evidence::MessageConfirmed, Evidence::Submitted];

    /// The stable name, for example `invitation_accepted`.
    ///
    /// ```
    /// assert_eq!(send_im::Evidence::InvitationAccepted.as_str(), "invitation_accepted");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Evidence::InvitationAccepted => "invitation_accepted",
            Evidence::MessageConfirmed => "message_confirmed",
            Evidence::Submitted => "submitted",
        }
    }
}

/// The form in which the text went over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// `text/plain`. Also what an html message becomes when the recipient's side takes no html.
    Plain,
    /// `text/html`.
    Html,
}

impl Format {
    /// Both, the usual one first.
    pub const ALL: &[Format] = &[Format::Plain, Format::Html];

    /// `plain` or `html`.
    ///
    /// ```
    /// assert_eq!(send_im::Format::Html.as_str(), "html");
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Plain => "plain",
            Format::Html => "html",
        }
    }
}

/// Proof of a send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The recipient's address as asked, without `sip:`.
    pub to: String,
    /// Who accepted: usually `to`, someone else after a call-forward, `None` when only submitted or where the server does not
    /// say.
    pub accepted_by: Option<String>,
    /// What this receipt rests on.
    pub evidence: Evidence,
    /// The form in which the text was sent.
    pub format: Format,
    /// The server's id of the conversation's thread, if it told one.
    pub thread_id: Option<String>,
    /// Each step in order, with the time it took. After a one-call send it begins with discovery.
    pub steps: Vec<StepRecord>,
}

impl Receipt {
    /// A receipt of plain text that `to` took, for a program's own tests; the other fields can be set.
    ///
    /// ```
    /// use send_im::{Evidence, Receipt};
    ///
    /// let receipt = Receipt::new("lenea@contoso.com", Evidence::MessageConfirmed);
    /// assert_eq!(receipt.accepted_by.as_deref(), Some("lenea@contoso.com"));
    /// ```
    pub fn new(to: impl Into<String>, evidence: Evidence) -> Self {
        let to = to.into();
        let accepted_by = (evidence != Evidence::Submitted).then(|| to.clone());
        Self { to, accepted_by, evidence, format: Format::Plain, thread_id: None, steps: Vec::new() }
    }
}
