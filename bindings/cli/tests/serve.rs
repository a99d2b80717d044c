//! `send-im serve` as a process: its start, its account, its log and its end.
#![cfg(unix)]
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use common::{
    AT_A_TERMINAL, Finished, PASSWORD, TEXT, UNDER_NOHUP, World, clean, finish, run, signal, started_by,
};

mod common;

const TOKEN: &str = "t0ken-that-nobody-guesses";

struct Service {
    process: Child,
    url: String,
}

impl Service {
    fn start(mut command: Command) -> Self {
        let mut process = command.spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        if url.is_empty() {
            panic!("it did not start: {}", finish(process));
        }
        Self { process, url: url.trim().to_owned() }
    }

    /// Status and body of a form.
    fn post(&self, body: &str) -> (u16, String) {
        self.post_with("", body)
    }

    fn post_with(&self, headers: &str, body: &str) -> (u16, String) {
        read(self.begin(headers, body))
    }

    fn begin(&self, headers: &str, body: &str) -> TcpStream {
        self.begin_at("send", "application/x-www-form-urlencoded", headers, body)
    }

    fn begin_at(&self, path: &str, media: &str, headers: &str, body: &str) -> TcpStream {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).unwrap();
        let request = format!(
            "POST /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: {media}\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    fn stop(self) -> Finished {
        signal(&self.process, "TERM");
        finish(self.process)
    }
}

fn read(mut stream: TcpStream) -> (u16, String) {
    let mut told = String::new();
    stream.read_to_string(&mut told).unwrap();
    let (head, body) = told.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// `send-im serve` with an account of this sandbox in the environment.
fn serve(world: &World, arguments: &[&str]) -> Command {
    let mut command = clean(world.home.path());
    command
        .env_remove("SEND_IM_HTTP_TOKEN")
        .env("SEND_IM_SERVER", world.sandbox.url())
        .env("SEND_IM_ADDRESS", "tosh@contoso.com")
        .env("SEND_IM_PASSWORD", PASSWORD)
        .args(["serve", "--listen", "127.0.0.1:0"])
        .args(arguments);
    command
}

fn hello() -> String {
    format!("recipient=lenea@contoso.com&message={}", TEXT.replace(' ', "+"))
}

#[test]
fn the_first_lines_of_the_readme_work() {
    let readme = include_str!("../../http/README.md");
    let lines = readme.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    // The port of the text may be taken here.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let lines = lines
        .replace("send-im serve", &format!("send-im serve --listen 127.0.0.1:{port}"))
        .replace(":8480/", &format!(":{port}/"));
    assert_eq!(lines.lines().count(), 5);
    let folder = Path::new(env!("CARGO_BIN_EXE_send-im")).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let home = tempfile::TempDir::new().unwrap();
    let output = Command::new("sh")
        .args(["-e", "-c", &lines])
        .env("PATH", path)
        .env("HOME", home.path())
        .output()
        .unwrap();
    let done = Finished::from(output);
    assert_eq!(done.code, Some(0), "{done}");
    let told: Vec<&str> = done.stdout.lines().filter(|line| line.starts_with('{')).collect();
    assert_eq!(told.len(), 3, "{done}");
    assert!(
        told[0].contains("\"accepted_by\":\"lenea@contoso.com\"") && told[1].contains("\"accepted_by\":"),
        "{done}"
    );
    assert!(told[2].contains("\"kind\":\"busy\""), "{done}");
}

#[test]
fn a_hook_of_a_file_sends_and_one_that_is_not_usable_ends_the_start() {
    let world = World::new();
    let file = world.home.path().join("disk.toml");
    let hook = format!("disk={}", file.display());
    std::fs::write(&file, "recipient = 'lenea@contoso.com'\nmessage = '{{ host }} is full'\n").unwrap();
    let service = Service::start(serve(&world, &["--hook", &hook]));
    let body = "{\"host\": \"db7\"}";
    let (status, told) = read(service.begin_at("hooks/disk", "application/json", "", body));
    assert_eq!((status, world.texts()), (200, vec!["db7 is full".to_owned()]), "{told}");
    service.stop();
    std::fs::write(&file, "message = '{{ host '\n").unwrap();
    for (hook, why) in [
        (hook.as_str(), "disk.toml cannot be used: syntax error, line 1 of its template message"),
        ("disk=none.toml", "hook file"),
        ("disk", "give a name and a file, for example backup=backup.toml"),
    ] {
        let done = run(serve(&world, &["--hook", hook]));
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done}");
        assert!(done.stderr.contains(why), "{done}");
    }
}

