//! `send-im health`: what a container's health check learns.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};

use common::{Finished, World, clean, finish, run, signal};

mod common;

struct Service {
    process: Child,
    url: String,
}

impl Service {
    fn start(world: &World, arguments: &[&str]) -> Self {
        let mut command = clean(world.home.path());
        command
            .env("SEND_IM_HTTP_TOKEN", "t0ken-that-nobody-guesses")
            .env("SEND_IM_SERVER", world.sandbox.url());
        let mut process = command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        Self { process, url: url.trim().to_owned() }
    }

    fn end(self) -> Finished {
        signal(&self.process, "TERM");
        finish(self.process)
    }
}

fn health(home: &Path, arguments: &[&str]) -> Finished {
    let mut command: Command = clean(home);
    // A check asks the service itself, and needs no token.
    command
        .env("HTTPS_PROXY", "http://127.0.0.1:9")
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .env_remove("NO_PROXY");
    command.arg("health").args(arguments);
    run(command)
}

#[test]
fn a_service_that_takes_requests_is_healthy_and_one_that_is_gone_is_not() {
    let world = World::new();
    let service = Service::start(&world, &[]);
    let url = service.url.clone();
    let done = health(world.home.path(), &[&url]);
    assert_eq!((done.code, done.stdout.as_str(), done.stderr.as_str()), (Some(0), "", ""), "{done}");
    service.end();
    let done = health(world.home.path(), &[&url]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(5), ""), "{done}");
    assert_eq!(done.stderr.lines().count(), 1, "{done}");
}

#[test]
fn what_answers_anything_else_is_not_healthy() {
    let world = World::new();
    let service = Service::start(&world, &[]);
    let done = health(world.home.path(), &[&format!("{}elsewhere", service.url)]);
    assert!(done.code == Some(5) && done.stderr.contains("404"), "{done}");
    service.end();
}

#[test]
fn a_certificate_is_verified_for_the_name_wherever_the_connection_goes() {
    let world = World::new();
    let made = rcgen::generate_simple_self_signed(["im.contoso.com".to_owned()]).unwrap();
    let file = |name: &str, text: &str| {
        let path = world.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (chain, key) = (file("im.pem", &made.cert.pem()), file("im.key", &made.signing_key.serialize_pem()));
    let service = Service::start(&world, &["--tls-cert", &chain, "--tls-key", &key]);
    let address = service.url.trim_start_matches("https://").trim_end_matches('/').to_owned();
    let ask =
        |url: &str, more: &[&str]| health(world.home.path(), &[&[url, "--connect", &address], more].concat());
    let port = address.rsplit(':').next().unwrap();
    let name = format!("https://im.contoso.com:{port}");
    let done = ask(&name, &["--ca-file", &chain]);
    assert_eq!(done.code, Some(0), "{done}");
    for (url, more) in
        [(name.as_str(), &[][..]), (&format!("https://other.contoso.com:{port}"), &["--ca-file", &chain])]
    {
        let done = ask(url, more);
        assert!(done.code == Some(5) && done.stderr.contains("certificate"), "{url}: {done}");
    }
    service.end();
}

/// The service with a certificate that this command makes as im.pem and im.key; how healthy it is to a client that trusts it, and
/// what it has logged.
fn with_certificate_of(command: &str) -> (Finished, Finished) {
    let world = World::new();
    let folder = world.home.path();
    let made = Command::new("sh").args(["-c", command]).current_dir(folder).output().unwrap();
    assert!(made.status.success(), "{made:?} (on Debian: apt install openssl)");
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let service = Service::start(&world, &["--tls-cert", &file("im.pem"), "--tls-key", &file("im.key")]);
    let address = service.url.trim_start_matches("https://").trim_end_matches('/').to_owned();
    let url = format!("https://im.contoso.com:{}", address.rsplit(':').next().unwrap());
    let done = health(folder, &[&url, "--connect", &address, "--ca-file", &file("im.pem")]);
    (done, service.end())
}

#[test]
fn the_certificate_of_the_page_is_healthy_and_one_that_clients_refuse_is_warned_of() {
    let page = include_str!("../../http/README.md");
    let line = page.lines().find(|line| line.starts_with("openssl req ")).unwrap();
    let (done, service) = with_certificate_of(line);
    assert_eq!(done.code, Some(0), "{done}");
    assert!(!service.stderr.contains("refuse"), "{service}");
    for (command, why) in [
        (line.replace("CA:FALSE", "CA:TRUE"), "CA:TRUE"),
        (line.replace("-addext subjectAltName=DNS:im.contoso.com ", ""), "subjectAltName"),
        (format!("{line} -addext extendedKeyUsage=clientAuth"), "extendedKeyUsage"),
    ] {
        assert_ne!(command, line);
        let (done, service) = with_certificate_of(&command);
        assert!(done.code == Some(5) && done.stderr.contains("certificate"), "{command}: {done}");
        let warned = |line: &str| line.contains("WARN") && line.contains("refuse it") && line.contains(why);
        assert!(service.stderr.lines().any(warned), "{command}: {service}");
    }
}

#[test]
fn what_is_no_address_of_a_service_is_said() {
    let home = tempfile::tempdir().unwrap();
    for (arguments, words) in [
        (&["nowhere"][..], "The URL is not usable"),
        (&["ftp://127.0.0.1/"], "The URL is not usable"),
        (&["--connect", "localhost"], "--connect"),
    ] {
        let done = health(home.path(), arguments);
        assert!(done.code == Some(2) && done.stderr.contains(words), "{arguments:?}: {done}");
    }
    let done = health(home.path(), &["http://192.0.2.1:8480/"]);
    assert!(done.code == Some(5) && done.stderr.contains("without TLS"), "{done}");
}

#[test]
fn a_server_that_never_answers_is_not_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let done = health(home.path(), &[&format!("http://{}/", deaf.local_addr().unwrap())]);
    assert_eq!(done.code, Some(5), "{done}");
}
