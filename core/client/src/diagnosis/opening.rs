//! The checks of opening a session: discovery, trust, ways of signing in, sign-in, application.

use send_im_ucwa::challenge::{Challenge, GRANT_PASSWORD};

use super::advice::{Reason, advice};
use super::blame::{blame, challenges, offers_passive};
use super::check::{Check, CheckName, CheckOutcome};
use super::report::Report;
use super::sights::{Sight, line_of, time_of};
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
    pub(super) seen: &'a [Sight],
    pub(super) error: Option<&'a Error>,
}

impl Opening<'_> {
    /// Reports the checks up to the session; `led` are those of the servers that discovery led to.
    pub(super) fn report(&self, led: Vec<Check>, report: &mut Report<'_>) {
        let unreachable = led.iter().any(|check| check.outcome == CheckOutcome::Failed);
        let blamed = self.error.map(|error| (error, blame(error, self.seen)));
        // Where a server that discovery led to cannot be reached, discovery itself has done its part.
        let at = |(error, (check, reason)): (_, (CheckName, Reason))| match check {
            _ if unreachable => (error, CheckName::Tcp, reason),
            check => (error, check, reason),
        };
        let blamed = blamed.map(at);
        let (mut led, mut reached) = (Some(led), true);
        for name in OPENING {
            match blamed {
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
            led.take().into_iter().flatten().for_each(|check| report.add(check));
            // The probe met what was asked for, and the request itself did not.
            if let Some((error, CheckName::Tls, reason)) = blamed {
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
            line if line.is_empty() || matches!(name, CheckName::Discovery) => error.detail().to_owned(),
            line => format!("{} ({line})", error.detail()),
        };
        Check::new(name, CheckOutcome::Failed, seen)
            .took(time_of(&requests))
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
        check.took(time_of(&requests))
    }

    /// The requests that belong to a check.
    fn requests(&self, name: CheckName) -> Vec<Sight> {
        let belongs = |sight: &&Sight| match name {
            CheckName::Discovery => sight.step == Step::Discover,
            CheckName::Challenge => sight.step == Step::SignIn && !sight.is_post,
            CheckName::SignIn => sight.step == Step::SignIn && sight.is_post,
            CheckName::Application => sight.step == Step::OpenSession,
            _ => false,
        };
        self.seen.iter().filter(belongs).cloned().collect()
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

    fn challenge(&self, requests: &[Sight]) -> Check {
        let offered: Vec<String> = requests
            .iter()
            .filter_map(|sight| {
                let challenge = sight.outcome.as_ref().ok()?.challenge.as_ref()?;
                Some(format!("{}: {}", host_of(&sight.url), offer(challenge)))
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
                let told = advice(CheckName::Challenge, Some(kind), reason);
                Check { outcome: CheckOutcome::Warning, ..check }.advised(Some(told)).kind(kind)
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
