//! `send-im sandbox` as a process.
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, ChildStdout};

#[cfg(unix)]
use common::signal;
use common::{TEXT, clean, finish, run};
use tempfile::TempDir;

mod common;

struct Server {
    process: Child,
    output: BufReader<ChildStdout>,
    home: TempDir,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        let mut process = clean(home.path()).arg("sandbox").args(arguments).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, output, home }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    fn send(&self, url: &str, arguments: &[&str]) -> common::Finished {
        let mut command = clean(self.home.path());
        command
            .env("SEND_IM_ADDRESS", "tosh@contoso.com")
            .env("SEND_IM_PASSWORD", "x")
            .env("SEND_IM_SERVER", url);
        run({
            command.arg("send").args(arguments);
            command
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended in most tests.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn prints_its_url_and_then_a_line_a_message() {
    let mut server = Server::start(&[]);
    let url = server.line();
    assert!(url.starts_with("http://127.0.0.1:") && url.ends_with('/'), "{url}");
    let done = server.send(
        &url,
        &[
            "--to",
            "lenea@contoso.com",
            "--subject",
            "db7",
            "--importance",
            "urgent",
            "disk\tfull\nsecond line",
        ],
    );
    assert_eq!(done.code, Some(0), "{done}");
    assert_eq!(server.line(), "tosh@contoso.com\tlenea@contoso.com\tdb7\turgent\tdisk full");
    assert_eq!(server.send(&url, &["--to", "declines@contoso.com", TEXT]).code, Some(4));
    assert_eq!(server.send(&url, &["--to", "sarad@contoso.com", "hello"]).code, Some(0));
    assert_eq!(
        server.line(),
        "tosh@contoso.com\tsarad@contoso.com\t-\tnormal\thello",
        "a declined message is not delivered"
    );
}

#[test]
fn speaks_https_with_an_authority_of_its_own() {
    for layout in ["one-pool", "two-pools", "redirect"] {
        let folder = TempDir::new().unwrap();
        let ca = folder.path().join("ca.pem");
        let ca = ca.to_str().unwrap();
        let mut server = Server::start(&["--https", "--ca-out", ca, "--layout", layout]);
        let url = server.line();
        assert!(url.starts_with("https://"), "{url}");
        let done = server.send(&url, &["--ca-file", ca, "--to", "lenea@contoso.com", TEXT]);
        assert_eq!(done.code, Some(0), "{layout}: {done}");
        let done = server.send(&url, &["--json", "--to", "lenea@contoso.com", "--timeout", "5s", TEXT]);
        assert_eq!((done.code, done.json()["kind"].as_str()), (Some(5), Some("tls")), "{layout}: {done}");
    }
}

#[test]
fn says_who_can_reach_it_beyond_this_machine() {
    for (listen, host, warns) in [
        ("0.0.0.0:0", "127.0.0.1", true),
        ("[::]:0", "[::1]", true),
        ("127.0.0.2:0", "127.0.0.2", false),
        ("[::1]:0", "[::1]", false),
        ("[::ffff:127.0.0.1]:0", "127.0.0.1", false),
    ] {
        let folder = TempDir::new().unwrap();
        let ca = folder.path().join("ca.pem");
        let ca = ca.to_str().unwrap();
        for secure in [&[][..], &["--https", "--ca-out", ca]] {
            let mut server = Server::start(&[&["--listen", listen], secure].concat());
            let url = server.line();
            let scheme = if secure.is_empty() { "http" } else { "https" };
            assert!(url.starts_with(&format!("{scheme}://{host}:")), "{listen}: {url}");
            let trust = if secure.is_empty() { &[][..] } else { &["--ca-file", ca] };
            let done = server.send(&url, &[trust, &["--to", "lenea@contoso.com", TEXT]].concat());
            assert_eq!(done.code, Some(0), "{listen}: {done}");
            server.process.kill().unwrap();
            let said = std::io::read_to_string(server.process.stderr.take().unwrap()).unwrap();
            let told = said.contains("Anybody") && said.contains("any password") && said.lines().count() == 1;
            assert_eq!((told, said.is_empty()), (warns, !warns), "{listen}: {said}");
        }
    }
}

#[test]
fn goes_by_the_names_it_is_given() {
    let mut server = Server::start(&["--host-name", "im.contoso.test", "--host-name", "10.0.0.5"]);
    let url = server.line();
    assert!(url.starts_with("http://im.contoso.test:") && url.ends_with('/'), "{url}");
}

#[test]
fn rings_as_long_as_it_is_told() {
    let mut server = Server::start(&["--ring", "200ms"]);
    let url = server.line();
    let done = server.send(&url, &["--json", "--to", "silent@contoso.com", TEXT]);
    assert_eq!(done.json()["kind"], "no_answer");
}

#[test]
fn its_recipients_answer_when_they_are_told_to() {
    let mut server = Server::start(&["--answer-after", "60s", "--ring", "200ms"]);
    let url = server.line();
    let done = server.send(&url, &["--json", "--to", "lenea@contoso.com", TEXT]);
    assert_eq!(done.json()["kind"], "no_answer", "it rang for less: {done}");
}

#[test]
fn answers_the_pages_it_is_told_to() {
    let mut server = Server::start(&["--allow-origin", "https://a.test", "--allow-origin", "https://b.test"]);
    let url = server.line();
    for (origin, status) in [("https://a.test", "200"), ("https://b.test", "200"), ("https://c.test", "403")]
    {
        assert_eq!(status_of(&url, &format!("X-Ms-Origin: {origin}")), status, "{origin}");
    }
    assert_eq!(server.send(&url, &["--to", "lenea@contoso.com", TEXT]).code, Some(0));
    let mut open = Server::start(&[]);
    assert_eq!(status_of(&open.line(), "X-Ms-Origin: https://c.test"), "200");
}

/// The status of the discovery root, asked with this header.
fn status_of(url: &str, header: &str) -> String {
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    let mut wire = std::net::TcpStream::connect(host).unwrap();
    write!(wire, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{header}\r\n\r\n").unwrap();
    let answer = std::io::read_to_string(wire).unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}

#[test]
fn says_why_it_cannot_start() {
    let home = TempDir::new().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let sandbox = |arguments: &[&str]| {
        let mut command = clean(home.path());
        command.arg("sandbox").args(arguments);
        run(command)
    };
    let done = sandbox(&["--listen", &taken]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(5), ""), "{done}");
    assert!(done.stderr.contains(&taken), "{done}");
    let done = sandbox(&["--allow-origin", "a.test"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done}");
    assert!(done.stderr.contains("a.test") && done.stderr.contains("https://"), "{done}");
    for (arguments, word) in [
        (&["--ca-out", "ca.pem"][..], "--https"),
        (&["--https", "--ca-out", "/does/not/exist/ca.pem"], "/does/not/exist"),
        (&["--layout", "maze"], "--layout"),
        (&["--listen", "everywhere"], "--listen"),
        (&["--ring", "long"], "--ring"),
        (&["--answer-after", "soon"], "--answer-after"),
    ] {
        let done = sandbox(arguments);
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done}");
        assert!(done.stderr.contains(word), "{done}");
    }
}

#[cfg(unix)]
#[test]
fn ends_when_it_is_asked_to() {
    for signal in ["INT", "TERM"] {
        let mut server = Server::start(&[]);
        server.line();
        common::signal(&server.process, signal);
        assert_eq!(server.process.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn ends_when_nobody_reads_any_more() {
    let mut server = Server::start(&[]);
    let url = server.line();
    let mut process = clean(server.home.path()).arg("sandbox").spawn().unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut other = String::new();
    output.read_line(&mut other).unwrap();
    drop(output);
    // The line that nobody reads ends the server, perhaps before it has answered.
    server.send(other.trim_end(), &["--to", "lenea@contoso.com", "--timeout", "2s", TEXT]);
    let done = finish(process);
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{done}");
    assert_eq!(
        server.send(&url, &["--to", "lenea@contoso.com", TEXT]).code,
        Some(0),
        "the other sandbox still runs"
    );
}

#[cfg(unix)]
#[test]
fn a_signal_costs_no_line_of_what_was_delivered() {
    for _ in 0..10 {
        let mut server = Server::start(&[]);
        let url = server.line();
        let done = server.send(&url, &["--to", "lenea@contoso.com", "last words"]);
        signal(&server.process, "TERM");
        assert_eq!(done.code, Some(0), "{done}");
        assert!(server.line().ends_with("last words"));
    }
}
