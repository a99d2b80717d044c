//! The application resource. Sources: CreateAnApplication, applications and application references.

use crate::hypermedia::{DecodeError, Resource};

/// Why a body is no application that can send.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinksError {
    /// It is no resource.
    #[error(transparent)]
    NoResource(#[from] DecodeError),
    /// A link is absent: the account may not do this.
    #[error("an application without the link {0}")]
    Missing(&'static str),
}

/// The hrefs of an application that a sender needs, as given.
#[derive(Clone, Debug, PartialEq)]
pub struct Links {
    /// The application itself; deleting it signs out.
    pub this: String,
    /// The event channel.
    pub events: String,
    /// Where invitations are posted.
    pub start_messaging: String,
    /// The embedded `communication` resource, whose formats say whether html may be sent.
    pub communication: Option<Resource>,
}

impl Links {
    /// Reads an application resource.
    ///
    /// # Errors
    /// [`LinksError`]: what the body is instead, or what is missing in it.
    pub fn parse(body: &[u8]) -> Result<Self, LinksError> {
        let application = Resource::parse(body)?;
        let communication = application.embedded("communication");
        let link = |resource: Option<&Resource>, rel| {
            resource.and_then(|r| r.link(rel)).map(str::to_owned).ok_or(LinksError::Missing(rel))
        };
        Ok(Self {
            this: link(Some(&application), "self")?,
            events: link(Some(&application), "events")?,
            start_messaging: link(communication.as_ref(), "startMessaging")?,
            communication,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_link_that_is_missing() {
        let body = br#"{"_links":{"self":{"href":"/a"},"events":{"href":"/a/events?ack=1"}},"_embedded":{"communication":{"_links":{}}}}"#;
        let missing = Links::parse(body).unwrap_err();
        assert_eq!(missing, LinksError::Missing("startMessaging"));
        assert_eq!(missing.to_string(), "an application without the link startMessaging");
    }
}
