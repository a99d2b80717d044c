//! Fault by fault: which check tells it, of which kind, and who can do something about it. `expected.txt` is the table.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

#[path = "../common/mod.rs"]
mod common;

mod cases;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use send_im::{AdviceOwner, Check, CheckName, CheckOutcome, Diagnosis, ErrorKind, Message, Sent};
use send_im_sandbox::Sandbox;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::cases::{Case, NAMES, set_up};
use crate::common::until;

const PASSWORD: &str = "pa55word-of-tosh";

/// How many are tried at once. Most wait for a pause between attempts.
const AT_ONCE: usize = 16;

/// What is said of a check that did not pass.
fn verdict(check: &Check) -> String {
    let kind = check.kind.map_or("-", ErrorKind::as_str);
    let who = check.advice.as_ref().map_or("-", |advice| advice.who.as_str());
    format!("{} {} {kind} {who}", check.name, check.outcome)
}

fn verdicts(diagnosis: &Diagnosis) -> String {
    let is_told = |check: &&Check| matches!(check.outcome, CheckOutcome::Warning | CheckOutcome::Failed);
    let told: Vec<String> = diagnosis.checks.iter().filter(is_told).map(verdict).collect();
    if told.is_empty() { "passed".to_owned() } else { told.join(", ") }
}

/// What the diagnosis of a case says, and what a send then meets.
async fn found(name: &str) -> (String, Vec<String>) {
    let Case { account, sandbox } = set_up(name).await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    let asked_before = token_requests(&sandbox);
    let diagnosis =
        account.diagnose_with(move |check| telling.lock().unwrap().push(check.clone())).await.unwrap();
    let mut problems = Vec::new();
    let shown = format!("{diagnosis:?} {}", serde_json::to_string(&diagnosis).unwrap());
    for secret in [PASSWORD, "an-0ther-word", "cwt=", "Bearer "] {
        if shown.contains(secret) {
            problems.push(format!("{secret} is shown: {shown}"));
        }
    }
    if *told.lock().unwrap() != diagnosis.checks {
        problems.push("the checks told are not those returned".to_owned());
    }
    for check in &diagnosis.checks {
        let needs_advice = matches!(check.outcome, CheckOutcome::Warning | CheckOutcome::Failed);
        if check.advice.is_some() != needs_advice || check.seen.is_empty() {
            problems.push(format!("what was seen, or the advice, is amiss: {check:?}"));
        }
        if check.outcome == CheckOutcome::Failed && check.kind.is_none() {
            problems.push(format!("no kind: {check:?}"));
        }
    }
    for check in CheckName::ALL {
        if !diagnosis.checks.iter().any(|made| made.name == *check) {
            problems.push(format!("nothing is said of {check}"));
        }
    }
    // A refused password is tried once, and one that is accepted once at each pool.
    let refused = diagnosis.first_failure().is_some_and(|check| check.kind == Some(ErrorKind::SignInRefused));
    if refused && token_requests(&sandbox) > asked_before + 1 {
        problems.push("the password was tried more than once".to_owned());
    }
    let asked: Vec<String> = sandbox.journal().into_iter().map(|one| one.path.to_lowercase()).collect();
    // The guesses of `name_rests` sent nothing either.
    if !sandbox.messages().is_empty() || asked.iter().any(|path| path.contains("messaging")) {
        problems.push("something was sent".to_owned());
    }
    if name != "delete_500" {
        until(|| sandbox.open_applications() == 0).await;
    }
    let mut line = verdicts(&diagnosis);
    if name.starts_with("nobody") {
        return (line, problems);
    }
    let message = Message::text("lenea@contoso.com", "hello").timeout(Duration::from_secs(20));
    let sent = send_im::send(&account, message).await;
    let meets = match &sent {
        Ok(_) => "delivered".to_owned(),
        Err(error) => error.kind().to_string(),
    };
    line.push_str(&format!(" | {meets}"));
    // What fails before a message can leave fails with the same kind.
    let expected = diagnosis.first_failure().filter(|check| check.name != CheckName::EventChannel);
    let same = match (&sent, expected) {
        (Ok(_), None) => true,
        (Err(error), Some(check)) => check.kind == Some(error.kind()) && error.sent() == Sent::No,
        (_, None) => diagnosis.first_failure().is_some(),
        (Ok(_), Some(_)) => false,
    };
    if !same {
        problems.push(format!("a send meets {sent:?}, the diagnosis says {:?}", diagnosis.first_failure()));
    }
    if name.starts_with("none") || !problems.is_empty() {
        problems.extend(std::env::var("DIAGNOSIS").is_ok().then(|| format!("{:#?}", diagnosis.checks)));
    }
    (line, problems)
}

