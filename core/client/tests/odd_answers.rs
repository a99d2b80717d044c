//! Answers that are right in all but their bytes: headers in the server's own language, bodies that are packed.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

#[path = "hostile_server/mod.rs"]
mod hostile_server;

use std::time::Duration;

use futures_util::future::join_all;
use hostile_server::{Hostile, Reply, Seen, application};
use send_im::{Account, Error, ErrorKind, Message};

/// One sentence as ISO-8859-1 and as UTF-8.
const WRITTEN: [&[u8]; 2] = [b"Das Webticket ist ung\xfcltig.", "Das Webticket ist ungültig.".as_bytes()];

async fn send(server: &Hostile) -> Result<(), Error> {
    let account = Account::with_password("tosh@contoso.com", "x").server(format!("{}/root", server.origin));
    let message = Message::text("lenea@contoso.com", "hello").timeout(Duration::from_secs(30));
    send_im::send(&account, message).await.map(drop)
}

/// An answer without a body.
fn answer(status: u16, lines: &[&[u8]]) -> Reply {
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n");
    Reply::Raw([head.as_bytes(), &lines.concat(), b"\r\n"].concat())
}

/// Answers the request of this route so when it comes the first time.
async fn first(route: &'static str, reply: Reply) -> Hostile {
    let met = std::sync::atomic::AtomicBool::new(false);
    Hostile::start(move |seen: &Seen| {
        let hit =
            seen.route() == route && seen.has_token() && !met.swap(true, std::sync::atomic::Ordering::SeqCst);
        hit.then(|| reply.clone())
    })
    .await
}

#[tokio::test]
async fn a_token_that_is_rejected_in_another_language_is_replaced() {
    for reason in WRITTEN {
        for (status, id) in [(403, "28055"), (500, "28032")] {
            let head = format!("X-Ms-diagnostics: {id};source=\"fe1.contoso.com\";reason=\"");
            let server =
                first("POST /applications", answer(status, &[head.as_bytes(), reason, b"\"\r\n"])).await;
            send(&server).await.unwrap();
            assert_eq!(server.count("POST /token"), 2, "{id}");
        }
    }
}

#[tokio::test]
async fn a_challenge_with_words_in_another_language_is_one() {
    for reason in WRITTEN {
        let challenge = b"WWW-Authenticate: MsRtcOAuth href=\"/token\",grant_type=\"password\",reason=\"";
        let reply = answer(401, &[challenge, reason, b"\"\r\n"]);
        let server = Hostile::start(move |seen| {
            (seen.route() == "GET /user" && !seen.has_token()).then(|| reply.clone())
        })
        .await;
        send(&server).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_refusal_says_in_another_language_is_told() {
    for reason in WRITTEN {
        let lines: [&[u8]; 4] =
            [b"Retry-After: 7200 (sp\xe4ter)\r\n", b"X-Ms-diagnostics: 1003;reason=\"", reason, b"\"\r\n"];
        let server = first("POST /applications", answer(429, &lines)).await;
        let error = send(&server).await.unwrap_err();
        assert_eq!(error.diagnostics(), Some("1003;reason=\"Das Webticket ist ungültig.\""));
        assert_eq!(
            (error.kind(), error.retry_after()),
            (ErrorKind::Throttled, Some(Duration::from_secs(7200)))
        );
    }
}

#[tokio::test]
async fn a_redirect_is_followed_to_the_bytes_it_names() {
    for (raw, escaped) in [(&b"/b\xfcro"[..], "/b%FCro"), ("/büro".as_bytes(), "/b%C3%BCro")] {
        let reply = answer(302, &[b"Location: ", raw, b"\r\n"]);
        let server = Hostile::start(move |seen| match seen.path.as_str() {
            "/root" => Some(reply.clone()),
            path if path == escaped => Some(Reply::json(200, r#"{"_links":{"user":{"href":"/user"}}}"#)),
            _ => None,
        })
        .await;
        send(&server).await.unwrap();
        assert_eq!(server.count(&format!("GET {escaped}")), 1);
    }
}

#[tokio::test]
async fn a_packed_answer_is_told_to_be_one() {
    for (route, status, body) in [
        ("GET /root", 200, r#"{"_links":{"user":{"href":"/user"}}}"#.to_owned()),
        ("POST /token", 200, r#"{"access_token":"cwt=made-up"}"#.to_owned()),
        ("POST /applications", 201, application()),
    ] {
        for packing in ["gzip", "br", "deflate"] {
            // What it holds matters to nobody who does not unpack it.
            let packed = [b"\x1f\x8b\x08", body.as_bytes()].concat();
            let lines = format!("Content-Encoding: {packing}\r\n");
            let reply = Reply::Whole(status, lines, packed);
            let server = Hostile::start(move |seen| (seen.route() == route).then(|| reply.clone())).await;
            let error = send(&server).await.unwrap_err();
            assert!(
                error.detail().contains(&format!("compressed ({packing}), which was not asked for")),
                "{route}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn a_packed_answer_to_an_invitation_proves_nothing_by_itself() {
    // The event channel tells that the invitation arrived; without that nobody knows.
    let reply = Reply::Whole(201, "Content-Encoding: gzip\r\n".to_owned(), b"\x1f\x8b\x08".to_vec());
    let server = Hostile::start(move |seen| (seen.route() == "POST /invite").then(|| reply.clone())).await;
    send(&server).await.unwrap();
    assert_eq!(server.count("POST /invite"), 1);
    // Of a gateway, neither a success nor a refusal proves anything; a refusal of the pool does.
    let of_pool = "X-Ms-Server-Fqdn: fe1.contoso.com\r\n";
    let answers = [
        (200, "", ErrorKind::OutcomeUnknown),
        (403, "", ErrorKind::OutcomeUnknown),
        (403, of_pool, ErrorKind::Forbidden),
    ];
    join_all(answers.map(async |(status, headers, kind)| {
        let lines = format!("{headers}Content-Encoding: gzip\r\n");
        let page = Reply::Whole(status, lines, b"\x1f\x8b\x08".to_vec());
        let server = Hostile::start(move |seen| match seen.route().as_str() {
            "POST /invite" => Some(page.clone()),
            "GET /events" => Some(Reply::Never),
            _ => None,
        })
        .await;
        let error = send(&server).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {headers}: {error}");
    }))
    .await;
}

#[tokio::test]
async fn a_body_that_is_said_to_be_no_other_than_itself_is_read() {
    for packing in ["Identity", ""] {
        let json = r#"{"code":"Forbidden","subcode":"None"}"#;
        let refusal = Reply::Whole(403, format!("Content-Encoding: {packing}\r\n"), json.as_bytes().to_vec());
        let server =
            Hostile::start(move |seen| (seen.route() == "POST /invite").then(|| refusal.clone())).await;
        let error = send(&server).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Forbidden, Some("Forbidden")), "{error}");
    }
}
