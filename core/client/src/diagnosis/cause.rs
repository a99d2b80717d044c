//! Which check an error of the client belongs to, and why it came.

use std::error::Error as _;
use std::io;

use send_im_ucwa::challenge::Challenge;

use super::advice::Reason;
use super::check::CheckName;
use super::exchanges::Exchange;
use crate::error::{Error, ErrorKind};
use crate::steps::Step;

/// In a challenge where users sign in on a web page. Source: AuthenticationInUCWA.
const GRANT_PASSIVE: &str = "urn:microsoft.rtc:passive";

/// The check at which a session failed to open with `error`, after these requests.
pub(super) fn failed_check(error: &Error, exchanges: &[Exchange]) -> (CheckName, Reason) {
    let last = exchanges.last();
    let reason = reason_of(error, exchanges);
    let check = match error.kind() {
        ErrorKind::UntrustedHost => CheckName::Trust,
        ErrorKind::Tls => CheckName::Tls,
        // The token service itself refuses what the challenge offers.
        ErrorKind::SignInUnsupported if last.is_some_and(|exchange| exchange.is_post) => CheckName::SignIn,
        ErrorKind::SignInUnsupported => CheckName::Challenge,
        ErrorKind::SignInRefused | ErrorKind::CredentialUnavailable => CheckName::SignIn,
        _ => match error.step() {
            Some(Step::SignIn) if last.is_some_and(|exchange| exchange.is_post) => CheckName::SignIn,
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
pub(super) fn reason_of(error: &Error, exchanges: &[Exchange]) -> Reason {
    let last = exchanges.last();
    let response = last.and_then(|exchange| exchange.outcome.as_ref().ok());
    match error.kind() {
        ErrorKind::UntrustedHost => Reason::NotTrusted,
        ErrorKind::Tls => Reason::OtherCertificate,
        ErrorKind::SignInUnsupported => match challenges(exchanges).last() {
            Some(challenge) if offers_passive(challenge) => Reason::WebPageOnly,
            Some(_) => Reason::NoPassword,
            None => Reason::NotThePool,
        },
        ErrorKind::CredentialUnavailable => Reason::NoToken,
        ErrorKind::SignInRefused => match error.http_status() {
            None => Reason::NameRests,
            Some(404) => Reason::UnknownAccount,
            Some(_) if last.is_some_and(|exchange| exchange.is_post && exchange.step == Step::SignIn) => {
                Reason::WrongPassword
            }
            // A refusal of before, repeated: nobody was asked.
            Some(400) => Reason::WrongPassword,
            Some(_) => Reason::UnknownAccount,
        },
        ErrorKind::LimitReached => Reason::TooManySessions,
        ErrorKind::Throttled => Reason::Throttled,
        ErrorKind::Timeout => Reason::TooLate,
        ErrorKind::Network => without_answer(error),
        ErrorKind::Forbidden if error.diagnostics().is_some_and(|why| why.contains("cross domain")) => {
            Reason::CrossDomain
        }
        ErrorKind::Protocol => Reason::NotThePool,
        kind => match response {
            None => without_answer(error),
            Some(response) if response.from_pool => match kind {
                ErrorKind::Forbidden => Reason::NotPermitted,
                ErrorKind::DiscoveryFailed => Reason::NoAutodiscover,
                ErrorKind::ServiceError => Reason::PoolFailed,
                _ => Reason::Other,
            },
            Some(response) if response.status == 404 => Reason::NoAutodiscover,
            Some(response) if (502..=504).contains(&response.status) => Reason::GatewayFailed,
            // A success that lacks what was asked for: an account that may not send.
            Some(response) if kind == ErrorKind::Forbidden && response.status < 300 => Reason::NotPermitted,
            Some(_) => Reason::NotThePool,
        },
    }
}

/// Why a request has no answer: there was no connection, or it broke.
fn without_answer(error: &Error) -> Reason {
    let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match source.map(io::Error::kind) {
        Some(
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::Other,
        ) => Reason::ConnectionBroke,
        _ => Reason::NoConnection,
    }
}

/// What happened, of a sentence that goes on with what to do: the advice says that, and who can.
pub(super) fn finding(error: &Error) -> &str {
    let detail = error.detail();
    // One that quotes two others stays whole.
    let advice = ["; ", ". Try again"].into_iter().filter(|_| !detail.contains(" Outside: "));
    match advice.filter_map(|advice| detail.find(advice)).min() {
        Some(end) => &detail[..end],
        None => detail.trim_end_matches('.'),
    }
}

/// The challenges that came.
pub(super) fn challenges(exchanges: &[Exchange]) -> Vec<Challenge> {
    exchanges.iter().filter_map(|exchange| exchange.outcome.as_ref().ok()?.challenge.clone()).collect()
}

pub(super) fn offers_passive(challenge: &Challenge) -> bool {
    challenge.grants.iter().any(|grant| grant.eq_ignore_ascii_case(GRANT_PASSIVE))
}
