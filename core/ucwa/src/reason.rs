//! A server's reason: a code and a subcode.
//!
//! Sources: ErrorsAndInformationalMessages, ErrorSubcode reference, messagingInvitation and message references
//! (July 2015, the last to list the reasons an operation may end with).

use serde_json::Value;

use crate::hypermedia::Resource;
use crate::limits::word;

/// A code and a subcode, from an error body or from an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// For example `RemoteFailure`.
    pub code: Option<String>,
    /// For example `DoNotDisturb`.
    pub subcode: Option<String>,
}

impl Reason {
    /// A reason of this code and subcode.
    pub fn new(code: &str, subcode: &str) -> Self {
        Self { code: Some(code.to_owned()), subcode: Some(subcode.to_owned()) }
    }

    /// Reads the `reason` of an event.
    pub fn from_value(value: &Value) -> Option<Self> {
        Resource::from_value(value).map(|r| Self::from_resource(&r))
    }

    /// Reads an error body. Without JSON there is no reason: such a body comes from a proxy or from IIS.
    pub fn from_body(body: &[u8]) -> Self {
        Resource::parse(body).map(|r| Self::from_resource(&r)).unwrap_or_default()
    }

    fn from_resource(resource: &Resource) -> Self {
        let text = |name| resource.text(name).filter(|t| !t.is_empty()).map(word);
        Self { code: text("code"), subcode: text("subcode").filter(|s| s != "None") }
    }

    /// Code and subcode, empty where absent.
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

    /// True when the same request may succeed a moment later: another operation is pending, or the state of the resource is
    /// about to change. Source: ErrorsAndInformationalMessages.
    pub fn is_transient(&self) -> bool {
        matches!(self.words(), (_, "AnotherOperationPending") | ("Conflict", ""))
    }

    /// True when a "failed" invitation in fact reached the recipient on another device.
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
