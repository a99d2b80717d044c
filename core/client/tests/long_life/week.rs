//! A week.

use std::net::SocketAddr;
use std::ops::AddAssign;
use std::time::Duration;

use send_im::{Client, ErrorKind, Evidence, Message};
use send_im_sandbox::{Fault, Layout, Route, Sandbox};
use tokio::time::Instant;

use crate::clock::{self, drive, pass, settle, until};
use crate::common::{LENE, account, coded};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Tokens live for eight hours and are renewed five minutes before their end.
const RENEWED_AFTER: u64 = 8 * 3600 - 300;

/// How often the servers were asked for what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    tokens: usize,
    created: usize,
    deleted: usize,
    discoveries: usize,
    invitations: usize,
    messages: usize,
    polls: usize,
    /// Answers that ask for another token.
    rejected: usize,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.tokens += other.tokens;
        self.created += other.created;
        self.deleted += other.deleted;
        self.discoveries += other.discoveries;
        self.invitations += other.invitations;
        self.messages += other.messages;
        self.polls += other.polls;
        self.rejected += other.rejected;
    }
}

/// What was asked of the sandbox since the last time.
fn counts(sandbox: &Sandbox) -> Counts {
    let mut counts = Counts::default();
    for exchange in sandbox.journal() {
        let path = exchange.path.split('?').next().unwrap().to_lowercase();
        let last = path.rsplit('/').next().unwrap();
        counts.rejected += usize::from(exchange.status == Some(401));
        match (exchange.method.as_str(), last) {
            ("POST", "oauthtoken") => counts.tokens += 1,
            ("POST", "applications") => counts.created += usize::from(exchange.status == Some(201)),
            ("DELETE", _) if !path.contains("conversations") => {
                counts.deleted += usize::from(exchange.status == Some(204));
            }
            ("GET", "") => counts.discoveries += 1,
            ("POST", "messaginginvitations") => {
                counts.invitations += usize::from(exchange.status == Some(201))
            }
            ("POST", "messages") => counts.messages += usize::from(exchange.status == Some(201)),
            ("GET", "events") => counts.polls += usize::from(exchange.status == Some(200)),
            _ => {}
        }
    }
    sandbox.clear_journal();
    counts
}

struct Week {
    sandbox: Sandbox,
    client: Client,
    begun: Instant,
    sent: usize,
    total: Counts,
}

impl Week {
    /// Lets time pass with the pending GET always there again before it goes on.
    async fn quiet(&mut self, time: Duration) {
        let sandbox = &self.sandbox;
        pass(time, MINUTE, async || drive(until(|| sandbox.pending_gets() == 1)).await).await;
    }

    /// Lets time pass while the server may be out of reach.
    async fn outage(&mut self, time: Duration) {
        pass(time, SECOND, async || ()).await;
    }

    /// Sends one message: it arrives once, and in the way the receipt says. True if it went into an open conversation.
    async fn send(&mut self, to: &str) -> bool {
        self.sent += 1;
        let text = format!("message {}", self.sent);
        let sent = drive(self.client.send(Message::text(to, text.clone()))).await;
        let hour = self.begun.elapsed().as_secs() / 3600;
        let receipt = sent.unwrap_or_else(|error| panic!("{text} in hour {hour}: {error:?}"));
        // A second copy would be on its way by now.
        settle().await;
        let arrived = self.sandbox.messages();
        self.sandbox.clear_messages();
        let arrived: Vec<_> =
            arrived.iter().map(|m| (m.text.as_str(), m.to.as_str(), m.via.as_str())).collect();
        let into = receipt.evidence == Evidence::MessageConfirmed;
        assert_eq!(
            arrived,
            [(text.as_str(), to, if into { "message" } else { "invitation" })],
            "hour {hour}"
        );
        into
    }

