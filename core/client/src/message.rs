//! What to send, to whom, and how long to wait.

use std::fmt;
use std::time::Duration;

use crate::address::Address;
use crate::error::{Error, Result};
use crate::sent_status::SentStatus;
use crate::steps::OnStep;

mod body;

pub(crate) use body::Body;
use body::Content;

/// The longest subject, in UTF-16 units. Source: startMessaging reference.
pub const MAX_SUBJECT: usize = 250;

/// How long a send may take when nothing else is said.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// How urgent a message is shown to the recipient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Importance {
    /// As any other message.
    #[default]
    Normal,
    /// Marked urgent.
    Urgent,
    /// Marked as an emergency.
    Emergency,
}

impl Importance {
    /// Every importance, the usual one first.
    pub const ALL: &[Importance] = &[Importance::Normal, Importance::Urgent, Importance::Emergency];

    /// The stable name: `normal`, `urgent` or `emergency`.
    ///
    /// ```
    /// assert_eq!("Urgent".parse::<send_im::Importance>()?.as_str(), "urgent");
    /// # Ok::<(), send_im::Error>(())
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Importance::Normal => "normal",
            Importance::Urgent => "urgent",
            Importance::Emergency => "emergency",
        }
    }

    /// The name on the wire. Source: startMessaging reference.
    pub(crate) fn on_the_wire(self) -> &'static str {
        match self {
            Importance::Normal => "Normal",
            Importance::Urgent => "Urgent",
            Importance::Emergency => "Emergency",
        }
    }
}

impl std::str::FromStr for Importance {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Importance::Normal, Importance::Urgent, Importance::Emergency]
            .into_iter()
            .find(|i| i.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| Error::invalid_input("The importance is one of normal, urgent and emergency."))
    }
}

/// When a send is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wait {
    /// When the recipient's side has accepted or confirmed.
    #[default]
    Delivered,
    /// When the server has taken the message. The receipt then says [`Evidence::Submitted`](crate::Evidence).
    ///
    /// The session stays open in the background until the recipient has answered or the timeout has passed:
    /// signing out earlier would withdraw the invitation. A program that ends at once takes that risk.
    Submitted,
}

impl Wait {
    /// Both, the usual one first.
    pub const ALL: &[Wait] = &[Wait::Delivered, Wait::Submitted];

    /// The stable name: `delivered` or `submitted`.
    ///
    /// ```
    /// assert_eq!("submitted".parse::<send_im::Wait>()?.as_str(), "submitted");
    /// # Ok::<(), send_im::Error>(())
    /// ```
    pub fn as_str(self) -> &'static str {
        match self {
            Wait::Delivered => "delivered",
            Wait::Submitted => "submitted",
        }
    }
}

impl std::str::FromStr for Wait {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Wait::Delivered, Wait::Submitted]
            .into_iter()
            .find(|w| w.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| Error::invalid_input("What to wait for is one of delivered and submitted."))
    }
}

/// A message to one recipient. Everything is checked when it is sent, before the first request.
///
/// ```
/// use send_im::{Importance, Message};
///
/// let message = Message::text("lenea@contoso.com", "disk full").subject("db7").importance(Importance::Urgent);
/// ```
#[derive(Clone)]
pub struct Message {
    pub(crate) to: String,
    pub(crate) body: Body,
    pub(crate) subject: Option<String>,
    pub(crate) importance: Importance,
    pub(crate) timeout: Duration,
    pub(crate) wait: Wait,
    pub(crate) sent_status: SentStatus,
    /// Told of this message's steps in the place of the account's.
    pub(crate) on_step: Option<OnStep>,
}

impl Message {
    /// Plain text. Up to 800 UTF-16 units ride in the invitation, so the recipient's notification shows them.
    ///
    /// ```
    /// let message = send_im::Message::text("lenea@contoso.com", "disk full on db7");
    /// ```
    pub fn text(to: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(to, Body::Text(Content::new(text)))
    }

    /// Html. A recipient whose side takes no html gets its plain-text rendering; the receipt's `format` tells.
    ///
    /// ```
    /// let message = send_im::Message::html("lenea@contoso.com", "<b>disk full</b> on db7");
    /// ```
    pub fn html(to: impl Into<String>, html: impl Into<String>) -> Self {
        Self::new(to, Body::Html(Content::new(html)))
    }

    fn new(to: impl Into<String>, body: Body) -> Self {
        Self {
            to: to.into(),
            body,
            subject: None,
            importance: Importance::default(),
            timeout: DEFAULT_TIMEOUT,
            wait: Wait::default(),
            sent_status: SentStatus::default(),
            on_step: None,
        }
    }

    /// The same message to another recipient. The two share the text, which is held once however many there are.
    ///
    /// ```
    /// use send_im::Message;
    ///
    /// let first = Message::text("lenea@contoso.com", "disk full on db7").subject("db7");
    /// let second = first.to_another("tosh@contoso.com");
    /// assert_eq!(second.check()?.as_str(), "tosh@contoso.com");
    /// # Ok::<(), send_im::Error>(())
    /// ```
    pub fn to_another(&self, recipient: impl Into<String>) -> Self {
        Self { to: recipient.into(), sent_status: SentStatus::default(), ..self.clone() }
    }

