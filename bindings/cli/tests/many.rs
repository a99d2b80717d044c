//! `send-im send` to several recipients: one session, a line for each, and the truth about each.
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::collections::BTreeMap;

use common::{Finished, TEXT, World, run, run_with_input};
use serde_json::{Value, json};

mod common;

const LENE: &str = "lenea@contoso.com";
const BUSY: &str = "busy@contoso.com";

/// The JSON lines by recipient; each stands there once.
fn lines(done: &Finished) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for line in done.stdout.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let to = line["to"].as_str().unwrap_or_else(|| panic!("no to: {done}")).to_owned();
        assert!(found.insert(to, line).is_none(), "{done}");
    }
    found
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines
}

/// How many sessions were opened.
fn sessions(world: &World) -> usize {
    let opened = |path: &str| path.split('?').next().unwrap().to_ascii_lowercase().ends_with("/applications");
    world.sandbox.journal().iter().filter(|e| e.method == "POST" && opened(&e.path)).count()
}

/// A file in the world's own folder.
fn file(world: &World, text: &str) -> String {
    let path = world.home.path().join("recipients.txt");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_line_for_each_in_one_session() {
    let world = World::new();
    let to = [LENE, BUSY, "forwards@contoso.com", LENE, "SIP:LeneA@Contoso.com"];
    let mut command = world.send(&[TEXT]);
    command.args(to.iter().flat_map(|to| ["--to", to]));
    let done = run(command);
    assert_eq!(done.code, Some(4), "{done}");
    let accepted = [
        "colleague@contoso.com accepted the message in place of forwards@contoso.com.",
        "lenea@contoso.com accepted the message.",
    ];
    assert_eq!(sorted(&done.stdout), accepted);
    assert_eq!(done.stderr, "busy@contoso.com: does not want to be disturbed.\n");
    assert_eq!((world.texts(), sessions(&world)), (vec![TEXT.to_owned(); 2], 1));
    world.expect_signed_out();
}

#[test]
fn json_is_a_line_for_each_with_to() {
    let world = World::new();
    let done = run(world.send(&["--json", "--to", LENE, "--to", BUSY, "--subject", "db7", TEXT]));
    assert_eq!((done.code, done.stderr.as_str()), (Some(4), ""), "{done}");
    let lines = lines(&done);
    assert_eq!(lines[LENE]["evidence"], "invitation_accepted");
    let busy = &lines[BUSY];
    assert_eq!(json!([busy["kind"], busy["sent"], busy["exit_code"]]), json!(["busy", "no", 4]));
    done.expect_no_secret();
}

#[test]
fn the_exit_code_is_the_largest() {
    let world = World::new();
    let lost = json!({"route": "start_messaging", "action": {"status": {"http": 500}}});
    world.sandbox.add_fault(serde_json::from_value(lost).unwrap());
    let done = run(world.send(&[
        "--json",
        "--timeout",
        "3s",
        "--to",
        LENE,
        "--to",
        BUSY,
        "--to",
        "declines@contoso.com",
        TEXT,
    ]));
    assert_eq!(done.code, Some(6), "{done}");
    let codes: Vec<_> = lines(&done).values().filter_map(|line| line["exit_code"].as_u64()).collect();
    assert!(codes.contains(&6) && codes.contains(&4), "{done}");
    let all = run(world.send(&["--to", LENE, "--to", "echo@contoso.com", TEXT]));
    assert_eq!((all.code, all.stderr.as_str()), (Some(0), ""), "{all}");
}

#[test]
fn a_file_and_standard_input_name_them_too() {
    let world = World::new();
    let text = "# on call\nlenea@contoso.com   # days\n\necho@contoso.com\r\nLENEA@contoso.com\n";
    let path = file(&world, text);
    let done = run(world.send(&["--json", "--to-file", &path, "--to", "tosh@contoso.com", TEXT]));
    assert_eq!(done.code, Some(0), "{done}");
    assert_eq!(lines(&done).into_keys().collect::<Vec<_>>(), ["echo@contoso.com", LENE, "tosh@contoso.com"]);
    let piped = run_with_input(world.send(&["--json", "--to-file", "-", TEXT]), text.as_bytes());
    assert_eq!(lines(&piped).into_keys().collect::<Vec<_>>(), ["echo@contoso.com", LENE]);
}

#[test]
fn one_of_a_file_is_told_as_several_are() {
    let world = World::new();
    let path = file(&world, "busy@contoso.com\nsip:busy@contoso.com\n");
    let done = run(world.send(&["--json", "--to-file", &path, TEXT]));
    assert_eq!((done.code, done.json()["to"].as_str()), (Some(4), Some(BUSY)), "{done}");
}

#[test]
fn what_is_not_usable_sends_nothing_to_anybody() {
    let world = World::new();
    let wrong = file(&world, "lenea@contoso.com\n\nlenea\n");
    let no_such = world.home.path().join("none").to_str().unwrap().to_owned();
    for (arguments, why) in [
        (vec!["--to-file", &wrong, TEXT], "Line 3 of the file of recipients: The recipient has no @"),
        (vec!["--to", LENE, "--to", "lenea", TEXT], "The recipient has no @"),
        (vec!["--to-file", &no_such, TEXT], "file of recipients"),
        (vec!["--to-file", "-", "-"], "Standard input is wanted twice"),
        (vec!["--to-file", "-", "--password-stdin", TEXT], "Standard input is wanted twice"),
        (vec!["--to-file", "-", TEXT], "has no recipients"),
        (vec![TEXT], "--to <ADDRESS> is missing."),
    ] {
        let done = run(world.send(&arguments));
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{arguments:?}: {done}");
        assert!(done.stderr.contains(why), "{done}");
        done.expect_no_secret();
    }
    assert!(world.sandbox.journal().is_empty());
}

#[test]
fn a_refused_sign_in_is_said_once_and_in_json_for_each() {
    let world = World::new();
    let refused = |more: &[&str]| {
        let mut command = world.send(&["--to", LENE, "--to", BUSY, TEXT]);
        command.args(more).env("SEND_IM_PASSWORD", "wrong");
        run(command)
    };
    let plain = refused(&[]);
    assert_eq!((plain.code, plain.stderr.lines().count()), (Some(3), 1), "{plain}");
    let json = refused(&["--json"]);
    assert_eq!((json.code, lines(&json).len()), (Some(3), 2), "{json}");
    assert!(lines(&json).values().all(|line| line["sent"] == "no"), "{json}");
}

#[cfg(unix)]
mod at_a_terminal {
    use std::fs::File;
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};

    use common::{finish, signal};
    use nix::pty::{Winsize, openpty};

    use super::*;

    #[test]
    fn a_signal_tells_of_each_whether_it_may_have_arrived() {
        let world = World::new();
        let mut command = world.send(&["--json", "--to", LENE, "--to", "silent@contoso.com", TEXT]);
        let mut process = command.spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut stdout = String::new();
        output.read_line(&mut stdout).unwrap();
        assert!(stdout.contains(LENE), "{stdout}");
        world.wait_until("two invitations", || {
            let invited = |path: &str| path.to_ascii_lowercase().contains("/messaginginvitations");
            let all = world.sandbox.journal();
            all.iter().filter(|e| e.method == "POST" && invited(&e.path)).count() == 2
        });
        signal(&process, "INT");
        output.read_to_string(&mut stdout).unwrap();
        let done = Finished { stdout, ..finish(process) };
        assert_eq!((done.code, done.stderr.as_str()), (Some(130), ""), "{done}");
        let lines = lines(&done);
        assert_eq!((lines.len(), &lines[LENE]["evidence"]), (2, &json!("invitation_accepted")));
        let silent = &lines["silent@contoso.com"];
        assert_eq!(json!([silent["kind"], silent["sent"]]), json!(["cancelled", "maybe"]), "{done}");
        assert_eq!(world.sandbox.open_applications(), 0);
    }

    #[test]
    fn a_signal_tells_of_those_whose_turn_has_not_come_that_nothing_was_sent() {
        let world = World::new();
        let to: Vec<String> = (0..40).map(|n| format!("silent@d{n}.contoso.com")).collect();
        let path = file(&world, &to.join("\n"));
        let process = world.send(&["--json", "--to-file", &path, TEXT]).spawn().unwrap();
        let invited = || {
            let invites = |path: &str| path.to_ascii_lowercase().contains("/messaginginvitations");
            let all = world.sandbox.journal();
            all.iter().filter(|e| e.method == "POST" && invites(&e.path) && e.status == Some(201)).count()
        };
        world.wait_until("as many invitations as may ring at once", || invited() == 32);
        signal(&process, "TERM");
        let done = finish(process);
        assert_eq!((done.code, done.stderr.as_str()), (Some(130), ""), "{done}");
        let lines = lines(&done);
        let count = |sent: &str| lines.values().filter(|line| line["sent"] == sent).count();
        assert_eq!((lines.len(), count("maybe"), count("no")), (40, 32, 8), "{done}");
        assert_eq!((invited(), world.sandbox.open_applications()), (32, 0));
    }

    /// What a command shows on the terminal that is its standard error, and what it prints.
    fn shown(mut command: Command) -> (String, Finished) {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(Some(&size), None).unwrap();
        let process = command.env("TERM", "xterm").stderr(Stdio::from(terminal.slave)).spawn().unwrap();
        // It has the other end too until then.
        drop(command);
        let mut shown = Vec::new();
        // Linux ends it with an error once nobody has the other end open.
        let _ = File::from(terminal.master).read_to_end(&mut shown);
        (String::from_utf8(shown).unwrap(), finish(process))
    }

    #[test]
    fn a_bar_shows_how_far_it_is_and_goes_away() {
        let world = World::new();
        let (told, done) = shown(world.send(&["--to", LENE, "--to", BUSY, TEXT]));
        assert_eq!((done.code, done.stdout.lines().count()), (Some(4), 1), "{told}: {done}");
        assert!(told.contains("0/2") && told.contains("1/2"), "{told}");
        assert!(told.contains("busy@contoso.com: does not want to be disturbed."), "{told}");
        let end = told.rsplit("/2").next().unwrap();
        assert!(end.contains("\u{1b}[2K"), "its line is wiped: {told:?}");
        let (alone, _) = shown(world.send(&["--to", LENE, TEXT]));
        assert_eq!(alone, "", "one recipient has no bar");
        let (steps, _) = shown(world.send(&["--verbose", "--to", LENE, "--to", BUSY, TEXT]));
        assert!(steps.contains("invite") && !steps.contains("1/2"), "{steps}");
    }
}
