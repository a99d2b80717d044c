//! What the host's own code failed with.

use std::fmt;

/// A failure of the host's code, as the source of an error of ours: its text, and the number by which the host finds the
/// exception again.
#[derive(Debug)]
pub struct HostFailure {
    reason: String,
    number: u64,
}

impl HostFailure {
    /// `number` is the host's; 0 where it kept no exception.
    pub fn new(reason: impl Into<String>, number: u64) -> Self {
        HostFailure { reason: reason.into(), number }
    }

    /// The number of the host's exception that caused this error, if one did.
    pub fn behind(error: &send_im::Error) -> Option<u64> {
        let failure = std::error::Error::source(error)?.downcast_ref::<HostFailure>()?;
        (failure.number != 0).then_some(failure.number)
    }
}

impl fmt::Display for HostFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for HostFailure {}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use send_im::{Error, ErrorKind};

    use super::*;

    #[test]
    fn the_number_is_found_again_in_the_error_and_its_copies() {
        let error = Error::new(ErrorKind::CredentialUnavailable, "No token.");
        assert_eq!(HostFailure::behind(&error), None);
        let caused = error.with_source(HostFailure::new("vault is sealed", 7));
        assert_eq!(HostFailure::behind(&caused.clone()), Some(7));
        assert_eq!(caused.source().unwrap().to_string(), "vault is sealed");
        let nameless =
            Error::new(ErrorKind::CredentialUnavailable, "x").with_source(HostFailure::new("x", 0));
        assert_eq!(HostFailure::behind(&nameless), None);
    }
}