#[test]
fn sends_logs_and_signs_out() {
    let world = World::new();
    let service = Service::start(serve(&world, &["--verbose"]));
    let (status, body) = service.post(&hello());
    assert_eq!((status, world.texts()), (200, vec![TEXT.to_owned()]), "{body}");
    let wrong = format!("{}&username=tosh@contoso.com&password=wrong", hello());
    assert_eq!(service.post(&wrong).0, 403);
    let done = service.stop();
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), ""), "{done}");
    assert_eq!(world.sandbox.open_applications(), 0);
    for what in [
        "to=lenea@contoso.com outcome=\"delivered\"",
        "status=200",
        "status=403",
        "step=\"invite\"",
        "signed out",
    ] {
        assert!(done.stderr.contains(what), "{what}: {done}");
    }
    assert!(!done.stderr.contains("hyper") && !done.stderr.contains("reqwest"), "{done}");
    done.expect_no_secret();
}

#[cfg(target_os = "linux")]
#[test]
fn opens_more_files_than_a_shell_allows_at_first() {
    let world = World::new();
    let limited = ["sh", "-c", "ulimit -S -n 300 && exec \"$0\" \"$@\""];
    let service = Service::start(started_by(&limited, &serve(&world, &[])));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", service.process.id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let soft: u64 = files.split_whitespace().nth(3).unwrap().parse().unwrap();
    assert!(soft >= 4096, "{files}");
    assert_eq!(service.post(&hello()).0, 200);
    assert_eq!(service.stop().code, Some(0));
}

#[test]
fn a_signal_lets_a_send_end_and_a_second_one_does_not() {
    let world = World::with(|sandbox| sandbox.slow(Duration::from_millis(500)));
    let service = Service::start(serve(&world, &[]));
    let under_way = service.begin("", "recipient=slow@contoso.com&message=hello");
    world.wait_for_request("POST", "/messaginginvitations");
    assert_eq!(service.stop().code, Some(0));
    assert_eq!(read(under_way).0, 200);
    world.expect_signed_out();

    let world = World::new();
    let service = Service::start(serve(&world, &[]));
    let under_way = service.begin("", "recipient=silent@contoso.com&message=hello");
    world.wait_for_request("POST", "/messaginginvitations");
    signal(&service.process, "INT");
    let address = service.url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    world.wait_until("it has stopped listening", || TcpStream::connect(&address).is_err());
    assert_eq!(service.stop().code, Some(0));
    let (status, body) = read(under_way);
    assert!(status == 409 && body.contains("\"sent\":\"maybe\""), "{status} {body}");
    assert_eq!(world.sandbox.open_applications(), 0);
}

#[test]
fn the_end_of_the_terminal_is_as_a_signal_to_end_but_under_nohup() {
    let world = World::new();
    let service = Service::start(started_by(&AT_A_TERMINAL, &serve(&world, &[])));
    assert_eq!(service.post("recipient=lenea@contoso.com&message=hello").0, 200);
    signal(&service.process, "HUP");
    let done = finish(service.process);
    assert!(done.code == Some(0) && done.stderr.contains("signed out"), "{done}");
    assert_eq!(world.sandbox.open_applications(), 0);

    let service = Service::start(started_by(&UNDER_NOHUP, &serve(&world, &[])));
    signal(&service.process, "HUP");
    assert_eq!(service.post("recipient=lenea@contoso.com&message=hello").0, 200);
    assert_eq!(service.stop().code, Some(0));
}

#[test]
fn what_has_not_ended_when_the_drain_is_over_is_cancelled() {
    let world = World::new();
    let service = Service::start(serve(&world, &["--drain", "100ms"]));
    let under_way = service.begin("", "recipient=silent@contoso.com&message=hello&timeout=600");
    world.wait_for_request("POST", "/messaginginvitations");
    let done = service.stop();
    assert!(done.code == Some(0) && done.stderr.contains("cut off"), "{done}");
    let (status, body) = read(under_way);
    assert!(status == 409 && body.contains("\"kind\":\"cancelled\""), "{status} {body}");
    assert!(body.contains("\"sent\":\"maybe\""), "{body}");
    assert_eq!(world.sandbox.open_applications(), 0);
}

#[test]
fn a_token_comes_from_a_file_or_the_environment() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new();
    let file = world.home.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let from_file = ["--token-file", file.to_str().unwrap()];
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let refused = run(serve(&world, &from_file));
    assert!(refused.code == Some(2) && refused.stderr.contains("chmod 600"), "{refused}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut from_environment = serve(&world, &[]);
    from_environment.env("SEND_IM_HTTP_TOKEN", TOKEN);
    for command in [serve(&world, &from_file), from_environment] {
        let service = Service::start(command);
        assert_eq!(service.post(&hello()).0, 401);
        assert_eq!(service.post_with(&format!("Authorization: Bearer {TOKEN}\r\n"), &hello()).0, 200);
        let done = service.stop();
        assert!(!done.stderr.contains(TOKEN), "{done}");
    }
}

