//! Which check an error of the client belongs to, and why it came.

use send_im_ucwa::challenge::Challenge;

use super::advice::Reason;
use super::check::CheckName;
use super::sights::Sight;
use crate::error::{Error, ErrorKind};
use crate::steps::Step;

/// In a challenge where users sign in on a web page. Source: AuthenticationInUCWA.
const GRANT_PASSIVE: &str = "urn:microsoft.rtc:passive";

/// The check at which a session failed to open with `error`, after these requests.
pub(super) fn blame(error: &Error, sights: &[Sight]) -> (CheckName, Reason) {
    let last = sights.last();
    let reason = reason_of(error, sights);
    let check = match error.kind() {
        ErrorKind::UntrustedHost => CheckName::Trust,
        ErrorKind::Tls => CheckName::Tls,
        // The token service itself refuses what the challenge offers.
        ErrorKind::SignInUnsupported if last.is_some_and(|sight| sight.is_post) => CheckName::SignIn,
        ErrorKind::SignInUnsupported => CheckName::Challenge,
        ErrorKind::SignInRefused | ErrorKind::CredentialUnavailable => CheckName::SignIn,
        _ => match error.step() {
            Some(Step::SignIn) if last.is_some_and(|sight| sight.is_post) => CheckName::SignIn,
            Some(Step::SignIn) => CheckName::Challenge,
            Some(Step::OpenSession) => CheckName::Application,
            Some(Step::Confirm) => CheckName::EventChannel,
            Some(Step::SignOut) => CheckName::SignOut,
            _ => CheckName::Discovery,
        },
    };
    (check, reason)
}

/// Why `error` came, after these requests.
pub(super) fn reason_of(error: &Error, sights: &[Sight]) -> Reason {
    let last = sights.last();
    let answered = last.and_then(|sight| sight.outcome.as_ref().ok());
    match error.kind() {
        ErrorKind::UntrustedHost => Reason::NotTrusted,
        ErrorKind::Tls => Reason::OtherCertificate,
        ErrorKind::SignInUnsupported => match challenges(sights).last() {
            Some(challenge) if offers_passive(challenge) => Reason::WebPageOnly,
            Some(_) => Reason::NoPassword,
            None => Reason::NotThePool,
        },
        ErrorKind::CredentialUnavailable => Reason::NoToken,
        ErrorKind::SignInRefused => match error.http_status() {
            None => Reason::NameRests,
            Some(404) => Reason::UnknownAccount,
            Some(_) if last.is_some_and(|sight| sight.is_post && sight.step == Step::SignIn) => {
                Reason::WrongPassword
            }
            // A refusal of before, repeated: nobody was asked.
            Some(400) => Reason::WrongPassword,
            Some(_) => Reason::UnknownAccount,
        },
        ErrorKind::LimitReached => Reason::TooManySessions,
        ErrorKind::Throttled => Reason::Throttled,
        ErrorKind::Timeout => Reason::TooLate,
        ErrorKind::Network => Reason::NoConnection,
        ErrorKind::Forbidden if error.diagnostics().is_some_and(|why| why.contains("cross domain")) => {
            Reason::CrossDomain
        }
        ErrorKind::Protocol => Reason::NotThePool,
        kind => match answered {
            None => Reason::NoConnection,
            Some(answered) if answered.is_pool => match kind {
                ErrorKind::Forbidden => Reason::NotPermitted,
                ErrorKind::DiscoveryFailed => Reason::NoAutodiscover,
                ErrorKind::ServiceError => Reason::PoolFailed,
                _ => Reason::Other,
            },
            Some(answered) if answered.status == 404 => Reason::NoAutodiscover,
            // A success that lacks what was asked for: an account that may not send.
            Some(answered) if kind == ErrorKind::Forbidden && answered.status < 300 => Reason::NotPermitted,
            Some(_) => Reason::NotThePool,
        },
    }
}

/// The challenges that came.
pub(super) fn challenges(sights: &[Sight]) -> Vec<Challenge> {
    sights.iter().filter_map(|sight| sight.outcome.as_ref().ok()?.challenge.clone()).collect()
}

pub(super) fn offers_passive(challenge: &Challenge) -> bool {
    challenge.grants.iter().any(|grant| grant.eq_ignore_ascii_case(GRANT_PASSIVE))
}
