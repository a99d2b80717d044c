//! `send-im send`: what it takes, what it prints, and its exit codes.
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use common::{PASSWORD, TEXT, World, run, run_with_input};
use serde_json::{Value, json};

mod common;

#[test]
fn says_who_accepted() {
    let world = World::new();
    let long = "x".repeat(900);
    for (arguments, sentence) in [
        (["--to", "lenea@contoso.com", TEXT], "lenea@contoso.com accepted the message.\n"),
        (["--to", "sip:lenea@contoso.com", TEXT], "lenea@contoso.com accepted the message.\n"),
        (
            ["--to", "forwards@contoso.com", TEXT],
            "colleague@contoso.com accepted the message in place of forwards@contoso.com.\n",
        ),
        (
            ["--to", "lenea@contoso.com", &long],
            "lenea@contoso.com received the message; the server confirmed it.\n",
        ),
    ] {
        let done = run(world.send(&arguments));
        assert_eq!((done.code, done.stdout.as_str(), done.stderr.as_str()), (Some(0), sentence, ""));
    }
}

#[test]
fn tls_is_one_of_two_words() {
    let world = World::new();
    let with = |option: Option<&str>, variable: Option<&str>| {
        let mut command = world.send(&["--to", "lenea@contoso.com", TEXT]);
        command.args(option.map(|tls| format!("--tls={tls}")));
        variable.map(|tls| command.env("SEND_IM_TLS", tls));
        run(command)
    };
    assert_eq!(with(Some("compatible"), None).code, Some(0));
    assert_eq!(with(Some("old"), None).code, Some(2));
    let unusable = with(None, Some("old"));
    assert_eq!(unusable.code, Some(2), "{unusable}");
    assert!(unusable.stderr.contains("SEND_IM_TLS"), "{unusable}");
    assert_eq!(with(Some("current"), Some("old")).code, Some(0), "an option goes before its variable");
}

#[test]
fn does_not_claim_more_than_it_knows() {
    let world = World::new();
    let done = run(world.send(&["--to", "lenea@contoso.com", "--wait", "submitted", TEXT]));
    assert_eq!(done.code, Some(0), "{done}");
    assert_eq!(
        done.stdout,
        "The server took the message for lenea@contoso.com; whether it is accepted was not waited for.\n"
    );
    assert_eq!(world.texts(), [TEXT]);
}

#[test]
fn a_submitted_message_is_not_withdrawn_by_the_end_of_the_command() {
    let world = World::new();
    let done = run(world.send(&["--to", "slow@contoso.com", "--wait", "submitted", "--json", TEXT]));
    assert_eq!(done.json()["evidence"], "submitted");
    assert_eq!(world.texts(), [TEXT], "{done}");
    world.expect_signed_out();
}

#[test]
fn exit_codes_tell_the_kind_of_failure() {
    let world = World::with(|builder| builder.ring(std::time::Duration::from_millis(300)));
    for (to, code) in [
        ("lenea", 0),
        ("echo", 0),
        ("declines", 4),
        ("silent", 4),
        ("busy", 4),
        ("offline", 4),
        ("unknown", 4),
        ("drops", 4),
    ] {
        let done = run(world.send(&["--to", &format!("{to}@contoso.com"), TEXT]));
        assert_eq!(done.code, Some(code), "{to}: {done}");
        assert_eq!(done.stdout.is_empty(), code != 0, "{to}: {done}");
        assert_eq!(done.stderr.is_empty(), code == 0, "{to}: {done}");
        done.expect_no_secret();
    }
    let mut refused = world.send(&["--to", "lenea@contoso.com", TEXT]);
    refused.env("SEND_IM_PASSWORD", "wrong");
    assert_eq!(run(refused).code, Some(3));
    assert_eq!(run(world.send(&["--to", "lenea", TEXT])).code, Some(2));
    assert_eq!(
        run(world.send(&[
            "--to",
            "lenea@contoso.com",
            "--server",
            "http://127.0.0.1:1/",
            "--timeout",
            "2s",
            TEXT
        ]))
        .code,
        Some(5)
    );
    world.expect_signed_out();
}