#[test]
fn what_is_unsafe_does_not_start() {
    let world = World::new();
    for (arguments, words) in [
        (&["--listen", "0.0.0.0:0"][..], "a token or client certificates are needed"),
        (&["--listen", "0.0.0.0:0", "--allow-plain-http"], "a token or client certificates are needed"),
        (&["--allow-origin", "*"], "An origin is scheme, host and port"),
        (&["--tls-cert", "/nowhere.pem"], "--tls-key"),
        (&["--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.key"], "/nowhere.key"),
        (&["--client-ca", "/nowhere.pem"], "--tls-cert"),
        (&["--max-sends", "0"], "at least 1"),
        (&["s3cret"], "An argument is not known"),
    ] {
        let mut command = serve(&world, &[]);
        // The first --listen would be one too many.
        if arguments[0] == "--listen" {
            command = clean(world.home.path());
            command.env_remove("SEND_IM_HTTP_TOKEN").arg("serve");
        }
        command.args(arguments);
        let done = run(command);
        assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{arguments:?}: {done}");
        assert!(done.stderr.contains(words) && !done.stderr.contains("s3cret"), "{arguments:?}: {done}");
    }
}

#[test]
fn a_port_that_is_taken_is_said() {
    let world = World::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = clean(world.home.path());
    command.args(["serve", "--server", "sandbox", "--listen", &address]);
    let done = run(command);
    assert!(done.code == Some(5) && done.stderr.contains(&address), "{done}");
}

#[test]
fn the_profile_says_who_sends_and_which_server_takes_other_senders() {
    use std::os::unix::fs::PermissionsExt;

    let world = World::new();
    let folder = world.home.path().join("config/send-im");
    std::fs::create_dir_all(&folder).unwrap();
    let profile = folder.join("config.toml");
    let text = format!(
        "address = 'tosh@contoso.com'\npassword = '{PASSWORD}'\nserver = '{}'\n",
        world.sandbox.url()
    );
    std::fs::write(&profile, text).unwrap();
    std::fs::set_permissions(&profile, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = clean(world.home.path());
    command.env_remove("SEND_IM_HTTP_TOKEN").args(["serve", "--listen", "127.0.0.1:0"]);
    let service = Service::start(command);
    assert_eq!(service.post(&hello()).0, 200);
    assert_eq!(service.post(&format!("{}&username=lenea@contoso.com&password=x", hello())).0, 200);
    let senders: Vec<String> = world.sandbox.messages().into_iter().map(|message| message.from).collect();
    assert_eq!(senders, ["tosh@contoso.com", "lenea@contoso.com"]);
    service.stop();
    world.expect_signed_out();
}

#[test]
fn without_an_account_each_request_brings_one() {
    let world = World::new();
    let mut command = clean(world.home.path());
    command.env_remove("SEND_IM_HTTP_TOKEN").env("SEND_IM_SERVER", world.sandbox.url()).args([
        "serve",
        "--listen",
        "127.0.0.1:0",
    ]);
    let service = Service::start(command);
    let (status, body) = service.post(&hello());
    assert!(status == 400 && body.contains("nobody to send as"), "{status} {body}");
    assert_eq!(service.post(&format!("{}&username=lenea@contoso.com&password=x", hello())).0, 200);
    service.stop();
    let mut command = clean(world.home.path());
    command.env_remove("SEND_IM_HTTP_TOKEN").args(["serve", "--refuse-credentials"]);
    let refused = run(command);
    assert!(refused.code == Some(2) && refused.stderr.contains("nobody to send as"), "{refused}");
}

#[test]
fn the_password_may_come_from_standard_input() {
    let world = World::new();
    let mut command = clean(world.home.path());
    command.env_remove("SEND_IM_HTTP_TOKEN").stdin(Stdio::piped()).args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--server",
        world.sandbox.url(),
        "--address",
        "tosh@contoso.com",
        "--password-stdin",
    ]);
    let mut process = command.spawn().unwrap();
    process.stdin.take().unwrap().write_all(format!("{PASSWORD}\n").as_bytes()).unwrap();
    let mut url = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let service = Service { process, url: url.trim().to_owned() };
    assert_eq!(service.post(&hello()).0, 200);
    service.stop().expect_no_secret();
}
