//! Servers that try to get a password or a token that is not theirs.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod hostile_server;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hostile_server::*;
use send_im::{Account, BearerToken, Client, Error, ErrorKind, Message, Sent, Step};

const PASSWORD: &str = "pa55word-of-tosh";

/// Places that look like the server's own, or like this machine, and are neither.
const FOREIGN: [&str; 22] = [
    "http://pool.contoso.com/x",
    "https://contoso.com.evil.test/x",
    "https://contoso.com@evil.test/x",
    "https://tosh:x@contoso.com/x",
    "https://xn--cntoso-wxa.com/x",
    "https://cоntoso.com/x",
    "https://evilcontoso.com/x",
    "https://localhost.evil.test/x",
    "http://localhost.evil.test/x",
    "http://localhost./x",
    "http://127.0.0.1.evil.test/x",
    "http://127.0.0.1@evil.test/x",
    "http://0.0.0.0/x",
    "http://3232235777/x",
    "http://0300.0250.0001.0001/x",
    "http://[::ffff:192.0.2.1]/x",
    "http://[2001:db8::1]/x",
    "HTTPS://EVIL.TEST/x",
    "\\\\evil.test\\x",
    "//evil.test/x",
    "https:evil.test/x",
    "data:text/plain,x",
];

/// Ports are used again: what was on one before is not remembered.
fn account(origin: &str) -> Account {
    let server = format!("{origin}/root");
    Account::with_password("tosh@contoso.com", PASSWORD).server(server).shared(Arc::default())
}

fn hello() -> Message {
    Message::text("lenea@contoso.com", "hello").timeout(Duration::from_secs(2))
}

/// What was asked anywhere that holds the password, by route.
fn told_the_password(server: &Hostile) -> Vec<String> {
    let told = |seen: &Seen| seen.head.contains(PASSWORD) || seen.body.contains(PASSWORD);
    server.seen().iter().filter(|seen| told(seen)).map(Seen::route).collect()
}

