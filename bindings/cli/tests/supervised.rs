//! `send-im serve` under whoever starts it for good: what it tells systemd, and its log in files.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use common::{World, clean, finish, run, signal};

mod common;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn serve(world: &World, arguments: &[&str]) -> Command {
    let mut command = clean(world.home.path());
    command
        .env_remove("SEND_IM_HTTP_TOKEN")
        .env_remove("NOTIFY_SOCKET")
        .env("SEND_IM_SERVER", world.sandbox.url());
    command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
    command
}

/// Its address, once it has said where it is.
fn address(process: &mut Child) -> String {
    let mut url = String::new();
    BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    url.trim().trim_start_matches("http://").trim_end_matches('/').to_owned()
}

fn told(socket: &UnixDatagram) -> String {
    let mut message = [0; 256];
    let length = socket.recv(&mut message).unwrap();
    String::from_utf8(message[..length].to_vec()).unwrap()
}

#[test]
fn systemd_is_told_when_it_listens_and_when_it_stops() {
    let world = World::new();
    let path = world.home.path().join("notify");
    let name = format!("send-im-test-{}", std::process::id());
    let abstract_address = SocketAddr::from_abstract_name(&name).unwrap();
    for (variable, socket) in [
        (path.to_str().unwrap().to_owned(), UnixDatagram::bind(&path).unwrap()),
        (format!("@{name}"), UnixDatagram::bind_addr(&abstract_address).unwrap()),
    ] {
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut process = serve(&world, &[]).env("NOTIFY_SOCKET", &variable).spawn().unwrap();
        assert_eq!(told(&socket), "READY=1", "{variable}");
        let address = address(&mut process);
        TcpStream::connect(&address).unwrap();
        signal(&process, "TERM");
        assert_eq!(told(&socket), "STOPPING=1", "{variable}");
        let done = finish(process);
        assert_eq!(done.code, Some(0), "{done}");
    }
}

#[test]
fn what_does_not_listen_is_not_ready() {
    let world = World::new();
    let path = world.home.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_nonblocking(true).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let _holder = TcpListener::bind(&taken).unwrap();
    let mut command = clean(world.home.path());
    command.env("NOTIFY_SOCKET", &path).args(["serve", "--server", "sandbox", "--listen", &taken]);
    assert_eq!(run(command).code, Some(5));
    assert_eq!(socket.recv(&mut [0; 256]).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_manager_that_hears_nothing_stops_nothing() {
    let world = World::new();
    let mut process = serve(&world, &[]).env("NOTIFY_SOCKET", "/nowhere/notify").spawn().unwrap();
    TcpStream::connect(address(&mut process)).unwrap();
    signal(&process, "TERM");
    let done = finish(process);
    assert!(done.code == Some(0) && done.stderr.contains("systemd cannot be told"), "{done}");
}

/// All that lies in the files of a log.
fn logged(folder: &Path) -> String {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.starts_with("send-im.") && name.ends_with(".log"), "{name}");
    }
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn the_log_goes_into_a_folder() {
    let world = World::new();
    let folder = world.home.path().join("new/logs");
    let option = ["--log-folder", folder.to_str().unwrap()];
    let mut process = serve(&world, &option).spawn().unwrap();
    let address = address(&mut process);
    let body = "recipient=lenea@contoso.com&message=hello&username=tosh@contoso.com&password=x";
    let mut stream = TcpStream::connect(&address).unwrap();
    write!(
        stream,
        "POST /send HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    signal(&process, "TERM");
    let done = finish(process);
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{done}");
    let log = logged(&folder);
    assert!(log.contains("outcome=\"delivered\"") && log.contains("signed out"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");

    // A service has no standard error: why it did not start is in the log too.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let mut command = clean(world.home.path());
    command.args(["serve", "--server", "sandbox", "--listen", &listen]).args(option);
    let done = run(command);
    assert!(done.code == Some(5) && done.stderr.contains(&listen), "{done}");
    assert!(
        logged(&folder).contains(&format!("The service cannot listen at {listen}")),
        "{}",
        logged(&folder)
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let world = World::new();
    let file = world.home.path().join("file");
    std::fs::write(&file, "").unwrap();
    let done = run(serve(&world, &["--log-folder", file.to_str().unwrap()]));
    assert_eq!((done.code, done.stdout.as_str()), (Some(2), ""), "{done}");
    assert!(
        done.stderr.contains("The log cannot be written to the folder") && done.stderr.contains("file"),
        "{done}"
    );
}
