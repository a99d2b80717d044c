//! A send, a sign-in and a sign-out that are given up, or run out of time, at every request: no session stays open, and what is
//! said of the message is true.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{LENE, account, until};
use send_im::{Account, Client, Error, ErrorKind, Message, Sent};
use send_im_sandbox::{Action, Behaviour, Fault, Route, Sandbox};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

/// How many sandboxes run at once.
const AT_ONCE: usize = 12;

/// More requests than any of these needs.
const MOST: usize = 16;

/// Between the arrival of a request and its answer, where it is given up in between.
const MOMENT: Duration = Duration::from_millis(150);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    OneCall,
    SignIn,
    /// The first message to a person.
    Send,
    /// The second one, into the conversation that was kept.
    Again,
    SignOut,
}

#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The request has arrived and nothing was done with it.
    Arrived,
    /// The request was processed; its answer is on the way.
    Processed,
    /// The answer has left.
    Answered,
}

#[derive(Clone, Copy, Debug)]
enum How {
    /// The future is dropped, then the client.
    Dropped,
    /// `Client::cancel_all`, then the client signs out.
    CancelAll,
    /// The message's, or the account's, timeout passes.
    TimedOut(Duration),
}

#[derive(Clone, Copy, Debug)]
struct Case {
    what: What,
    long: bool,
    moment: Moment,
    how: How,
}

/// What is under way: a task and, where there is one, its client.
struct UnderWay {
    task: JoinHandle<Result<(), Error>>,
    client: Option<Client>,
}

impl Case {
    /// Gives up at the first request, at the second, and so on, until it is over before.
    async fn at_every_request(self) {
        let least = match self.what {
            What::OneCall if self.long => 10,
            What::OneCall => 8,
            What::SignIn => 5,
            What::Send if self.long => 3,
            What::Send | What::Again | What::SignOut => 1,
        };
        for number in 1..=MOST {
            if !self.given_up_at(number).await {
                assert!(number > least, "{self:?}: {number} requests are too few");
                return;
            }
        }
        panic!("{self:?} asks too much");
    }

    /// False when there was no such request.
    async fn given_up_at(self, number: usize) -> bool {
        let case = format!("{self:?} at request {number}");
        let sandbox = Arc::new(Sandbox::start().await.unwrap());
        sandbox.recipient(LENE, Behaviour::AcceptAfter(Duration::from_millis(40)));
        let timeout = match self.how {
            How::TimedOut(timeout) => timeout,
            _ => Duration::from_secs(60),
        };
        let text = if self.long { "x".repeat(900) } else { "disk full".to_owned() };
        let message = Message::text(LENE, text).timeout(timeout);
        let sent_status = message.sent_status();
        let UnderWay { mut task, client } = self.begin(&sandbox, message, timeout, number).await;
        let reached = until(|| {
            let asked = sandbox.journal();
            let this = asked.get(number - 1);
            this.is_some_and(|exchange| !matches!(self.moment, Moment::Answered) || exchange.status.is_some())
        });
        let result = match self.how {
            How::TimedOut(_) => Some((&mut task).await.unwrap()),
            _ => tokio::select! {
                biased;
                () = reached => None,
                result = &mut task => Some(result.unwrap()),
            },
        };
        let was_reached = sandbox.journal().len() >= number;
        let result = match (result, self.how) {
            (None, How::CancelAll) => {
                client.as_ref().unwrap().cancel_all();
                Some(task.await.unwrap())
            }
            (None, _) => {
                task.abort();
                task.await.ok()
            }
            (result, _) => result,
        };
        match self.how {
            How::CancelAll | How::TimedOut(_) => {
                if let Some(client) = client {
                    client.sign_out().await.unwrap_or_else(|e| panic!("{case}: {e}"));
                }
            }
            How::Dropped => drop(client),
        }
        if tokio::time::timeout(Duration::from_secs(20), until(|| sandbox.open_applications() == 0))
            .await
            .is_err()
        {
            panic!(
                "{case}: {} applications stay open; {:#?}",
                sandbox.open_applications(),
                sandbox.journal()
            );
        }
        let arrived = sandbox.messages().len();
        assert!(arrived <= 1, "{case}: {arrived} times in the inbox");
        if sent_status.sent() == Sent::No {
            assert_eq!(arrived, 0, "{case}: it has not left, it is said");
        }
        let sends = !matches!(self.what, What::SignIn | What::SignOut);
        match result {
            Some(Ok(())) if sends => assert_eq!(arrived, 1, "{case}: delivered, it is said"),
            Some(Err(error)) if sends => self.is_true(&error, arrived, &case),
            _ => {}
        }
        was_reached
    }