async fn failed(server: &Hostile) -> Error {
    send_im::send(&account(&server.origin), hello()).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_link_of_discovery_leads_to_a_foreign_place() {
    for place in FOREIGN {
        for link in ["user", "redirect"] {
            let json = format!(r#"{{"_links":{{"{link}":{{"href":{}}}}}}}"#, serde_json::json!(place));
            let server = Hostile::start(move |seen| {
                (seen.route() == "GET /root").then(|| Reply::json(200, json.clone()))
            })
            .await;
            let error = failed(&server).await;
            assert_eq!(
                (error.kind(), error.step(), error.sent()),
                (ErrorKind::UntrustedHost, Some(Step::Discover), Sent::No),
                "{link} {place}: {error:?}"
            );
            assert!(told_the_password(&server).is_empty());
        }
        let json = format!(r#"{{"_links":{{"applications":{{"href":{}}}}}}}"#, serde_json::json!(place));
        let server = Hostile::start(move |seen| {
            (seen.route() == "GET /user" && seen.has_token()).then(|| Reply::json(200, json.clone()))
        })
        .await;
        let error = failed(&server).await;
        assert_eq!(error.kind(), ErrorKind::UntrustedHost, "applications {place}: {error:?}");
        assert_eq!(told_the_password(&server), ["POST /token"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_link_of_a_session_leads_to_a_foreign_place() {
    for place in FOREIGN {
        for link in ["/events?ack=1", "/invite", "/app"] {
            let json = application().replace(&format!("\"{link}\""), &serde_json::json!(place).to_string());
            let server = Hostile::start(move |seen| {
                (seen.route() == "POST /applications").then(|| Reply::json(201, json.clone()))
            })
            .await;
            let error = failed(&server).await;
            assert_eq!(
                (error.kind(), error.step(), error.sent()),
                (ErrorKind::UntrustedHost, Some(Step::OpenSession), Sent::No),
                "{link} {place}: {error:?}"
            );
            assert_eq!(server.count("POST /invite"), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_http_redirect_leads_to_a_foreign_place() {
    for place in FOREIGN.into_iter().filter(|place| place.is_ascii()) {
        for hop in ["GET /root", "GET /user", "POST /token", "POST /applications", "POST /invite"] {
            let server =
                Hostile::start(move |seen| (seen.route() == hop).then(|| Reply::redirect(place))).await;
            // This server has the message all the same: its events say so.
            let result = send_im::send(&account(&server.origin), hello()).await;
            assert_eq!(result.is_ok(), hop == "POST /invite", "{hop} {place}: {result:?}");
            assert_eq!(server.count("POST /invite"), usize::from(hop == "POST /invite"), "{hop} {place}");
            let told = told_the_password(&server);
            assert!(
                told.iter().all(|route| route == "POST /token") && told.len() <= 1,
                "{hop} {place}: {told:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_service_in_a_foreign_place_is_not_told_the_password() {
    for place in FOREIGN.into_iter().filter(|place| place.is_ascii()) {
        let server =
            Hostile::start(move |seen| (seen.route() == "GET /user").then(|| challenge(place))).await;
        let error = failed(&server).await;
        assert_eq!(
            (error.kind(), error.step(), error.sent()),
            (ErrorKind::UntrustedHost, Some(Step::SignIn), Sent::No),
            "{place}: {error:?}"
        );
        assert!(told_the_password(&server).is_empty(), "{place}");
    }
}

const POOL: &str = "pool.litware.com";
const NEIGHBOUR: &str = "sts.litware.com";
const HOSTER: &str = "pool7.fabrikam.com";
const EVIL: &str = "litware.com.evil.com";

/// A server under TLS that has all these names, and an account that is sent to the first.
async fn under_tls(
    handler: impl Fn(&Seen, u16) -> Option<Reply> + Send + Sync + 'static,
) -> (Hostile, Account, tempfile::NamedTempFile) {
    let port = Arc::new(AtomicUsize::new(0));
    let known = port.clone();
    let server = Hostile::start_tls(&[POOL, NEIGHBOUR, HOSTER, EVIL], move |seen| {
        handler(seen, known.load(Ordering::SeqCst) as u16)
    })
    .await;
    port.store(server.port.into(), Ordering::SeqCst);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &server.ca_pem).unwrap();
    let here = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let account = [POOL, NEIGHBOUR, HOSTER, EVIL]
        .into_iter()
        .fold(account(&server.origin).ca_file(file.path()), |account, host| account.resolve(host, here));
    (server, account, file)
}

/// Which hosts were told the password, each once.
fn hosts_told(server: &Hostile) -> Vec<String> {
    let mut hosts: Vec<String> =
        server.seen().iter().filter(|s| s.body.contains(PASSWORD)).map(|s| s.host().to_owned()).collect();
    hosts.dedup();
    hosts
}

#[tokio::test(flavor = "multi_thread")]
async fn under_tls_a_challenge_names_a_neighbour_but_no_stranger() {
    for (host, told) in [(POOL, true), (NEIGHBOUR, true), (HOSTER, false), (EVIL, false)] {
        let (server, account, _file) = under_tls(move |seen, port| {
            (seen.route() == "GET /user" && !seen.has_token())
                .then(|| challenge(&format!("https://{host}:{port}/token")))
        })
        .await;
        let result = send_im::send(&account, hello().timeout(Duration::from_secs(20))).await;
        if told {
            result.unwrap_or_else(|e| panic!("{host}: {e:?}"));
            assert_eq!(hosts_told(&server), [host]);
        } else {
            let error = result.unwrap_err();
            assert_eq!(
                (error.kind(), error.step(), error.sent()),
                (ErrorKind::UntrustedHost, Some(Step::SignIn), Sent::No),
                "{host}: {error:?}"
            );
            assert!(hosts_told(&server).is_empty(), "{host}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_can_be_named_as_trusted() {
    let (server, account, _file) = under_tls(move |seen, port| {
        (seen.route() == "GET /user" && !seen.has_token())
            .then(|| challenge(&format!("https://{HOSTER}:{port}/token")))
    })
    .await;
    send_im::send(&account.trust("fabrikam.com"), hello().timeout(Duration::from_secs(20))).await.unwrap();
    assert_eq!(hosts_told(&server), [HOSTER]);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_tls_discovery_may_lead_to_a_hoster() {
    let (server, account, _file) = under_tls(move |seen, port| {
        let home = format!("https://{HOSTER}:{port}");
        match (seen.route().as_str(), seen.host()) {
            ("GET /root", POOL) => {
                Some(Reply::json(200, format!(r#"{{"_links":{{"redirect":{{"href":"{home}/root"}}}}}}"#)))
            }
            _ => None,
        }
    })
    .await;
    send_im::send(&account, hello().timeout(Duration::from_secs(20))).await.unwrap();
    assert_eq!(hosts_told(&server), [HOSTER]);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_tls_a_stranger_that_a_resource_links_gets_neither_credential_nor_message() {
    for (link, challenges) in [("/events?ack=1", true), ("/invite", true), ("/invite", false)] {
        let (server, account, _file) = under_tls(move |seen, port| {
            let evil = format!("https://{EVIL}:{port}{link}");
            let json = application().replace(&format!("\"{link}\""), &format!("\"{evil}\""));
            match (seen.route().as_str(), seen.host()) {
                ("POST /applications", _) => Some(Reply::json(201, json)),
                (_, EVIL) if challenges => Some(challenge("/token")),
                (_, EVIL) => Some(Reply::json(405, "")),
                _ => None,
            }
        })
        .await;
        let error = send_im::send(&account, hello()).await.unwrap_err();
        assert_eq!(hosts_told(&server), [POOL], "{link}: {error:?}");
        let seen: Vec<Seen> = server.seen().into_iter().filter(|seen| seen.host() == EVIL).collect();
        assert!(!seen.is_empty() && !seen.iter().any(Seen::has_token), "{link}: {seen:?}");
        assert!(!seen.iter().any(|seen| seen.body.contains("operationId")), "{link}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_a_resource_to_another_origin_gets_neither_token_nor_message() {
    // The other origin is on this machine, so that it is seen what comes: the strictest it can be asked is without a token.
    let other = Hostile::start(|_| Some(Reply::json(200, "{}"))).await;
    for link in ["/events?ack=1", "/invite", "/app"] {
        let elsewhere = format!("{}{link}", other.origin);
        let json = application().replace(&format!("\"{link}\""), &format!("\"{elsewhere}\""));
        let server = Hostile::start(move |seen| {
            (seen.route() == "POST /applications").then(|| Reply::json(201, json.clone()))
        })
        .await;
        let _ = send_im::send(&account(&server.origin), hello()).await;
    }
    let seen = other.seen();
    assert!(!seen.is_empty());
    for seen in seen {
        assert!(!seen.has_token(), "{seen:?}");
        assert!(!seen.body.contains(PASSWORD), "{seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_for_the_origin_that_asks() {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let other = Hostile::start(|seen| (!seen.has_token()).then(|| challenge("/token"))).await;
    let elsewhere = format!("{}/events?ack=1", other.origin);
    let json = application().replace("/events?ack=1", &elsewhere);
    let server = Hostile::start(move |seen| {
        (seen.route() == "POST /applications").then(|| Reply::json(201, json.clone()))
    })
    .await;
    let source = {
        let asked = asked.clone();
        move |request: send_im::TokenRequest| {
            asked.lock().unwrap().push(request.origin.clone());
            let token = format!("token-for-{}", request.origin.replace([':', '/'], "-"));
            async move { Ok(BearerToken::new(token)) }
        }
    };
    let account = Account::with_token("tosh@contoso.com", source).server(format!("{}/root", server.origin));
    let _ = send_im::send(&account, hello()).await;
    let token = |of: &Hostile| format!("token-for-{}", of.origin.replace([':', '/'], "-"));
    assert!(asked.lock().unwrap().contains(&server.origin));
    assert!(!other.seen().iter().any(|seen| seen.head.contains(&token(&server))));
    assert!(!server.seen().iter().any(|seen| seen.head.contains(&token(&other))));
}

#[tokio::test]
async fn no_line_break_of_a_field_reaches_a_request() {
    let server = Hostile::start(|_| None).await;
    let root = format!("{}/root", server.origin);
    let breaks = ["\r\n", "\n", "\r", "\0", "\u{85}", "\u{b}", "\u{c}"];
    for b in breaks {
        let broken = |text: &str| format!("{text}{b}X-Evil: 1");
        let good = || Account::with_password("tosh@contoso.com", PASSWORD).server(&root);
        let accounts = [
            Account::with_password(broken("tosh@contoso.com"), PASSWORD).server(&root),
            Account::with_password("tosh@contoso.com", broken(PASSWORD)).server(&root),
            good().username(broken(r"CONTOSO\smith")),
            good().server(broken(&root)),
            good().trust(broken("contoso.net")),
        ];
        for (at, account) in accounts.iter().enumerate() {
            let error = send_im::send(account, hello()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{b:?} account {at}: {error:?}");
            assert!(!error.detail().contains(['\r', '\n']));
        }
        let to = "lenea@contoso.com";
        let messages = [Message::text(broken(to), "x"), Message::text(to, "x").subject(broken("db7"))];
        for (at, message) in messages.into_iter().enumerate() {
            let error = send_im::send(&good(), message).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{b:?} message {at}: {error:?}");
        }
    }
    // The Unicode separators break a line where text is shown: not in an address or a subject either.
    for b in ["\u{2028}", "\u{2029}"] {
        let broken = |text: &str| format!("{text}{b}X");
        let account = account(&server.origin);
        for message in [
            Message::text(broken("lenea@contoso.com"), "x"),
            Message::text("lenea@contoso.com", "x").subject(broken("db7")),
        ] {
            let error = send_im::send(&account, message).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{b:?}: {error:?}");
        }
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_token_with_a_line_break_is_refused() {
    for token in ["cwt=a\r\nX-Evil: 1", "cwt=a\nb", "cwt=\u{7f}"] {
        let server = Hostile::start(|_| None).await;
        let source = move |_| async move { Ok(BearerToken::new(token)) };
        let account =
            Account::with_token("tosh@contoso.com", source).server(format!("{}/root", server.origin));
        let error = send_im::send(&account, hello()).await.unwrap_err();
        let wanted = (ErrorKind::CredentialUnavailable, Some(Step::SignIn));
        assert_eq!((error.kind(), error.step()), wanted, "{error:?}");
        assert!(!format!("{error:?}").contains("cwt="));
        assert!(!server.seen().iter().any(Seen::has_token));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_source_that_panics_shows_no_secret_and_stops_nothing_else() {
    let server = Hostile::start(|_| None).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let source = {
        let asked = asked.clone();
        move |_| {
            let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                assert!(!first, "s3cret-of-the-vault");
                Ok(BearerToken::new("cwt=made-up"))
            }
        }
    };
    let account = Account::with_token("tosh@contoso.com", source).server(format!("{}/root", server.origin));
    let error = Client::sign_in(account.clone()).await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("s3cret"), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::CredentialUnavailable, "{error:?}");
    let client = Client::sign_in(account).await.unwrap();
    client.send(hello().timeout(Duration::from_secs(20))).await.unwrap();
    client.sign_out().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_for_steps_that_panics_costs_no_message() {
    let server = Hostile::start(|_| None).await;
    let account = account(&server.origin).on_step(|step| panic!("on purpose at {}", step.step));
    send_im::send(&account, hello().timeout(Duration::from_secs(20))).await.unwrap();
    assert_eq!((server.count("POST /invite"), server.count("DELETE /app")), (1, 1));
}