#[test]
fn json_is_the_receipt() {
    let world = World::new();
    let done = run(world.send(&[
        "--json",
        "--to",
        "lenea@contoso.com",
        "--subject",
        "db7",
        "--importance",
        "urgent",
        TEXT,
    ]));
    let receipt = done.json();
    assert_eq!(done.code, Some(0), "{done}");
    assert_eq!(names(&receipt), ["accepted_by", "evidence", "format", "steps", "thread_id", "to"]);
    assert_eq!(receipt["accepted_by"], "lenea@contoso.com");
    assert_eq!(receipt["evidence"], "invitation_accepted");
    assert_eq!(names(&receipt["steps"][0]), ["elapsed_ms", "host", "status", "step"]);
    assert_eq!(receipt["steps"][0]["step"], "discover");
    done.expect_no_secret();
    let delivered = &world.sandbox.messages()[0];
    assert_eq!((delivered.subject.as_deref(), delivered.importance.as_str()), (Some("db7"), "Urgent"));
}

#[test]
fn json_is_the_error() {
    let world = World::new();
    let done = run(world.send(&["--json", "--to", "busy@contoso.com", TEXT]));
    let error = done.json();
    assert_eq!((done.code, done.stderr.as_str()), (Some(4), ""));
    assert_eq!(
        names(&error),
        [
            "code",
            "detail",
            "diagnostics",
            "exit_code",
            "hops",
            "http_status",
            "kind",
            "retry_after",
            "sent",
            "step",
            "subcode"
        ]
    );
    assert_eq!(json!([error["kind"], error["sent"]]), json!(["busy", "no"]));
    done.expect_no_secret();
}

fn names(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

#[test]
fn verbose_shows_every_step_and_no_secret() {
    let world = World::new();
    let done = run(world.send(&["--verbose", "--to", "lenea@contoso.com", TEXT]));
    assert_eq!(done.stdout, "lenea@contoso.com accepted the message.\n");
    let host = world.sandbox.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut steps = Vec::new();
    for line in done.stderr.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [step, at, status, milliseconds, "ms"] = words[..] else { panic!("not a step: {line}") };
        assert_eq!(at, host);
        assert!((200..500).contains(&status.parse::<u16>().unwrap()), "{line}");
        milliseconds.parse::<u64>().unwrap();
        if steps.last() != Some(&step) {
            steps.push(step);
        }
    }
    for step in ["discover", "sign_in", "open_session", "invite", "sign_out"] {
        assert!(steps.contains(&step), "{step} is missing in {steps:?}");
    }
    done.expect_no_secret();
}

#[test]
fn takes_the_text_from_standard_input() {
    let world = World::new();
    let read = |input: &[u8]| run_with_input(world.send(&["--to", "lenea@contoso.com", "-"]), input);
    assert_eq!(read("two\nlines 😀\n\n".as_bytes()).code, Some(0));
    assert_eq!(world.texts(), ["two\nlines 😀\n"]);
    let requests = world.sandbox.journal().len();
    for (input, reason) in [
        (vec![b'x'; 1024 * 1024 + 1], "1 MiB"),
        (b"gr\xfcn".to_vec(), "UTF-8"),
        (Vec::new(), "empty"),
        (b"a\0b".to_vec(), "control"),
    ] {
        let done = read(&input);
        assert_eq!(done.code, Some(2), "{done}");
        assert!(done.stderr.contains(reason), "{done}");
    }
    assert_eq!(world.sandbox.journal().len(), requests, "refused before any request");
}