fn token_requests(sandbox: &Sandbox) -> usize {
    sandbox.journal().iter().filter(|one| one.path.to_lowercase().contains("oauthtoken")).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_fault_is_told_by_its_check() {
    let mut expected = BTreeMap::new();
    for line in include_str!("expected.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let (name, told) = line.split_once(' ').unwrap();
        assert!(NAMES.contains(&name), "there is no fault {name}");
        expected.insert(name, told.trim());
    }
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = JoinSet::new();
    let only = std::env::var("DIAGNOSIS_CASE").ok();
    for name in NAMES.iter().filter(|name| only.as_ref().is_none_or(|only| only == *name)) {
        let permits = permits.clone();
        running.spawn(async move {
            let _permit = permits.acquire_owned().await;
            (*name, found(name).await)
        });
    }
    let mut wrong = Vec::new();
    while let Some(done) = running.join_next().await {
        let (name, (told, problems)) = done.unwrap();
        if expected.get(name) != Some(&told.as_str()) {
            wrong.push(format!("{name:<20} {told}"));
        }
        wrong.extend(problems.into_iter().map(|problem| format!("{name}: {problem}")));
    }
    wrong.sort();
    assert!(wrong.is_empty(), "not as expected:\n{}", wrong.join("\n"));
}

/// The line of a check in a diagnosis that was made over TLS.
fn seen(diagnosis: &Diagnosis, name: CheckName) -> &str {
    &diagnosis.checks.iter().find(|check| check.name == name).unwrap().seen
}

#[tokio::test]
async fn what_was_seen_is_told() {
    let Case { account, sandbox } = set_up("none_domain").await;
    let diagnosis = account.diagnose().await.unwrap();
    for (name, parts) in [
        (
            CheckName::Names,
            &["lyncdiscoverinternal.contoso.com is 127.0.0.1", "lyncdiscover.contoso.com is"][..],
        ),
        (CheckName::Proxy, &["lyncdiscover.contoso.com is asked "]),
        (CheckName::Tcp, &["answers in", "127.0.0.1:"]),
        (
            CheckName::Tls,
            &[
                "TLS 1.3",
                "TLS13_AES_",
                "the CA file",
                "issued by CN=send-im sandbox CA",
                "valid until 2100-01-01",
                "lyncdiscover.contoso.com",
            ],
        ),
        (CheckName::Discovery, &["GET https://lyncdiscoverinternal.contoso.com/ HTTP 200"]),
        (CheckName::Trust, &["discovery led to", "the password went to"]),
        (
            CheckName::Challenge,
            &["grants urn:microsoft.rtc:windows", "password", "OAuth", "client id 00000004"],
        ),
        (CheckName::SignIn, &["password grant", "/WebTicket/oauthtoken HTTP 200"]),
        (CheckName::Application, &["HTTP 201"]),
        (CheckName::EventChannel, &["events"]),
        (CheckName::Clock, &["the same"]),
        (CheckName::SignOut, &["closed"]),
    ] {
        let told = seen(&diagnosis, name);
        for part in parts {
            assert!(told.contains(part), "{part:?} is not in {name}: {told:?}");
        }
    }
    drop(sandbox);
}

#[tokio::test]
async fn what_is_amiss_is_told_once_and_by_its_cause() {
    for (name, check, seen, advice) in [
        (
            "token_502",
            CheckName::SignIn,
            "failed to issue a token: HTTP 502 (POST ",
            "gets no answer from behind it",
        ),
        ("token_502", CheckName::SignIn, "HTTP 502, 4 times)", "Look at its log"),
        ("discovery_drops", CheckName::Discovery, " broke (", "what closes the connection"),
        ("events_drop", CheckName::EventChannel, "/events without an answer)", "what closes the connection"),
        ("unknown_account", CheckName::Discovery, "/ HTTP 200", ""),
        ("unknown_account", CheckName::SignIn, "/root/oauth/user HTTP 404)", "Get-CsUser"),
        ("not_yet_valid", CheckName::Tls, "is not valid yet; certificate CN=", "Set this machine's clock"),
        ("not_yet_valid", CheckName::Tls, "valid from 20", "Set this machine's clock"),
        ("nobody_windows_only", CheckName::Challenge, "a password is not among them", "UseWsFedPassiveAuth"),
        ("clock_behind", CheckName::Clock, "is 60 min behind", "time server"),
        ("no_name", CheckName::Names, "lync.contoso.invalid has no address (", "correct the name"),
    ] {
        let Case { account, sandbox } = set_up(name).await;
        let diagnosis = account.diagnose().await.unwrap();
        let made = diagnosis.checks.iter().find(|made| made.name == check).unwrap();
        let told = made.advice.as_ref().map_or("", |advice| &advice.what);
        assert!(made.seen.contains(seen), "{name}: {made:?}");
        assert!(told.contains(advice), "{name}: {made:?}");
        let passed = |check: &&Check| check.outcome == CheckOutcome::Passed;
        assert!(
            !diagnosis.checks.iter().filter(passed).any(|check| check.seen.contains("HTTP 404")),
            "{name}"
        );
        drop(sandbox);
    }
}

#[tokio::test]
async fn servers_that_discovery_leads_to_are_looked_at_too() {
    let Case { account, sandbox } = set_up("none_two_pools").await;
    let diagnosis = account.diagnose().await.unwrap();
    for name in [CheckName::Names, CheckName::Tcp, CheckName::Tls] {
        assert_eq!(diagnosis.checks.iter().filter(|check| check.name == name).count(), 2, "{name}");
    }
    assert!(seen(&diagnosis, CheckName::Challenge).matches("grants").count() == 2, "each pool asks");
    drop(sandbox);
}

#[tokio::test]
async fn an_unusable_account_is_an_error_and_no_diagnosis() {
    let account = send_im::Account::with_password("tosh", PASSWORD);
    assert_eq!(account.diagnose().await.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_diagnosis_that_is_dropped_leaves_no_session() {
    let Case { account, sandbox } = set_up("none").await;
    let sandbox = Arc::new(sandbox);
    let diagnosis = tokio::spawn(async move { account.diagnose().await });
    until(|| sandbox.open_applications() == 1).await;
    diagnosis.abort();
    until(|| sandbox.open_applications() == 0).await;
}

#[tokio::test]
async fn nobody_can_be_diagnosed_and_sends_nothing() {
    let Case { account, sandbox } = set_up("nobody").await;
    let diagnosis = account.diagnose().await.unwrap();
    let sign_in = diagnosis.checks.iter().find(|check| check.name == CheckName::SignIn).unwrap();
    assert_eq!((sign_in.outcome, sign_in.seen.as_str()), (CheckOutcome::Skipped, "no account was given"));
    assert_eq!(token_requests(&sandbox), 0);
    let error = send_im::send_im(&account, "lenea@contoso.com", "hello").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CredentialUnavailable);
    assert!(sandbox.messages().is_empty());
}

#[test]
fn names_are_stable() {
    let names: Vec<_> = CheckName::ALL.iter().map(|name| name.as_str()).collect();
    assert_eq!(
        names.join(" "),
        "names proxy tcp tls discovery trust challenge sign_in application event_channel clock sign_out"
    );
    let outcomes: Vec<_> = CheckOutcome::ALL.iter().map(|name| name.as_str()).collect();
    assert_eq!(outcomes.join(" "), "passed warning failed skipped");
    let owners: Vec<_> = AdviceOwner::ALL.iter().map(|name| name.as_str()).collect();
    assert_eq!(owners.join(" "), "you network pool_administrator");
}
