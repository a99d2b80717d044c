//! The table, and what it is made of: who is taken to have answered.

use super::*;

/// The bodies with which the same status can come, and who is taken to have sent them.
fn bodies(status: u16) -> Vec<(&'static str, bool, String, Speaker)> {
    let ucwa =
        |subcode: &str| format!(r#"{{"code":"{}","subcode":"{subcode}","message":"x"}}"#, code(status));
    vec![
        ("pool", false, ucwa("None"), Speaker::Pool),
        (
            "pool, without a subcode",
            false,
            format!(r#"{{"code":"{}","debugInfo":{{}}}}"#, code(status)),
            Speaker::Pool,
        ),
        ("pool, by its header", true, String::new(), Speaker::Pool),
        ("page of the pool", true, "<html>x</html>".into(), Speaker::PoolPage),
        (
            "gateway: code",
            false,
            r#"{"code":"UNAVAILABLE","message":"upstream connect error"}"#.into(),
            Speaker::Other,
        ),
        (
            "gateway: code in words of UCWA",
            false,
            format!(r#"{{"code":"{}","message":"x"}}"#, code(status)),
            Speaker::Other,
        ),
        (
            "gateway: code and subcode of its own",
            false,
            r#"{"code":"UPSTREAM","subcode":"RESET"}"#.into(),
            Speaker::Other,
        ),
        ("gateway: number", false, format!(r#"{{"code":{status},"subcode":"None"}}"#), Speaker::Other),
        (
            "gateway: problem+json",
            false,
            format!(r#"{{"type":"about:blank","title":"x","status":{status}}}"#),
            Speaker::Other,
        ),
        (
            "gateway: nested",
            false,
            r#"{"error":{"code":"ServiceUnavailable","subcode":"None"}}"#.into(),
            Speaker::Other,
        ),
        (
            "gateway: XML",
            false,
            "<?xml version=\"1.0\"?><error><code>NotFound</code></error>".into(),
            Speaker::Other,
        ),
        ("gateway: page", false, "<!DOCTYPE html><html>x</html>".into(), Speaker::Page),
        ("gateway: text", false, "upstream request timeout".into(), Speaker::Other),
        ("gateway: empty", false, String::new(), Speaker::Other),
    ]
}

fn code(status: u16) -> &'static str {
    match status {
        400 => "BadRequest",
        403 => "Forbidden",
        404 => "NotFound",
        408 => "ClientTimeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "EntityTooLarge",
        429 => "TooManyRequests",
        503 => "ServiceUnavailable",
        504 => "Timeout",
        _ => "ServiceFailure",
    }
}

/// Each request, with its column in the table.
const REQUESTS: [(Request, &str); 10] = [
    (Request::Root, "root"),
    (Request::User, "user"),
    (Request::Token, "token"),
    (Request::CreateApplication, "create"),
    (Request::DeleteApplication, "delete"),
    (Request::Events, "events"),
    (Request::Resource, "resource"),
    (Request::Invitation, "invitation"),
    (Request::Withdrawal, "withdrawal"),
    (Request::Message, "message"),
];

/// Statuses that mean the same, and the subcodes with which they mean something else.
const STATUSES: [(&[u16], &[&str]); 15] = [
    (&[200], &[]),
    (&[201], &[]),
    (&[204], &[]),
    (&[300, 302, 307], &[]),
    (&[400, 403, 405], &[]),
    (&[401], &[]),
    (&[404], &["ApplicationNotFound", "DestinationNotFound"]),
    (&[407, 421, 425, 499], &[]),
    (&[408], &[]),
    (&[409], &["AnotherOperationPending", "TooManyConversations", "PGetReplaced"]),
    (&[410], &["TooManyApplications"]),
    (&[412, 413, 415, 428], &[]),
    (&[429], &[]),
    (&[500, 502, 504], &[]),
    (&[503], &[]),
];

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Retry(Pause::AsAsked) => "as asked",
        Verdict::Retry(Pause::BackOff) => "back off",
        Verdict::Refused => "refused",
        Verdict::Over => "over",
        Verdict::Gone { certain: true } => "gone",
        Verdict::Gone { certain: false } => "gone?",
        Verdict::Replaced { certain: true } => "replaced",
        Verdict::Replaced { certain: false } => "replaced?",
        Verdict::SignIn => "sign in",
        Verdict::Unknown => "unknown",
    }
}

fn row(speaker: Speaker, statuses: &[u16], subcode: &str) -> String {
    let verdicts = |status: u16| {
        // A page and what a gateway says hold no reason of UCWA, nor does an answer that is no error.
        let reason = match speaker {
            Speaker::Pool if status >= 400 => Reason::new(code(status), subcode),
            _ => Reason::default(),
        };
        REQUESTS.map(|(request, _)| word(verdict(request, status, speaker, &reason)))
    };
    let of_first = verdicts(statuses[0]);
    for status in statuses {
        assert_eq!(verdicts(*status), of_first, "{status} by {speaker:?} is not as {}", statuses[0]);
    }
    let names: Vec<_> = statuses.iter().map(u16::to_string).collect();
    line(&format!("{} {subcode}", names.join(" ")), &of_first)
}

fn line(head: &str, cells: &[&str]) -> String {
    let cells: String = cells.iter().map(|cell| format!("{cell:<12}")).collect();
    format!("{head:<28}{}\n", cells.trim_end())
}

/// Nothing writes `table.txt`.
#[test]
fn the_table_is_as_written_down() {
    let mut table = String::new();
    for (speaker, who) in [
        (Speaker::Pool, "[the pool]"),
        (Speaker::PoolPage, "[a page of the pool]"),
        (Speaker::Page, "[a page of anybody]"),
        (Speaker::Other, "[anybody else]"),
    ] {
        table.push_str(&format!("\n{}", line(who, &REQUESTS.map(|(_, name)| name))));
        for (statuses, subcodes) in STATUSES {
            table.push_str(&row(speaker, statuses, ""));
            for subcode in subcodes.iter().filter(|_| speaker == Speaker::Pool) {
                table.push_str(&row(speaker, statuses, subcode));
            }
        }
    }
    // Shown also where the harness keeps the output of tests that pass.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), table.as_bytes());
    let written = include_str!("table.txt").split_inclusive('\n').filter(|line| !line.starts_with('#'));
    let written: String = written.collect();
    for (found, expected) in table.lines().zip(written.lines()) {
        assert_eq!(found, expected);
    }
    assert_eq!(table.lines().count(), written.lines().count());
}

#[test]
fn only_what_a_pool_alone_can_have_said_proves_that_nothing_was_processed() {
    for request in [Request::Invitation, Request::Message] {
        for status in
            STATUSES.iter().flat_map(|(statuses, _)| *statuses).copied().filter(|status| *status >= 300)
        {
            for (name, header, body, speaker) in bodies(status) {
                // A page of XML is no page to the decoder where it does not begin like one.
                let found = Speaker::of(header, body.as_bytes());
                assert_eq!(found.is_pool(), speaker.is_pool(), "{status} {name}: {found:?}");
                let verdict = verdict(request, status, found, &Reason::from_body(body.as_bytes()));
                assert!(
                    found.is_pool() || verdict == Verdict::Unknown,
                    "{request:?} {status} {name}: {verdict:?}"
                );
            }
        }
    }
}

#[test]
fn an_answer_that_was_taken_is_no_page() {
    for (header, body, verdict_of) in [
        (false, "", Verdict::Done),
        (true, "", Verdict::Done),
        (false, "{}", Verdict::Done),
        (false, "<html>Please sign in</html>", Verdict::Unknown),
        (true, "<html>Please sign in</html>", Verdict::Unknown),
    ] {
        let speaker = Speaker::of(header, body.as_bytes());
        assert_eq!(verdict(Request::Message, 201, speaker, &Reason::default()), verdict_of, "{body}");
    }
}

#[test]
fn a_token_is_rejected_in_three_disguises() {
    for (status, id, rejected) in [
        (401, None, true),
        (401, Some(28_000), true),
        (403, Some(28_055), true),
        (403, Some(28_020), false),
        (403, None, false),
        (500, Some(28_032), true),
        (500, None, false),
        (200, Some(28_055), false),
    ] {
        assert_eq!(rejects_token(status, id), rejected, "{status} {id:?}");
    }
}

#[test]
fn a_challenge_that_only_a_pool_sends_is_its_word() {
    let says = |line| is_word_of_pool(Speaker::Other, Challenge::parse([line]).as_ref());
    assert!(says(r#"MsRtcOAuth href="https://pool/t""#));
    assert!(says(r#"Bearer trusted_issuers="a@b""#));
    assert!(!says(r#"Bearer realm="gateway", authorization_uri="https://gateway/""#));
    assert!(!is_word_of_pool(Speaker::Page, None));
    assert!(is_word_of_pool(Speaker::PoolPage, None));
}
