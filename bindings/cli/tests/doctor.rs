//! `send-im doctor`: what it prints, its exit codes, and that it sends nothing.
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use common::{Finished, PASSWORD, World, clean, run};
use send_im_sandbox::{Action, ChallengeStyle, Fault, Route};
use serde_json::{Value, json};

mod common;

/// `send-im doctor` with the account of this sandbox.
fn doctor(world: &World, arguments: &[&str]) -> Finished {
    let mut command = clean(world.home.path());
    command
        .env("SEND_IM_SERVER", world.sandbox.url())
        .env("SEND_IM_ADDRESS", "tosh@contoso.com")
        .env("SEND_IM_PASSWORD", PASSWORD)
        .arg("doctor")
        .args(arguments);
    if let Some(file) = world.sandbox.ca_file() {
        command.env("SEND_IM_CA_FILE", file);
    }
    let done = run(command);
    done.expect_no_secret();
    assert!(world.sandbox.messages().is_empty(), "{done}");
    done
}

#[test]
fn a_line_a_check_and_a_closing_sentence() {
    let world = World::with(|builder| builder.https(true));
    let done = doctor(&world, &[]);
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{done}");
    let names: Vec<_> = done.stdout.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    let expected = "names proxy tcp tls discovery trust challenge sign_in application event_channel clock sign_out check";
    assert_eq!(names.join(" "), expected, "{done}");
    assert!(
        done.stdout
            .lines()
            .all(|line| line.starts_with("passed ") || line == "No check failed. Nothing was sent."),
        "{done}"
    );
    // A pipe gets no signs of a terminal.
    assert!(!done.stdout.contains(['\u{1b}', '✓']), "{done}");
    world.expect_signed_out();
}

#[test]
fn a_failure_is_told_with_who_can_do_what() {
    let world = World::with(|builder| builder.challenge(ChallengeStyle::WindowsOnly));
    let done = doctor(&world, &[]);
    assert_eq!(done.code, Some(3), "{done}");
    let mut lines = done.stdout.lines().skip_while(|line| !line.starts_with("failed "));
    let (failed, advice) = (lines.next().unwrap(), lines.next().unwrap());
    assert!(failed.contains("challenge") && failed.contains("urn:microsoft.rtc:windows"), "{done}");
    assert!(
        advice.starts_with("    The pool's administrator: ")
            && advice.contains("Set-CsWebServiceConfiguration"),
        "{done}"
    );
    assert!(
        done.stdout.ends_with(
            "A message cannot be sent: challenge failed. A send ends with the error sign_in_unsupported.\n"
        ),
        "{done}"
    );
}

