//! One cell: a sandbox, a fault, a send, and what came of it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use send_im::{Account, Client, Error, ErrorKind, Message, Sent};
use send_im_sandbox::{Action, Behaviour, Fault, Route, Sandbox};
use tokio::sync::Semaphore;

use crate::common::{LENE, until};
use crate::faults::{Damage, damage};
use crate::rows::{Row, Way};

/// Enough for everything that ends by itself.
const LONG: Duration = Duration::from_secs(30);

/// Timeouts for what ends with the deadline. On a busy machine the first one can pass before the fault was met.
const SHORT: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(6), Duration::from_secs(15)];

/// For a server that asks to wait an hour: who waits in vain does not come back.
const UNDER_AN_HOUR: Duration = Duration::from_secs(3000);

/// How long connections are refused once. The client asks again after half a second at the earliest.
const REFUSED: Duration = Duration::from_millis(100);

/// A send that has not come back so long after its timeout hangs. Its sign-out may take three seconds.
const HANGS: Duration = Duration::from_secs(15);

pub(crate) struct Cell {
    pub(crate) row: &'static Row,
    pub(crate) fault: &'static str,
    pub(crate) every: bool,
}

/// What came of it.
pub(crate) struct Seen {
    pub(crate) outcome: String,
    /// Where the inbox says otherwise, and what makes the cell worth nothing.
    pub(crate) lies: Vec<String>,
    /// The error's sentence.
    pub(crate) detail: String,
}

impl Cell {
    /// Runs the cell with a fitting timeout. What ends with the deadline is given more time before it counts as wrong, but never
    /// for a lie.
    pub(crate) async fn settle(&self, wanted: &str, busy: &Semaphore) -> Seen {
        let timeouts = match wanted {
            _ if self.fault == "429_1h" && wanted.starts_with("throttled") => &[UNDER_AN_HOUR][..],
            _ if self.ends_with_the_deadline(wanted) => &SHORT,
            _ => &[LONG],
        };
        let mut seen = None;
        for timeout in timeouts {
            let found = self.run(*timeout, wanted.ends_with("open"), busy).await;
            let lied = found.lies.iter().any(|lie| lie.starts_with("LIE"));
            let done = lied || (found.outcome == wanted && found.lies.is_empty());
            seen = Some(found);
            if done {
                break;
            }
        }
        seen.unwrap()
    }

    /// True for what would go on for longer than a test may take.
    fn ends_with_the_deadline(&self, wanted: &str) -> bool {
        let asks_for_ever = matches!(self.fault, "429" | "429_1s" | "503" | "503_page");
        let looks_for_it = self.row.long && self.row.route == Route::StartMessaging;
        match wanted.split(' ').next().unwrap() {
            _ if matches!(self.fault, "slow" | "late") => true,
            "timeout" | "outcome_unknown" => true,
            "network" | "service_error" | "protocol" => looks_for_it || asks_for_ever,
            "throttled" => asks_for_ever,
            _ => false,
        }
    }

