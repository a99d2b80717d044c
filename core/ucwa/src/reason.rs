//! The server's reasons: a code and a subcode.
//!
//! Sources: ErrorsAndInformationalMessages, ErrorSubcode reference, messagingInvitation and message references
//! (July 2015, the last to list the reasons an operation may end with).

use serde_json::Value;

use crate::hypermedia::Resource;
use crate::limits::word;

/// A code and subcode as they came, from an error body or from an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// For example `RemoteFailure`.
    pub code: Option<String>,
    /// For example `DoNotDisturb`.
    pub subcode: Option<String>,
}

impl Reason {
    /// A reason by its words.
    pub fn new(code: &str, subcode: &str) -> Self {
        Self { code: Some(code.to_owned()), subcode: Some(subcode.to_owned()) }
    }

    /// Reads the `reason` of an event.
    pub fn from_value(value: &Value) -> Option<Self> {
        Resource::from_value(value).map(|r| Self::from_resource(&r))
    }

    /// Reads an error body. A body that is no JSON holds no reason: it comes from a proxy or from IIS.
    pub fn from_body(body: &[u8]) -> Self {
        Resource::parse(body).map(|r| Self::from_resource(&r)).unwrap_or_default()
    }

    fn from_resource(resource: &Resource) -> Self {
        let text = |name| resource.text(name).filter(|t| !t.is_empty()).map(word);
        Self { code: text("code"), subcode: text("subcode").filter(|s| s != "None") }
    }

    /// Code and subcode, empty where there is none.
    pub fn words(&self) -> (&str, &str) {
        (self.code.as_deref().unwrap_or_default(), self.subcode.as_deref().unwrap_or_default())
    }

    /// True when the application itself is gone, so that a new one may be created silently.
    pub fn is_application_not_found(&self) -> bool {
        self.words().1 == "ApplicationNotFound"
    }

    /// True when another request took over the event channel.
    pub fn is_pget_replaced(&self) -> bool {
        self.words().1 == "PGetReplaced"
    }

    /// True when the same request may succeed a moment later: something else goes on, or the resource is in a state that
    /// passes. Source: ErrorsAndInformationalMessages.
    pub fn is_transient(&self) -> bool {
        matches!(self.words(), (_, "AnotherOperationPending") | ("Conflict", ""))
    }

    /// True when an invitation that "failed" in fact reached the recipient at another device.
    pub fn is_delivered_elsewhere(&self) -> bool {
        self.words() == ("Informational", "ConnectedElsewhere")
    }

    /// `RemoteFailure/Declined`, for sentences.
    pub fn pair(&self) -> String {
        match self.words() {
            ("", "") => "no reason given".to_owned(),
            (code, "") => code.to_owned(),
            (code, subcode) => format!("{code}/{subcode}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_html_body_holds_no_reason() {
        assert_eq!(Reason::from_body(b"<html>401 - Unauthorized</html>"), Reason::default());
        assert_eq!(
            Reason::from_body(br#"{"code":"NotFound","subcode":"None","debugInfo":{}}"#).subcode,
            None
        );
    }
}