#[test]
fn takes_the_password_from_standard_input() {
    let world = World::new();
    let with = |password: &[u8], text: &str| {
        let url = world.sandbox.url();
        let arguments = [
            "--address",
            "tosh@contoso.com",
            "--password-stdin",
            "--server",
            url,
            "--to",
            "lenea@contoso.com",
            text,
        ];
        run_with_input(world.bare(&arguments), password)
    };
    assert_eq!(with(b"right\n", TEXT).code, Some(0));
    assert_eq!(with(b"wrong\r\n", TEXT).code, Some(3), "the line break is no part of the password");
    let requests = world.sandbox.journal().len();
    assert!(with(b"\n", TEXT).stderr.contains("no password"));
    let both = with(b"right\n", "-");
    assert_eq!(both.code, Some(2), "{both}");
    assert!(both.stderr.contains("--password-stdin") && both.stderr.contains("standard input"), "{both}");
    assert_eq!(world.sandbox.journal().len(), requests, "refused before any request");
}

#[test]
fn takes_the_account_from_options_before_the_environment() {
    let world = World::new();
    let mut command = world.send(&["--address", "sarad@contoso.com", "--to", "lenea@contoso.com", TEXT]);
    command.env("SEND_IM_USERNAME", "CONTOSO\\sarad");
    assert_eq!(run(command).code, Some(0));
    assert_eq!(world.sandbox.messages()[0].from, "sarad@contoso.com");
}

#[cfg(unix)]
#[test]
fn takes_the_account_from_a_private_profile() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new();
    let folder = world.home.path().join("config/send-im");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("config.toml");
    let profile = format!(
        "address = 'profile@contoso.com'\npassword = '{PASSWORD}'\nserver = '{}'\n",
        world.sandbox.url()
    );
    std::fs::write(&file, profile).unwrap();
    let with_mode = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        run(world.bare(&["--to", "lenea@contoso.com", TEXT]))
    };
    let readable = with_mode(0o644);
    assert_eq!(readable.code, Some(2), "{readable}");
    assert!(readable.stderr.contains("chmod 600"), "{readable}");
    readable.expect_no_secret();
    assert_eq!(with_mode(0o600).code, Some(0));
    assert_eq!(world.sandbox.messages()[0].from, "profile@contoso.com");

    std::fs::write(&file, format!("address = 'profile@contoso.com'\npasword = '{PASSWORD}'\n")).unwrap();
    let unknown = with_mode(0o600);
    assert_eq!(unknown.code, Some(2), "{unknown}");
    assert_eq!(
        unknown.stderr,
        format!(
            "The profile {} has an unknown key `pasword` at line 2; it holds address, password and optionally username, server, ca_file, tls.\n",
            file.display()
        )
    );
}

#[test]
fn says_what_is_wrong_with_the_server_and_the_user_name() {
    let world = World::new();
    let example = "give for example https://lyncdiscover.contoso.com/";
    for (option, value, words) in [
        ("--server", "lync.contoso.com", ["does not begin with https://", example]),
        ("--server", "lync.contoso.com:8443", ["does not begin with https://", example]),
        ("--server", "ftp://lync.contoso.com", ["does not begin with https://", example]),
        ("--server", "https://", ["no host name", example]),
        ("--server", "https://lync.contoso.com:port/", ["a port that is no number", example]),
        ("--server", "https://lync contoso.com/", ["a blank", example]),
        ("--username", "CONTOSO\tosh", ["a TAB", "a backslash in quotes may have been read as an escape"]),
    ] {
        let done = run(world.send(&[option, value, "--to", "lenea@contoso.com", TEXT]));
        assert_eq!(
            (done.code, done.stdout.as_str(), done.stderr.lines().count()),
            (Some(2), "", 1),
            "{done}"
        );
        assert!(words.iter().all(|word| done.stderr.contains(word)) && !done.stderr.contains('{'), "{done}");
    }
    assert!(world.sandbox.journal().is_empty());
}

