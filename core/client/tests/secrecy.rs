//! No password, token, cookie or message text in any log, at any level, from this crate or from what it stands on.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;
#[path = "hostile_server/mod.rs"]
mod hostile_server;

use std::io::Write;
use std::sync::{Arc, Mutex};

use common::*;
use hostile_server::{Hostile, Reply};
use send_im::{Account, Client, Message};
use send_im_sandbox::{Action, Fault, Route, Sandbox};
use tracing_subscriber::fmt::MakeWriter;

const PASSWORD: &str = "pa55word-of-tosh";
const TEXT: &str = "text-for-lene-alone";
const COOKIE: &str = "affinity-of-tosh";

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Captured;

    fn make_writer(&'a self) -> Captured {
        self.clone()
    }
}

#[tokio::test]
async fn the_whole_flow_at_trace_shows_no_secret() {
    let captured = Captured::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(captured.clone())
        .init();

    let mut told = String::new();
    for https in [false, true] {
        let sandbox =
            Sandbox::builder().https(https).user("tosh@contoso.com", PASSWORD).start().await.unwrap();
        let steps = Arc::new(Mutex::new(String::new()));
        let on_step = steps.clone();
        let mut account = Account::with_password("tosh@contoso.com", PASSWORD)
            .server(sandbox.url())
            .on_step(move |step| on_step.lock().unwrap().push_str(&format!("{step:?}\n")));
        if let Some(file) = sandbox.ca_file() {
            account = account.ca_file(file);
        }
        let client = Client::sign_in(account.clone()).await.unwrap();
        for message in [
            Message::text(LENE, TEXT).subject(TEXT),
            Message::text(LENE, TEXT.repeat(60)),
            Message::html(LENE, format!("<b>{TEXT}</b>")),
            Message::text("declines@contoso.com", TEXT),
        ] {
            let shown = format!("{message:?}");
            told.push_str(&format!("{shown} {:?}\n", client.send(message).await));
        }
        sandbox.add_fault(Fault::on(Route::SendMessage, Action::DropAfter));
        told.push_str(&format!("{:?}\n", client.send(Message::text(LENE, TEXT)).await));
        sandbox.revoke_tokens();
        told.push_str(&format!(
            "{:?} {client:?} {account:?}\n",
            client.send(Message::text(LENE, TEXT)).await
        ));
        client.sign_out().await.unwrap();
        let diagnosis = account.diagnose().await.unwrap();
        told.push_str(&format!("{diagnosis:?} {}\n", serde_json::to_string(&diagnosis).unwrap()));
        if let Some(file) = sandbox.ca_file() {
            let wrong = Account::with_password("tosh@contoso.com", format!("not-{PASSWORD}"))
                .server(sandbox.url())
                .ca_file(file);
            told.push_str(&format!("{:?}\n", send_im::send_im(&wrong, LENE, TEXT).await));
        }
        assert!(sandbox.messages().len() >= 5);
        told.push_str(&steps.lock().unwrap());
    }

    for tls in [false, true] {
        let set = Reply::Whole(
            200,
            format!("Set-Cookie: LB={COOKIE}; path=/\r\n"),
            br#"{"_links":{"user":{"href":"/user"}}}"#.to_vec(),
        );
        let handler = move |seen: &hostile_server::Seen| (seen.route() == "GET /root").then(|| set.clone());
        let server = match tls {
            true => Hostile::start_tls(&["localhost"], handler).await,
            false => Hostile::start(handler).await,
        };
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &server.ca_pem).unwrap();
        let mut account =
            Account::with_password("tosh@contoso.com", PASSWORD).server(format!("{}/root", server.origin));
        if tls {
            account = account.ca_file(file.path());
        }
        let client = Client::sign_in(account).await.unwrap();
        told.push_str(&format!("{:?} {client:?}\n", client.send(Message::text(LENE, TEXT)).await));
        client.sign_out().await.unwrap();
        let sent_back = server.seen().iter().filter(|seen| seen.head.contains(COOKIE)).count();
        assert!(sent_back > 3, "{sent_back} requests with the cookie");
    }

    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    for step in ["discover", "sign_in", "open_session", "invite", "send", "confirm", "sign_out"] {
        assert!(log.contains(&format!("step=\"{step}\"")), "no step {step} in the log");
    }
    assert!(log.contains("TRACE"), "nothing was logged at TRACE");
    for (name, shown) in [("log", &log), ("results", &told)] {
        for secret in [PASSWORD, TEXT, COOKIE, "cwt="] {
            if let Some(line) = shown.lines().find(|line| line.contains(secret)) {
                panic!("{secret} in the {name}: {line}");
            }
        }
    }
}