    /// Adds up what was asked, and gives it.
    fn count(&mut self) -> Counts {
        let counts = counts(&self.sandbox);
        self.total += counts;
        counts
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_stays_signed_in_for_a_week() {
    let _held = clock::hold();
    let begun = Instant::now();
    let sandbox = Sandbox::builder().layout(Layout::TwoPools).start().await.unwrap();
    let listen: SocketAddr = sandbox.url()["http://".len()..].trim_end_matches('/').parse().unwrap();
    let client = drive(Client::sign_in(account(&sandbox))).await.unwrap();
    let mut week = Week { sandbox, client, begun, sent: 0, total: Counts::default() };
    drive(until(|| week.sandbox.pending_gets() == 1)).await;
    assert_eq!((week.count().tokens, week.total.created), (2, 1), "a token of each pool, one session");

    for hour in 0..7 * 24 {
        let from = week.begun + hour * HOUR;
        // What happens in this hour; whether the next message needs a new invitation, and a new session.
        let (invited, created) = match hour {
            0 => (true, 0),
            5 | 105 => {
                week.sandbox.drop_applications();
                (true, 1)
            }
            20 => {
                week.sandbox.force_resync();
                week.quiet(SECOND).await;
                // What became of the conversation meanwhile is not known, so it is not used again.
                (true, 0)
            }
            30 => {
                week.sandbox.force_resume();
                (true, 0)
            }
            40 => {
                week.sandbox.end_conversations();
                (true, 0)
            }
            45 => {
                week.sandbox.disconnect_messaging();
                (true, 0)
            }
            // Nobody asks for events for a quarter of an hour: the server ends the session.
            50 => {
                drive(week.sandbox.refuse_connections(1, 16 * MINUTE)).await;
                week.outage(15 * MINUTE).await;
                assert_eq!(week.sandbox.open_applications(), 1);
                week.outage(2 * MINUTE).await;
                assert_eq!(week.sandbox.open_applications(), 0);
                (true, 1)
            }
            // The home pool is lost for good, and another takes over.
            60 => {
                drive(week.sandbox.refuse_connections(1, 30 * 24 * HOUR)).await;
                week.sandbox.move_home(0);
                week.outage(20 * SECOND).await;
                (true, 1)
            }
            // A moment without tokens, as when the token service is set up anew.
            80 => {
                week.sandbox.revoke_tokens();
                (false, 0)
            }
            // The server is started anew and knows nothing of what was.
            90 => {
                week.count();
                let next = Sandbox::builder().listen(listen);
                drive(async {
                    // In this order, as the port is the same.
                    std::mem::replace(&mut week.sandbox, Sandbox::start().await.unwrap()).stop().await;
                })
                .await;
                week.outage(3 * MINUTE).await;
                week.sandbox = next.start().await.unwrap();
                week.outage(20 * SECOND).await;
                (true, 1)
            }
            // The server ends the session for good: a person has to know, so nothing is tried again.
            130 => {
                week.count();
                week.sandbox
                    .add_fault(Fault::on(Route::Events, coded(410, "Gone", "InactiveApplicationExpired")));
                week.outage(4 * MINUTE).await;
                for _ in 0..3 {
                    let error = drive(week.client.send(Message::text(LENE, "never sent"))).await.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Closed, "{error:?}");
                }
                week.outage(30 * MINUTE).await;
                let asked = week.count();
                assert_eq!((asked.created, asked.tokens, asked.invitations), (0, 0, 0), "{asked:?}");
                assert!(week.sandbox.messages().is_empty());
                assert_eq!(week.sandbox.open_applications(), 0);
                drive(week.client.sign_out()).await.unwrap();
                week.client = drive(Client::sign_in(account(&week.sandbox))).await.unwrap();
                (true, 1)
            }
            _ => (false, 0),
        };
        let into = week.send(LENE).await;
        assert_eq!(into, !invited, "hour {hour}");
        if hour % 24 == 10 {
            many(&mut week).await;
        }
        week.quiet((from + HOUR).saturating_duration_since(Instant::now())).await;
        let asked = week.count();
        assert_eq!(asked.created, created, "hour {hour}: {asked:?}");
        assert!(asked.tokens <= 2 && asked.polls <= 40, "a storm in hour {hour}: {asked:?}");
        assert_eq!(week.sandbox.open_applications(), 1, "hour {hour}");
        // Revoked, unknown to a new server, signed in anew: otherwise each token is renewed in time.
        let rejects = matches!(hour, 80 | 90 | 130);
        assert_eq!(asked.rejected > 0, rejects, "hour {hour}: {asked:?}");
    }

    drive(week.client.sign_out()).await.unwrap();
    week.count();
    assert_eq!(week.sandbox.open_applications(), 0);
    let total = week.total;
    assert_eq!(total.invitations + total.messages, week.sent, "each message was posted once: {total:?}");
    assert_eq!(total.discoveries, 3, "two sign-ins and one move: {total:?}");
    let sign_ins = 2 + 1;
    // The discovery pool's first token had expired when the account moved there.
    let lost = 1 + 1 + 1;
    let renewals: u64 = [60, 20, 10, 40, 37].iter().map(|hours| hours * 3600 / RENEWED_AFTER).sum();
    assert_eq!(total.tokens as u64, sign_ins + lost + renewals, "{total:?}");
    assert!(renewals < 3 * 7 && total.tokens > 3 * 7 && total.polls > 3000, "{total:?}");
}

/// Many messages at once, some of them to others: those of one conversation arrive in the order of the calls.
async fn many(week: &mut Week) {
    let names: Vec<String> =
        (0..4).map(|n| format!("user{n}@contoso.com")).chain([LENE.to_owned()]).collect();
    let messages = (0..60).map(|n| Message::text(&names[n % names.len()], format!("{n}")));
    let receipts = drive(week.client.send_all(messages)).await;
    assert!(receipts.iter().all(Result::is_ok), "{receipts:?}");
    settle().await;
    for (first, name) in names.iter().enumerate() {
        let arrived: Vec<usize> = week.sandbox.inbox(name).iter().map(|m| m.text.parse().unwrap()).collect();
        assert_eq!(arrived, (first..60).step_by(names.len()).collect::<Vec<_>>(), "{name}");
    }
    week.sandbox.clear_messages();
    week.sent += 60;
}