#[test]
fn says_what_is_missing() {
    let world = World::new();
    let address = ["--address", "tosh@contoso.com", "--to", "lenea@contoso.com", TEXT];
    for (arguments, word) in [
        (&["--to", "lenea@contoso.com", TEXT][..], "SEND_IM_ADDRESS"),
        (&address, "SEND_IM_PASSWORD"),
        (&["--to", "lenea@contoso.com"], "text"),
        (&["--to", "lenea@contoso.com", ""], "empty"),
        (&["--to", "lenea@contoso.com", TEXT, "more"], "quotes"),
        (&[TEXT], "--to"),
        (&["--to", "lenea@contoso.com", "--password", PASSWORD, TEXT], "--password"),
        (&["--to", "lenea@contoso.com", "--timeout", "soon", TEXT], "60s"),
        (&["--to", "lenea@contoso.com", "--timeout", "25h", TEXT], "24h"),
        (&["--to", "lenea@contoso.com", "--timeout", "0", TEXT], "zero"),
        (&["--to", "lenea@contoso.com", "--importance", "huge", TEXT], "emergency"),
        (&["--to", "lenea@contoso.com", &format!("--{TEXT}")], "dash"),
    ] {
        let done = run(world.bare(arguments));
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done}");
        assert!(done.stderr.contains(word), "{word} is not in {done}");
        done.expect_no_secret();
        let mut with_json = vec!["--json"];
        with_json.extend(arguments);
        let done = run(world.bare(&with_json));
        assert_eq!((done.code, done.stderr.as_str()), (Some(2), ""), "{done}");
        assert_eq!(done.json()["kind"], "invalid_input");
        done.expect_no_secret();
    }
    assert!(world.sandbox.journal().is_empty());
}

#[test]
fn needs_nothing_to_try_it() {
    let world = World::new();
    let done = run(world.bare(&["--server", "sandbox", "--to", "lenea@contoso.com", TEXT]));
    assert_eq!(
        (done.code, done.stdout.as_str()),
        (Some(0), "lenea@contoso.com accepted the message.\n"),
        "{done}"
    );
    let mut command = world.bare(&["--to", "declines@contoso.com", TEXT]);
    command.env("SEND_IM_SERVER", "sandbox");
    assert_eq!(run(command).code, Some(4));
    assert!(world.sandbox.journal().is_empty(), "the other sandbox was not asked");
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let world = World::new();
    for arguments in
        [&["--to", "lenea@contoso.com", TEXT][..], &["--json", "--to", "busy@contoso.com", TEXT], &["--help"]]
    {
        let mut command = world.send(arguments);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let done = run({
            command.stdout(writer);
            command
        });
        let expected = if arguments[0] == "--json" { 4 } else { 0 };
        assert_eq!((done.code, done.stderr.as_str()), (Some(expected), ""), "{done}");
    }
}

#[test]
fn the_receipt_is_printed_before_the_sign_out() {
    let world = World::new();
    let slow = json!({"route": "delete_application", "action": {"delay": {"ms": 1000}}});
    world.sandbox.add_fault(serde_json::from_value(slow).unwrap());
    let mut process =
        world.send(&["--to", "lenea@contoso.com", TEXT]).stderr(Stdio::inherit()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "lenea@contoso.com accepted the message.\n");
    assert_eq!(
        world.sandbox.open_applications(),
        1,
        "the session is still open when the receipt can be read"
    );
    assert_eq!(process.wait().unwrap().code(), Some(0));
    world.expect_signed_out();
}

#[test]
fn help_names_codes_and_variables() {
    let world = World::new();
    let help = run(world.bare(&["--help"]));
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for word in ["SEND_IM_PASSWORD", "config.toml", "Exit codes", "130", "--password-stdin", "--wait"] {
        assert!(help.stdout.contains(word), "{word} is not in the help:\n{}", help.stdout);
    }
    assert!(help.stdout.lines().all(|line| line.chars().count() <= 130), "{}", help.stdout);
}
