//! A diagnosis: walks as a send would, with the client's own calls, and tells what each part of the way showed. Sends nothing.

mod advice;
mod cause;
mod check;
mod connections;
mod exchanges;
mod handshake;
mod opening;
mod report;
mod session;

use url::Url;

use self::advice::{Reason, advice};
pub use self::check::{Advice, AdviceOwner, Check, CheckName, CheckOutcome, Diagnosis};
use self::connections::Needed;
use self::exchanges::{Exchange, Exchanges};
use self::opening::Opening;
use self::report::{OnCheck, Report};
use crate::account::Account;
use crate::discovery::roots_of;
use crate::error::{Error, ErrorKind, Result};
use crate::http::Probe;
use crate::outbox::deadline_in;
use crate::session::Session;
use crate::session::event_channel::Polling;
use crate::steps::{StepLog, origin};

/// A greater difference of the clocks, in seconds, is a warning: Kerberos, by which pools know users, tolerates as much by default.
const MAX_CLOCK_DIFFERENCE: i64 = 300;

impl Account {
    /// Walks as a send would, and sends nothing: names, proxy, connection, TLS, discovery, trust, challenge, sign-in, session,
    /// events and clock. Then it signs out.
    ///
    /// It signs in once, under the same limits as a send. The home pool is discovered anew. Each server may take
    /// 10 s for its name, its connection and TLS each, and 30 s more for a proxy; opening the session takes the account's
    /// [`timeout`](Self::timeout) at most. A diagnosis that is dropped closes its session.
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
    let probe = session.connection.http.probe(account);
    let exchanges = Exchanges::record(&session.connection.http);
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
        let made = exchanges.all();
        let further = check_further_servers(&probe, &roots, &made, opened.as_ref().err()).await?;
        let opening = Opening { session: &session, exchanges: &made, error: opened.as_ref().err() };
        opening.report(further, &mut report);
        if let Ok(application) = opened {
            session::check_events(&application, &exchanges, &mut report).await;
            clock(&exchanges, &mut report);
            session::check_sign_out(&session, &log, &mut report).await;
            return Ok(Diagnosis { checks: report.checks });
        }
    }
    let reached = report.checks.iter().map(|check| check.name).collect::<Vec<_>>();
    for name in CheckName::ALL.iter().filter(|name| !reached.contains(name)) {
        match name {
            CheckName::Clock => clock(&exchanges, &mut report),
            name => report.add(Check::skipped(*name, "not reached")),
        }
    }
    Ok(Diagnosis { checks: report.checks })
}

/// The checks of the servers that discovery led to, and that were not looked at before.
async fn check_further_servers(
    probe: &Probe,
    roots: &[Url],
    exchanges: &[Exchange],
    error: Option<&Error>,
) -> Result<Vec<Check>> {
    let mut known: Vec<String> = roots.iter().map(origin).collect();
    let mut others: Vec<Url> = Vec::new();
    for exchange in exchanges {
        let of = origin(&exchange.url);
        if !known.contains(&of) {
            known.push(of);
            others.push(exchange.url.clone());
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

fn clock(exchanges: &Exchanges, report: &mut Report<'_>) {
    report.add(match exchanges.clock() {
        None => Check::skipped(CheckName::Clock, "no answer said what time it is"),
        Some((ahead, host)) => {
            let seen = match ahead {
                -1..=1 => format!("the clock of {host} is the same"),
                2.. => format!("the clock of {host} is {} ahead of this machine's", time(ahead)),
                behind => format!("the clock of {host} is {} behind this machine's", time(-behind)),
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

/// In minutes where it is several.
fn time(seconds: i64) -> String {
    match seconds {
        120.. => format!("{} min", (seconds + 30) / 60),
        _ => format!("{seconds} s"),
    }
}