    /// The conversation's subject, at most [`MAX_SUBJECT`] UTF-16 units, on one line. Default: none.
    ///
    /// ```
    /// use send_im::Message;
    ///
    /// let message = Message::text("lenea@contoso.com", "disk full").subject("db7");
    /// ```
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// How urgent the message is shown. Default: [`Importance::Normal`].
    ///
    /// ```
    /// use send_im::{Importance, Message};
    ///
    /// let message = Message::text("lenea@contoso.com", "disk full").importance(Importance::Urgent);
    /// ```
    pub fn importance(mut self, importance: Importance) -> Self {
        self.importance = importance;
        self
    }

    /// How long the message has to be delivered, waiting in a queue included. Default: 60 s. Must not be zero.
    ///
    /// An invitation rings until then. After that the call takes at most 2 s more, to withdraw the invitation and to learn
    /// what came of it, and a one-call send at most another 3 s to close its session.
    ///
    /// Servers end a ring after about 30 s, so a timeout of less ends it early. Source: messagingInvitation reference.
    ///
    /// ```
    /// use std::time::Duration;
    /// use send_im::Message;
    ///
    /// let message = Message::text("lenea@contoso.com", "disk full").timeout(Duration::from_secs(20));
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// When the send is done. Default: [`Wait::Delivered`].
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// use send_im::{Evidence, Message, Wait};
    ///
    /// let message = Message::text("lenea@contoso.com", "disk full").wait(Wait::Submitted);
    /// assert_eq!(send_im::send(&account, message).await?.evidence, Evidence::Submitted);
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// Tells, also after the send was dropped, whether the text can have left. Clones of a message share it.
    ///
    /// ```
    /// use send_im::{Message, Sent};
    ///
    /// let message = Message::text("lenea@contoso.com", "disk full");
    /// assert_eq!(message.sent_status().sent(), Sent::No);
    /// ```
    pub fn sent_status(&self) -> SentStatus {
        self.sent_status.clone()
    }

    /// Checks every field and gives the recipient's address. Sending does this too, before the first request.
    ///
    /// ```
    /// use send_im::Message;
    ///
    /// assert_eq!(Message::text("sip:lenea@contoso.com", "disk full").check()?.as_str(), "lenea@contoso.com");
    /// assert!(Message::text("lenea@contoso.com", "").check().is_err());
    /// # Ok::<(), send_im::Error>(())
    /// ```
    ///
    /// # Errors
    /// `invalid_input` with the sentence that names the field.
    pub fn check(&self) -> Result<Address> {
        let to = Address::parse(&self.to, "recipient")?;
        let (Body::Text(content) | Body::Html(content)) = &self.body;
        content.check().map_err(Error::invalid_input)?;
        if let Some(subject) = &self.subject {
            if subject.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
                return Err(Error::invalid_input(
                    "The subject contains a line break or another control character.",
                ));
            }
            if subject.encode_utf16().count() > MAX_SUBJECT {
                return Err(Error::invalid_input(format!(
                    "The subject is longer than {MAX_SUBJECT} characters (an emoji counts as two)."
                )));
            }
        }
        if self.timeout.is_zero() {
            return Err(Error::invalid_input(
                "The timeout is not more than zero; give the time the send may take, for example 60 s.",
            ));
        }
        Ok(to)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("to", &self.to)
            .field("importance", &self.importance)
            .field("timeout", &self.timeout)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::error::Sent;

    fn refused(message: Message) -> String {
        message.check().unwrap_err().to_string()
    }

    #[test]
    fn refuses_empty_text_and_control_characters() {
        assert_eq!(refused(Message::text("a@b.c", " \n")), "The message is empty.");
        assert!(refused(Message::text("a@b.c", "x\u{0}")).contains("control character"));
        assert!(refused(Message::text("a@b.c", "x").subject("a\r\nb")).contains("subject"));
    }

    #[test]
    fn counts_the_subject_in_utf16_units() {
        assert!(Message::text("a@b.c", "x").subject("x".repeat(250)).check().is_ok());
        assert!(refused(Message::text("a@b.c", "x").subject("x".repeat(251))).contains("250"));
        assert!(refused(Message::text("a@b.c", "x").subject("😀".repeat(126))).contains("250"));
    }

    #[test]
    fn a_text_to_many_is_held_once_and_each_has_its_own_status() {
        let first = Message::html("a@b.c", "<b>disk full</b>");
        let second = first.to_another("d@b.c");
        let text = |message: &Message| match &message.body {
            Body::Text(text) | Body::Html(text) => Arc::as_ptr(text),
        };
        assert_eq!(text(&first), text(&second));
        assert_eq!(second.check().unwrap().as_str(), "d@b.c");
        second.sent_status.begin();
        assert_eq!((first.sent_status().sent(), second.sent_status().sent()), (Sent::No, Sent::Maybe));
    }

    #[test]
    fn debug_does_not_show_the_text() {
        let shown = format!("{:?}", Message::text("a@b.c", "s3cret").subject("also s3cret"));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