#[test]
fn json_is_one_object_and_the_exit_code_that_of_the_first_failure() {
    let world = World::with(|builder| builder.user("tosh@contoso.com", "another"));
    let done = doctor(&world, &["--json"]);
    assert_eq!(done.code, Some(3), "{done}");
    let told = done.json();
    let checks = told["checks"].as_array().unwrap();
    let failed: Vec<_> = checks.iter().filter(|check| check["outcome"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{done}");
    assert_eq!(
        (&failed[0]["name"], &failed[0]["kind"], &failed[0]["advice"]["who"]),
        (&"sign_in".into(), &"sign_in_refused".into(), &"you".into())
    );
    assert!(
        checks.iter().all(|check| check["elapsed_ms"].is_number() && check["seen"].is_string()),
        "{done}"
    );
    let verdict = ["outcome", "kind", "exit_code", "who"].map(|name| &told[name]);
    assert_eq!(verdict, [&json!("failed"), &json!("sign_in_refused"), &json!(3), &json!("you")], "{done}");
    let tried = world
        .sandbox
        .journal()
        .into_iter()
        .filter(|one| one.path.to_lowercase().contains("oauthtoken"))
        .count();
    assert_eq!(tried, 1, "a refused password is tried once");
}

#[test]
fn warnings_do_not_change_the_exit_code() {
    let world = World::with(|builder| builder.clock_ahead(3600));
    let done = doctor(&world, &[]);
    assert_eq!(done.code, Some(0), "{done}");
    assert!(
        done.stdout.contains("warning  clock") && done.stdout.contains(" is 60 min ahead of this machine's"),
        "{done}"
    );
    assert!(done.stdout.ends_with("No check failed. Nothing was sent. One check has a warning.\n"), "{done}");
    let told = doctor(&world, &["--json"]).json();
    let verdict = ["outcome", "kind", "exit_code", "who"].map(|name| &told[name]);
    assert_eq!(verdict, [&json!("warning"), &Value::Null, &json!(0), &json!("you")]);
}

#[test]
fn a_line_says_each_thing_once() {
    let world = World::with(|builder| builder.https(true));
    let line = |done: &Finished, name: &str| {
        let is_it = |line: &&str| line.split_whitespace().nth(1) == Some(name);
        done.stdout.lines().find(is_it).unwrap_or_else(|| panic!("no {name}: {done}")).to_owned()
    };
    let done = doctor(&world, &[]);
    let passed = line(&done, "tls");
    assert!(passed.contains(" for localhost, 127.0.0.1, ::1, valid until"), "{passed}");
    assert!(line(&done, "proxy").contains("is this machine, which is asked without a proxy"), "{done}");

    let mut command = clean(world.home.path());
    command
        .args(["doctor", "--address", "tosh@contoso.com", "--server", world.sandbox.url()])
        .env("SEND_IM_PASSWORD", PASSWORD);
    let done = run(command);
    let failed = line(&done, "tls");
    let host = world.sandbox.url().trim_start_matches("https://").trim_end_matches('/');
    assert_eq!(failed.matches(host).count(), 1, "{failed}");
    assert!(
        failed.contains("signed by an authority this machine does not know; certificate CN="),
        "{failed}"
    );
    assert_eq!(done.stdout.matches("SEND_IM_CA_FILE").count(), 1, "{done}");
}

#[test]
fn a_domain_is_looked_at_without_an_account() {
    let world = World::new();
    let mut command = clean(world.home.path());
    command.args(["doctor", "--domain", "contoso.com", "--server", world.sandbox.url()]);
    let done = run(command);
    assert_eq!(done.code, Some(0), "{done}");
    assert!(done.stdout.contains("skipped  sign_in       no account was given"), "{done}");
    assert!(done.stdout.ends_with("The server answers and asks for a sign-in.\n"), "{done}");
    let asked = world.sandbox.journal();
    assert!(asked.iter().all(|one| one.method == "GET"), "{asked:?}");

    // The variable is about the server of the account, and there is none.
    let mut elsewhere = clean(world.home.path());
    elsewhere.args(["doctor", "--domain", "contoso.invalid"]).env("SEND_IM_SERVER", world.sandbox.url());
    let done = run(elsewhere);
    assert!(
        done.code == Some(5) && done.stdout.contains("lyncdiscover.contoso.invalid has no address"),
        "{done}"
    );
    assert!(done.stdout.contains("network: If the names are right, add DNS records"), "{done}");
    let mut named = clean(world.home.path());
    named.args(["doctor", "--domain", "contoso.com", "--server", "https://pool.contoso.invalid:4443/"]);
    let done = run(named);
    assert!(done.code == Some(5) && done.stdout.contains(" pool.contoso.invalid has no address"), "{done}");
    assert!(done.stdout.contains("network: Add a DNS record for this name, or correct the name"), "{done}");

    let mut both = clean(world.home.path());
    both.args(["doctor", "--domain", "contoso.com", "--address", "tosh@contoso.com"]);
    assert_eq!(run(both).code, Some(2));
    let mut none = clean(world.home.path());
    none.args(["doctor", "--domain", "no domain"]);
    assert_eq!(run(none).code, Some(2));
}

#[test]
fn the_sandbox_in_the_process_can_be_looked_at() {
    let world = World::new();
    for arguments in [
        &["doctor", "--server", "sandbox"][..],
        &["doctor", "--server", "sandbox", "--domain", "contoso.com"],
    ] {
        let mut command = clean(world.home.path());
        command.args(arguments);
        let done = run(command);
        assert_eq!(done.code, Some(0), "{done}");
    }
}

#[test]
fn without_an_account_it_says_so() {
    let world = World::new();
    let mut command = clean(world.home.path());
    command.arg("doctor");
    let done = run(command);
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done}");
    assert!(done.stderr.contains("There is no account to send from"), "{done}");
}

#[test]
fn a_gateway_in_front_of_the_pool_is_told_from_the_pool() {
    let world = World::new();
    let gateway = Action::GatewayError { http: 502, body: Default::default(), processed: false };
    world.sandbox.add_fault(Fault::on(Route::Discovery, gateway).times(0));
    let done = doctor(&world, &["--timeout", "20s"]);
    assert_eq!(done.code, Some(5), "{done}");
    assert!(
        done.stdout.contains(
            "    Whoever runs the network: A proxy, a gateway or the reverse proxy of the pool gets no answer"
        ),
        "{done}"
    );
}

#[test]
fn a_broken_event_channel_is_not_told_as_a_message_that_cannot_be_sent() {
    let world = World::new();
    let gateway = Action::GatewayError { http: 502, body: Default::default(), processed: false };
    world.sandbox.add_fault(Fault::on(Route::Events, gateway).times(0));
    let done = doctor(&world, &[]);
    assert!(done.stdout.contains("failed   event_channel"), "{done}");
    let closing = done.stdout.lines().last().unwrap();
    assert!(closing.starts_with("A message may arrive, but what became of it may stay unknown"), "{done}");
}
