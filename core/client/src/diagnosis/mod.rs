//! A diagnosis: walks as a send would, with the client's own calls, and tells what each part of the way showed. Sends nothing.

mod advice;
mod blame;
mod check;
mod connections;
mod report;
mod session;
mod sights;

use send_im_ucwa::challenge::{Challenge, GRANT_PASSWORD};
use url::Url;

use self::advice::{Reason, advice};
use self::blame::{blame, challenges, offers_passive};
pub use self::check::{Advice, AdviceOwner, Check, CheckName, CheckOutcome, Diagnosis};
use self::connections::Needed;
use self::report::{OnCheck, Report};
use self::sights::{Sight, Sights, line_of, time_of};
use crate::account::{Account, Credential};
use crate::discovery::roots_of;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Probe;
use crate::outbox::deadline_in;
use crate::session::Session;
use crate::session::event_channel::Polling;
use crate::steps::{Step, StepLog, host_of, origin};

/// A greater difference of the clocks, in seconds, is a warning: Kerberos, by which pools know users, tolerates as much by default.
const MAX_CLOCK_DIFFERENCE: i64 = 300;

/// The checks of what a session needs, in order.
const OPENING: [CheckName; 5] =
    [CheckName::Discovery, CheckName::Trust, CheckName::Challenge, CheckName::SignIn, CheckName::Application];

impl Account {
    /// Walks as a send would, and sends nothing: names, proxy, connection, TLS, discovery, trust, challenge, sign-in, session,
    /// events and clock. Then it signs out.
    ///
    /// It signs in once, under the same limits as a send. The home pool is discovered anew. Names, connections and TLS take at
    /// most some 40 s where nothing answers; opening the session the account's [`timeout`](Self::timeout).
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// for check in account.diagnose().await?.checks {
    ///     println!("{} {}: {}", check.outcome, check.name, check.seen);
    ///     if let Some(advice) = check.advice {
    ///         println!("  {} ({})", advice.what, advice.who);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `invalid_input` where the account, its CA file or a proxy variable is not usable: nothing was asked then. Everything else
    /// is a check that failed.
    pub async fn diagnose(&self) -> Result<Diagnosis> {
        self.diagnose_with(|_| ()).await
    }

    /// As [`diagnose`](Self::diagnose), and calls `on_check` with each check as it is made.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// let diagnosis = account.diagnose_with(|check| println!("{}: {}", check.name, check.outcome)).await?;
    /// assert!(diagnosis.first_failure().is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`diagnose`](Self::diagnose).
    pub async fn diagnose_with(&self, on_check: impl Fn(&Check) + Send + Sync) -> Result<Diagnosis> {
        walk(self, &on_check).await
    }
}

async fn walk(account: &Account, on_check: OnCheck<'_>) -> Result<Diagnosis> {
    let session = Session::new(account.clone(), Polling::WhileWaiting)?;
    let probe = Probe::new(account)?;
    let sights = Sights::of(&session.connection.http);
    let mut report = Report::new(on_check);
    let roots = match &session.root {
        Some(root) => vec![root.clone()],
        None => roots_of(session.connection.address.domain())?.to_vec(),
    };
    let needed = (Needed::Any, ErrorKind::DiscoveryFailed);
    if connections::check(&probe, &roots, needed, &mut report).await? {
        // A send may know the pool already; whether it is found is to be seen.
        session.forget_server();
        let log = StepLog::new(account.on_step.clone());
        let opened = session.application(&log, deadline_in(account.timeout)).await;
        let seen = sights.all();
        let led = led_elsewhere(&probe, &roots, &seen, opened.as_ref().err()).await?;
        let opening = Opening { session: &session, seen: &seen, error: opened.as_ref().err() };
        opening.report(led, &mut report);
        if let Ok(application) = opened {
            session::check_events(&application, &sights, &mut report).await;
            clock(&sights, &mut report);
            session::check_sign_out(&session, &log, &mut report).await;
            return Ok(Diagnosis { checks: report.checks });
        }
    }
    let reached = report.checks.iter().map(|check| check.name).collect::<Vec<_>>();
    for name in CheckName::ALL.iter().filter(|name| !reached.contains(name)) {
        match name {
            CheckName::Clock => clock(&sights, &mut report),
            name => report.add(Check::skipped(*name, "not reached")),
        }
    }
    Ok(Diagnosis { checks: report.checks })
}

/// The checks of the servers that discovery led to, and that were not looked at before.
async fn led_elsewhere(
    probe: &Probe,
    roots: &[Url],
    seen: &[Sight],
    error: Option<&Error>,
) -> Result<Vec<Check>> {
    let mut known: Vec<String> = roots.iter().map(origin).collect();
    let mut others: Vec<Url> = Vec::new();
    for sight in seen {
        let of = origin(&sight.url);
        if !known.contains(&of) {
            known.push(of);
            others.push(sight.url.clone());
        }
    }
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Report::new(&|_| ());
    let kind = error.map_or(ErrorKind::Network, Error::kind);
    connections::check(probe, &others, (Needed::All, kind), &mut found).await?;
    // A session was opened all the same.
    let failed = |check: &&mut Check| check.outcome == CheckOutcome::Failed && error.is_none();
    found.checks.iter_mut().filter(failed).for_each(|check| check.outcome = CheckOutcome::Warning);
    Ok(found.checks)
}

/// A session that was opened, or was not.
struct Opening<'a> {
    session: &'a Session,
    seen: &'a [Sight],
    error: Option<&'a Error>,
}

impl Opening<'_> {
    /// Reports the checks up to the session; `led` are those of the servers that discovery led to.
    fn report(&self, led: Vec<Check>, report: &mut Report<'_>) {
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

fn clock(sights: &Sights, report: &mut Report<'_>) {
    report.add(match sights.clock() {
        None => Check::skipped(CheckName::Clock, "no answer said what time it is"),
        Some((ahead, host)) => {
            let seen = match ahead {
                -1..=1 => format!("the clock of {host} is the same"),
                2.. => format!("the clock of {host} is {ahead} s ahead of this machine's"),
                behind => format!("the clock of {host} is {} s behind this machine's", -behind),
            };
            match ahead.abs() > MAX_CLOCK_DIFFERENCE {
                false => Check::passed(CheckName::Clock, seen),
                true => Check::new(CheckName::Clock, CheckOutcome::Warning, seen).advised(Some(advice(
                    CheckName::Clock,
                    None,
                    Reason::ClocksDiffer,
                ))),
            }
        }
    });
}