    fn is_true(self, error: &Error, arrived: usize, case: &str) {
        let kinds: &[ErrorKind] = match self.how {
            How::TimedOut(_) => &[ErrorKind::Timeout, ErrorKind::OutcomeUnknown],
            _ => &[ErrorKind::Cancelled],
        };
        assert!(kinds.contains(&error.kind()), "{case}: {error:?}");
        if error.sent() == Sent::No {
            assert_eq!(arrived, 0, "{case}: {error:?}");
        }
    }

    /// Sets out; the journal begins with the first request of what is tried.
    async fn begin(
        self,
        sandbox: &Arc<Sandbox>,
        message: Message,
        timeout: Duration,
        number: usize,
    ) -> UnderWay {
        let account = account(sandbox);
        let in_time = account.clone().timeout(timeout);
        let late = match self.how {
            How::TimedOut(timeout) => timeout + Duration::from_millis(500),
            _ => MOMENT,
        };
        let action = match self.moment {
            Moment::Arrived => Some(Action::Delay { time: late }),
            Moment::Processed => Some(Action::DelayAnswer { time: late }),
            Moment::Answered => None,
        };
        let fault =
            action.map(|action| Fault::on(Route::Any, action).skip(u32::try_from(number).unwrap() - 1));
        let break_it = || {
            sandbox.clear_messages();
            sandbox.clear_journal();
            sandbox.set_faults(fault.iter().cloned().collect());
        };
        if matches!(self.what, What::OneCall | What::SignIn) {
            break_it();
        }
        match self.what {
            What::OneCall => UnderWay {
                task: tokio::spawn(async move { send_im::send(&account, message).await.map(drop) }),
                client: None,
            },
            What::SignIn => UnderWay {
                task: tokio::spawn(async move { Client::sign_in(in_time).await.map(drop) }),
                client: None,
            },
            What::Send | What::Again | What::SignOut => {
                let client = Client::sign_in(account).await.unwrap();
                if self.what == What::Again {
                    client.send(Message::text(LENE, "before")).await.unwrap();
                }
                until(|| sandbox.pending_gets() == 1).await;
                break_it();
                let own = client.clone();
                let signs_out = self.what == What::SignOut;
                let task = tokio::spawn(async move {
                    if signs_out { own.sign_out().await } else { own.send(message).await.map(drop) }
                });
                UnderWay { task, client: Some(client) }
            }
        }
    }
}

async fn all(cases: Vec<Case>) {
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    for case in cases {
        let permits = permits.clone();
        running.spawn(async move {
            let _permit = permits.acquire_owned().await;
            case.at_every_request().await
        });
    }
    while let Some(case) = running.join_next().await {
        case.unwrap();
    }
}

