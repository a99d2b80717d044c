//! The one error of this surface.

use send_im::{Error, ErrorKind, Sent, Step};

/// One place a call went through before it failed.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct HopRecord {
    /// The URL without its query.
    pub url: String,
    /// What came back, for example `401` or `connection refused`.
    pub outcome: String,
}

/// What failed, at which step, and what to do about it. Never holds a password, a token or the text of a message.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Failure {
    /// The sort of failure: a stable snake_case name, for example `recipient_not_found`.
    pub kind: String,
    /// The step that failed, for example `sign_in`. None where no step had begun.
    pub step: Option<String>,
    /// One sentence a person can act on.
    pub detail: String,
    /// `no`: it was not delivered. `maybe`: it may have arrived, sending again may double it.
    pub sent: String,
    /// The HTTP status of the answer that decided.
    pub http_status: Option<u16>,
    /// The server's error code as it came.
    pub code: Option<String>,
    /// The server's subcode as it came.
    pub subcode: Option<String>,
    /// The server's diagnostics, for its administrator. Not stable.
    pub diagnostics: Option<String>,
    /// How long the server asked to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
    /// The way the call took, oldest first, where it explains the failure.
    pub hops: Vec<HopRecord>,
    /// The exit code for a program that ends because of this failure.
    pub exit_code: i32,
    /// The number given to `TokenReply.fail` where the host's own code caused this.
    pub cause: Option<u64>,
}

/// A failed call. It has one variant: a program tells failures apart by `failure.kind`.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Error)]
pub enum SendError {
    /// The call failed.
    Failed {
        /// How and why.
        failure: Failure,
    },
}

/// The result of a fallible export.
pub(crate) type Result<T> = std::result::Result<T, SendError>;

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure {
            kind: error.kind().as_str().to_owned(),
            step: error.step().map(|step: Step| step.as_str().to_owned()),
            detail: error.detail().to_owned(),
            sent: error.sent().as_str().to_owned(),
            http_status: error.http_status(),
            code: error.code().map(str::to_owned),
            subcode: error.subcode().map(str::to_owned),
            diagnostics: error.diagnostics().map(str::to_owned),
            retry_after_ms: error.retry_after().map(crate::records::milliseconds),
            hops: error
                .hops()
                .iter()
                .map(|hop| HopRecord { url: hop.url.clone(), outcome: hop.outcome.clone() })
                .collect(),
            exit_code: error.kind().exit_code().into(),
            cause: send_im_runtime::HostFailure::behind(&error),
        }
    }
}

impl From<Error> for SendError {
    fn from(error: Error) -> Self {
        SendError::Failed { failure: error.into() }
    }
}

impl SendError {
    /// A failure of this surface itself, not of a request.
    pub(crate) fn local(kind: ErrorKind, detail: impl Into<String>, sent: Sent) -> Self {
        Error::new(kind, detail).with_sent(sent).into()
    }

    /// The object belongs to the process this one was forked from.
    pub(crate) fn forked() -> Self {
        send_im_runtime::forked().into()
    }

    /// The failure inside.
    pub fn into_failure(self) -> Failure {
        let SendError::Failed { failure } = self;
        failure
    }
}

impl std::fmt::Display for SendError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let SendError::Failed { failure } = self;
        f.write_str(&failure.detail)
    }
}

impl std::error::Error for SendError {}

/// A callback of the host raised something it had not declared. Its text may hold anything and is dropped.
impl From<uniffi::UnexpectedUniFFICallbackError> for SendError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Error::invalid_input("A callback of the program failed.").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_the_fields_of_the_core_error() {
        let failure = SendError::from(Error::invalid_input("The recipient is empty.")).into_failure();
        assert_eq!(
            (failure.kind.as_str(), failure.sent.as_str(), failure.exit_code),
            ("invalid_input", "no", 2)
        );
        assert_eq!(failure.detail, "The recipient is empty.");
    }

    #[test]
    fn its_text_is_the_sentence() {
        assert_eq!(SendError::from(Error::closed("Signed out.")).to_string(), "Signed out.");
    }

    #[test]
    fn the_text_of_a_host_exception_is_dropped() {
        let error: SendError =
            uniffi::UnexpectedUniFFICallbackError { reason: "password=s3cret".to_owned() }.into();
        assert!(!format!("{error} {error:?}").contains("s3cret"));
    }
}