    async fn run(&self, timeout: Duration, stays_open: bool, busy: &Semaphore) -> Seen {
        let on_its_way = busy.acquire().await;
        let http2 = self.fault.starts_with("h2_");
        let tls = http2 || self.fault == "tls";
        let sandbox = Sandbox::builder().https(tls).http2(http2).start().await.unwrap();
        // Where an account is homed is remembered, and ports are used again. A `Shared` of its own would build a TLS configuration
        // for each of the many cells.
        static ACCOUNTS: AtomicU32 = AtomicU32::new(0);
        let number = ACCOUNTS.fetch_add(1, Ordering::Relaxed);
        let mut account =
            Account::with_password(format!("tosh{number}@contoso.com"), "x").server(sandbox.url());
        if let Some(file) = sandbox.ca_file() {
            account = account.ca_file(file);
        }
        let text = if self.row.long { "x".repeat(900) } else { "disk full".to_owned() };
        let message = Message::text(LENE, text).timeout(timeout);
        let sent_status = message.sent_status();
        let sending =
            tokio::time::timeout(timeout.min(LONG) + HANGS, self.send(&sandbox, account, message, timeout));
        tokio::pin!(sending);
        let met = until(|| sandbox.journal().len() >= self.row.number);
        let result = tokio::select! {
            result = &mut sending => result,
            () = met => {
                drop(on_its_way);
                sending.await
            }
        };
        let result = result.unwrap_or_else(|_| panic!("[{}] {}: it hangs", self.row.name, self.fault));
        // Where it may stay open the background may still succeed; who waits for that is not this caller.
        if !stays_open {
            let closed = until(|| sandbox.open_applications() == 0);
            let _ = tokio::time::timeout(HANGS, closed).await;
        }
        let arrived = sandbox.messages().len();
        let mut lies = Vec::new();
        if self.row.way != Way::SignOut {
            let fits = match &result {
                Ok(()) => arrived == 1,
                Err(error) if error.sent() == Sent::No => arrived == 0,
                Err(_) => arrived <= 1,
            };
            if !fits || (sent_status.sent() == Sent::No && arrived > 0) {
                lies.push(format!("LIE: {arrived} in the inbox"));
            }
        }
        if let Err(error) = &result
            && self.fault == "429_1h"
            && error.kind() == ErrorKind::Throttled
            && error.retry_after() != Some(Duration::from_secs(3600))
        {
            lies.push(format!("LIE: retry after {:?}", error.retry_after()));
        }
        if !self.every && !sandbox.faults().is_empty() {
            lies.push("the fault was not met".to_owned());
        }
        let mut outcome = match &result {
            Ok(()) => "delivered".to_owned(),
            Err(error) => {
                let step = error.step().map_or("none", |step| step.as_str());
                format!("{} {step} {}", error.kind(), error.sent().as_str())
            }
        };
        match sandbox.open_applications() {
            0 => {}
            1 => outcome.push_str(", open"),
            more => outcome.push_str(&format!(", {more} open")),
        }
        Seen { outcome, lies, detail: result.err().map(|e| e.to_string()).unwrap_or_default() }
    }

    async fn send(
        &self,
        sandbox: &Sandbox,
        account: Account,
        message: Message,
        timeout: Duration,
    ) -> Result<(), Error> {
        match self.row.way {
            Way::OneCall => {
                self.break_it(sandbox, timeout).await;
                return send_im::send(&account, message).await.map(drop);
            }
            Way::Client | Way::SignOut if self.fault == "refused" => self.break_it(sandbox, timeout).await,
            _ => {}
        }
        if self.row.way == Way::Ringing {
            sandbox.recipient(LENE, Behaviour::AcceptAfter(Duration::from_millis(150)));
        }
        let client = Client::sign_in(account).await?;
        if self.fault != "refused" {
            until(|| sandbox.pending_gets() == 1).await;
            if self.row.way == Way::Kept {
                client.send(Message::text(LENE, "before")).await?;
                until(|| sandbox.pending_gets() == 1).await;
                sandbox.clear_messages();
            }
            self.break_it(sandbox, timeout).await;
        }
        if self.row.way == Way::SignOut {
            return client.sign_out().await;
        }
        let result = client.send(message).await.map(drop);
        let _ = client.sign_out().await;
        result
    }

    /// Puts the fault on the request.
    async fn break_it(&self, sandbox: &Sandbox, timeout: Duration) {
        let for_good = Duration::from_secs(3600);
        let delay = match self.row.way {
            _ if self.row.route == Route::DeleteApplication => Duration::from_secs(1),
            // Later than a send looks for the truth, sooner than an answer that names a session is given up.
            _ => timeout + Duration::from_secs(4),
        };
        let time = if self.every { for_good } else { REFUSED };
        let connections = if self.every { u32::MAX } else { 1 };
        let times = u32::from(!self.every);
        match (damage(self.fault, delay), self.row.before) {
            (Damage::Request(action), _) => {
                sandbox.add_fault(Fault::on(self.row.route, action).skip(self.row.skip).times(times));
            }
            (Damage::Refused, None) => sandbox.refuse_connections(0, time).await,
            (Damage::Distrusted, None) => sandbox.distrust_connections(0, connections),
            (Damage::Refused, Some((route, skip))) => {
                sandbox.add_fault(Fault::on(route, Action::ThenRefuse { time }).skip(skip));
            }
            (Damage::Distrusted, Some((route, skip))) => {
                sandbox.add_fault(Fault::on(route, Action::ThenDistrust { connections }).skip(skip));
            }
        }
    }
}