const SENDS: [(What, bool); 5] = [
    (What::OneCall, false),
    (What::OneCall, true),
    (What::Send, false),
    (What::Send, true),
    (What::Again, false),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_dropped_at_any_request_leaves_nothing_behind_and_tells_the_truth() {
    let whats = SENDS.into_iter().chain([(What::SignIn, false), (What::SignOut, false)]);
    let cases = whats.flat_map(|(what, long)| {
        [Moment::Arrived, Moment::Processed, Moment::Answered].map(|moment| Case {
            what,
            long,
            moment,
            how: How::Dropped,
        })
    });
    all(cases.collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_cancelled_at_any_request_leaves_nothing_behind_and_tells_the_truth() {
    let whats = SENDS.into_iter().filter(|(what, _)| *what != What::OneCall);
    let cases = whats.flat_map(|(what, long)| {
        [Moment::Arrived, Moment::Processed, Moment::Answered].map(|moment| Case {
            what,
            long,
            moment,
            how: How::CancelAll,
        })
    });
    all(cases.collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_runs_out_of_time_at_any_request_leaves_nothing_behind_and_tells_the_truth() {
    let whats = SENDS.into_iter().chain([(What::SignIn, false)]);
    let cases = whats.flat_map(|(what, long)| {
        [Moment::Arrived, Moment::Processed].map(|moment| Case {
            what,
            long,
            moment,
            how: How::TimedOut(Duration::from_millis(1500)),
        })
    });
    all(cases.collect()).await;
}

/// Timeouts from nothing to enough: the deadline passes wherever it may, in between requests too.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn any_timeout_tells_the_truth() {
    let mut running = JoinSet::new();
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    for step in 0_u64..40 {
        for long in [false, true] {
            let permits = permits.clone();
            running.spawn(async move {
                let _permit = permits.acquire_owned().await;
                let sandbox = Sandbox::start().await.unwrap();
                let text = if long { "x".repeat(900) } else { "disk full".to_owned() };
                let timeout = Duration::from_micros(300 + step * step * 150);
                let message = Message::text(LENE, text).timeout(timeout);
                let sent_status = message.sent_status();
                let result = send_im::send(&account(&sandbox), message).await;
                until(|| sandbox.open_applications() == 0).await;
                let arrived = sandbox.messages().len();
                match result {
                    Ok(_) => assert_eq!(arrived, 1, "{timeout:?}"),
                    Err(error) => {
                        let kinds = [ErrorKind::Timeout, ErrorKind::OutcomeUnknown];
                        assert!(kinds.contains(&error.kind()), "{timeout:?}: {error:?}");
                        assert!(
                            arrived <= usize::from(error.sent() == Sent::Maybe),
                            "{timeout:?}: {error:?}"
                        );
                    }
                }
                assert!(sent_status.sent() == Sent::Maybe || arrived == 0, "{timeout:?}");
            });
        }
    }
    while let Some(case) = running.join_next().await {
        case.unwrap();
    }
}

/// The recipient accepts while the request that withdraws the invitation is on its way: it then ends the conversation.
#[tokio::test]
async fn an_invitation_that_is_accepted_while_it_is_withdrawn_is_too_late() {
    let (sandbox, client) = common::signed_in().await;
    sandbox.recipient(LENE, Behaviour::AcceptAfter(Duration::from_millis(3600)));
    let held = Action::Delay { time: Duration::from_millis(1200) };
    sandbox.set_faults(vec![Fault::on(Route::StopMessaging, held)]);
    let message = Message::text(LENE, "x".repeat(900)).timeout(Duration::from_secs(3));
    let error = client.send(message).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{error:?}");
    assert!(error.detail().starts_with("lenea@contoso.com accepted too late"), "{error:?}");
    assert_eq!(sandbox.messages(), []);
}

#[tokio::test]
async fn a_deadline_covers_the_wait_for_the_message_before_and_for_a_free_place() {
    let (sandbox, client) = common::signed_in().await;
    let ring = |to: String| {
        let client = client.clone();
        tokio::spawn(async move { client.send(Message::text(to, "x")).await })
    };
    let invited = || {
        sandbox
            .journal()
            .iter()
            .filter(|e| e.path.ends_with("/messagingInvitations") && e.status.is_some())
            .count()
    };
    let impatient = |to: &str| client.send(Message::text(to, "too late").timeout(Duration::from_millis(150)));
    let mut ringing = vec![ring("silent@contoso.com".to_owned())];
    until(|| invited() == 1).await;
    let error = impatient("silent@contoso.com").await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{error:?}");
    // As many as may be under way at once.
    ringing.extend((1..32).map(|n| ring(format!("silent@d{n}.contoso.com"))));
    until(|| invited() == 32).await;
    let error = impatient(LENE).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{error:?}");
    assert_eq!(invited(), 32, "neither was posted");
    client.cancel_all();
    for sending in ringing {
        assert_eq!(sending.await.unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
    }
    client.sign_out().await.unwrap();
    assert!(sandbox.messages().is_empty());
}

#[tokio::test]
async fn a_discovery_that_nobody_waits_for_ends() {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", server.local_addr().unwrap());
    let account =
        Account::with_password("tosh@contoso.com", "x").server(url).timeout(Duration::from_secs(600));
    let sign_in = tokio::spawn(Client::sign_in(account));
    let (mut asked, _) = server.accept().await.unwrap();
    sign_in.abort();
    let mut sink = tokio::io::sink();
    let ended = tokio::time::timeout(Duration::from_secs(30), tokio::io::copy(&mut asked, &mut sink));
    assert!(ended.await.is_ok(), "it still waits for the answer");
}

/// Signs in, and goes away once `begun` says so: all that was done for it ends.
async fn ends_with_its_caller(account: Account, begun: impl FnMut() -> bool) {
    let (held, mut released) = tokio::sync::mpsc::channel::<()>(1);
    let account = account.timeout(Duration::from_secs(600)).on_step(move |_| drop(held.clone()));
    let sign_in = tokio::spawn(Client::sign_in(account));
    until(begun).await;
    sign_in.abort();
    let ended = tokio::time::timeout(Duration::from_secs(20), released.recv());
    assert!(ended.await.is_ok(), "it goes on");
}

#[tokio::test]
async fn a_sign_in_that_nobody_waits_for_ends_where_the_server_is_remembered() {
    let sandbox = Sandbox::start().await.unwrap();
    let account = || Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    let client = Client::sign_in(account()).await.unwrap();

    let asked = Arc::new(AtomicBool::new(false));
    let asks = asked.clone();
    let silent = move |_| {
        asks.store(true, Ordering::Release);
        std::future::pending()
    };
    let by_token = Account::with_token("tosh@contoso.com", silent).server(sandbox.url());
    ends_with_its_caller(by_token, || asked.load(Ordering::Acquire)).await;

    let busy = Action::Status {
        http: 503,
        code: None,
        subcode: None,
        retry_after: None,
        body: Default::default(),
        diagnostics: None,
    };
    sandbox.add_fault(Fault::on(Route::Applications, busy).times(0));
    ends_with_its_caller(account(), || sandbox.journal().iter().any(|e| e.status == Some(503))).await;
    client.sign_out().await.unwrap();
}
