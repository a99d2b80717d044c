//! The checks of opening a session: discovery, trust, ways of signing in, sign-in, application.

use send_im_ucwa::challenge::{Challenge, GRANT_PASSWORD};

use super::advice::{Reason, advice};
use super::cause::{challenges, failed_check, finding, offers_passive};
use super::check::{Check, CheckName, CheckOutcome};
use super::exchanges::{Exchange, line_of, total_time};
use super::report::Report;
use crate::account::Credential;
use crate::error::{Error, ErrorKind};
use crate::session::Session;
use crate::steps::{Step, host_of};

/// The checks of what a session needs, in order.
const OPENING: [CheckName; 5] =
    [CheckName::Discovery, CheckName::Trust, CheckName::Challenge, CheckName::SignIn, CheckName::Application];

/// A session that was opened, or was not.
pub(super) struct Opening<'a> {
    pub(super) session: &'a Session,
    pub(super) exchanges: &'a [Exchange],
    pub(super) error: Option<&'a Error>,
}

impl Opening<'_> {
    /// Reports the checks up to the session; `further` are those of the servers that discovery led to.
    pub(super) fn report(&self, further: Vec<Check>, report: &mut Report<'_>) {
        let unreachable = further.iter().any(|check| check.outcome == CheckOutcome::Failed);
        let failure = self.error.map(|error| (error, failed_check(error, self.exchanges)));
        // Where a server that discovery led to cannot be reached, discovery itself has done its part.
        let at = |(error, (check, reason)): (_, (CheckName, Reason))| match check {
            _ if unreachable => (error, CheckName::Tcp, reason),
            check => (error, check, reason),
        };
        let failure = failure.map(at);
        let (mut further, mut reached) = (Some(further), true);
        for name in OPENING {
            match failure {
                Some((error, check, reason)) if check == name => {
                    report.add(self.failed(name, error, reason));
                    reached = false;
                }
                _ if reached && !report.has_failed() => report.add(self.passed(name)),
                _ => report.add(Check::skipped(name, "not reached")),
            }
            if name != CheckName::Discovery {
                continue;
            }
            further.take().into_iter().flatten().for_each(|check| report.add(check));
            // The probe met what was asked for, and the request itself did not.
            if let Some((error, CheckName::Tls, reason)) = failure {
                report.add(self.failed(CheckName::Tls, error, reason));
            }
        }
    }

    fn failed(&self, name: CheckName, error: &Error, reason: Reason) -> Check {
        let nobody = matches!(self.session.connection.account.credential, Credential::None);
        if nobody && error.kind() == ErrorKind::CredentialUnavailable {
            return Check::skipped(name, "no account was given");
        }
        let requests = self.requests(name);
        let seen = match line_of(&requests) {
            line if line.is_empty() || matches!(name, CheckName::Discovery) => finding(error).to_owned(),
            line => format!("{} ({line})", finding(error)),
        };
        Check::new(name, CheckOutcome::Failed, seen)
            .elapsed(total_time(&requests))
            .advised(Some(advice(name, Some(error.kind()), reason)))
            .kind(error.kind())
    }

    fn passed(&self, name: CheckName) -> Check {
        let requests = self.requests(name);
        let check = match name {
            CheckName::Trust => return self.trust(),
            CheckName::Challenge => self.challenge(&requests),
            CheckName::SignIn if requests.is_empty() => Check::passed(name, "the program's own token"),
            CheckName::SignIn => {
                Check::passed(name, format!("by the password grant: {}", line_of(&requests)))
            }
            name => Check::passed(name, line_of(&requests)),
        };
        check.elapsed(total_time(&requests))
    }

    /// The requests that belong to a check: those of its step, and to the one that failed the answer that decided it.
    fn requests(&self, name: CheckName) -> Vec<Exchange> {
        let by_step = |exchange: &Exchange| match name {
            CheckName::Discovery => exchange.step == Step::Discover,
            CheckName::Challenge => exchange.step == Step::SignIn && !exchange.is_post,
            CheckName::SignIn => exchange.step == Step::SignIn && exchange.is_post,
            CheckName::Application => exchange.step == Step::OpenSession,
            _ => false,
        };
        // One that asks for a sign-in has done its part.
        let is_refused = |last: &&Exchange| {
            last.outcome
                .as_ref()
                .is_ok_and(|response| response.refusal.is_some() && response.challenge.is_none())
        };
        let failed = self.error.map(|error| failed_check(error, self.exchanges).0);
        let (last, before) = match (failed, self.exchanges.split_last()) {
            (Some(failed), Some((last, before))) if is_refused(&last) => {
                (Some(last).filter(|_| failed == name), before)
            }
            _ => (None, self.exchanges),
        };
        before.iter().filter(|exchange| by_step(exchange)).chain(last).cloned().collect()
    }

    fn trust(&self) -> Check {
        let hosts = self.session.connection.discovered_hosts().join(", ");
        let asked: Vec<String> = {
            let mut asked: Vec<String> =
                self.requests(CheckName::SignIn).iter().map(|one| host_of(&one.url)).collect();
            asked.dedup();
            asked
        };
        let told = match asked.as_slice() {
            [] => String::new(),
            asked => format!("; the password went to {}", asked.join(", ")),
        };
        Check::passed(CheckName::Trust, format!("discovery led to {hosts}{told}"))
    }

    fn challenge(&self, requests: &[Exchange]) -> Check {
        let offered: Vec<String> = requests
            .iter()
            .filter_map(|exchange| {
                let challenge = exchange.outcome.as_ref().ok()?.challenge.as_ref()?;
                Some(format!("{}: {}", host_of(&exchange.url), offer(challenge)))
            })
            .collect();
        let check = match offered.is_empty() {
            true => Check::passed(CheckName::Challenge, "no server asked who signs in"),
            false => Check::passed(CheckName::Challenge, offered.join("; ")),
        };
        // Nobody signs in, so nothing fails here: an account with a password would.
        let nobody = matches!(self.session.connection.account.credential, Credential::None);
        match challenges(requests).iter().find(|challenge| !challenge.offers(GRANT_PASSWORD)) {
            Some(challenge) if nobody => {
                let kind = ErrorKind::SignInUnsupported;
                let reason = if offers_passive(challenge) { Reason::WebPageOnly } else { Reason::NoPassword };
                let advice = advice(CheckName::Challenge, Some(kind), reason);
                let seen = format!("{}; a password is not among them", check.seen);
                Check { outcome: CheckOutcome::Warning, seen, ..check }.advised(Some(advice)).kind(kind)
            }
            _ => check,
        }
    }
}

fn offer(challenge: &Challenge) -> String {
    let grants = match challenge.grants.as_slice() {
        [] => "no grant is named".to_owned(),
        grants => format!("grants {}", grants.join(", ")),
    };
    let part = |name: &str, value: &Option<String>| value.as_ref().map(|value| format!(", {name} {value}"));
    let oauth = [
        challenge.bearer.then(|| ", OAuth".to_owned()),
        part("client id", &challenge.client_id),
        part("issuers", &challenge.trusted_issuers),
        part("authorization at", &challenge.authorization_uri),
    ];
    oauth.into_iter().flatten().fold(grants, |line, part| line + &part)
}
