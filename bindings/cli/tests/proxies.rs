//! The way through a forward proxy: tinyproxy and microsocks of Debian, and proxies that refuse.
//!
//! A proxy is never used for this machine by its loopback name, so the sandbox is asked by the machine's own.
#![allow(clippy::unwrap_used)] // a test may panic in its helpers too

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use common::{Finished, TEXT, World, run};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, ServerConfig};

mod common;

/// As it stands in the variable; the proxy knows it as `p.ss_w0rd`.
const IN_URL: &str = "svc:p%2Ess_w0rd@";
const SECRET: &str = "p.ss_w0rd";
const VARIABLES: [&str; 8] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];

struct Here {
    world: World,
    host: String,
    port: u16,
    ca: std::path::PathBuf,
}

impl Here {
    /// A sandbox that speaks https under the name of this machine.
    fn new() -> Self {
        let name = Command::new("uname").arg("-n").output().unwrap().stdout;
        let host = String::from_utf8(name).unwrap().trim().to_lowercase();
        let address = (host.as_str(), 0).to_socket_addrs().unwrap().next().unwrap();
        let world = World::with(|builder| builder.https(true).host_name(&host).listen(address));
        let port = world.sandbox.url().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
        let ca = world.sandbox.ca_file().unwrap().to_owned();
        Self { world, host, port, ca }
    }

    fn target(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// A send with these variables and no others; what it prints holds no secret.
    fn send(&self, variables: &[(&str, &str)]) -> Finished {
        let mut command =
            self.world.send(&["--to", "lenea@contoso.com", "--verbose", "--timeout", "30s", TEXT]);
        command.env("SEND_IM_SERVER", format!("https://{}/", self.target())).env("SEND_IM_CA_FILE", &self.ca);
        end(command, variables)
    }

    /// The sentence of a send that fails with this exit code.
    fn sentence(&self, code: i32, variables: &[(&str, &str)]) -> String {
        let done = self.send(variables);
        assert_eq!(done.code, Some(code), "{done}");
        assert!(self.world.sandbox.messages().is_empty(), "{done}");
        done.stderr
    }
}

fn end(mut command: Command, variables: &[(&str, &str)]) -> Finished {
    for name in VARIABLES {
        command.env_remove(name);
    }
    let done = run({
        command.envs(variables.iter().copied());
        command
    });
    done.expect_no_secret();
    for secret in [SECRET, "p%2Ess", "p@ss", "ss#word"] {
        assert!(!done.stdout.contains(secret) && !done.stderr.contains(secret), "{secret} is shown: {done}");
    }
    done
}

#[track_caller]
fn expect(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is not in {sentence:?}");
    }
}

/// A proxy of Debian, ended with the test.
struct Proxy {
    process: Child,
    folder: TempDir,
    port: u16,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Proxy {
    fn start(name: &str, arguments: impl Fn(u16, &Path) -> Vec<String>) -> Self {
        let folder = TempDir::new().unwrap();
        let port = free_port();
        let process = Command::new(name)
            .args(arguments(port, folder.path()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{name}: {e} (on Debian: apt install tinyproxy-bin microsocks)"));
        let proxy = Self { process, folder, port };
        for _ in 0..1500 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return proxy;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("{name} does not listen");
    }

    fn tinyproxy(settings: &str) -> Self {
        Self::start("tinyproxy", |port, folder| {
            let log = folder.join("log");
            let file = folder.join("tinyproxy.conf");
            let text = format!("Port {port}\nListen 127.0.0.1\nLogFile \"{}\"\n{settings}\n", log.display());
            fs::write(&file, text).unwrap();
            vec!["-d".to_owned(), "-c".to_owned(), file.display().to_string()]
        })
    }

    fn at(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Whether it has been asked for this.
    fn connected(&self, target: &str) -> bool {
        fs::read_to_string(self.folder.path().join("log")).unwrap().contains(&format!("CONNECT {target} "))
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A proxy that answers every request with these bytes.
fn refuses_with(answer: &'static str) -> SocketAddr {
    hears_and_refuses(answer).0
}

/// The same, and what it has been asked.
fn hears_and_refuses(answer: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::<Mutex<Vec<String>>>::default();
    let hears = heard.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut head) = (stream.unwrap(), [0; 4096]);
            let count = stream.read(&mut head).unwrap_or_default();
            hears.lock().unwrap().push(String::from_utf8_lossy(&head[..count]).into_owned());
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, heard)
}

/// Takes TLS off before this port. Its own, and its certificate, which is for localhost.
fn with_tls(to: u16) -> (u16, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], signing_key.into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let forward = async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((wire, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut client = acceptor.accept(wire).await?;
                let mut proxy = tokio::net::TcpStream::connect(("127.0.0.1", to)).await?;
                tokio::io::copy_bidirectional(&mut client, &mut proxy).await
            });
        }
    };
    thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(forward));
    (port, cert.pem())
}

#[test]
fn a_message_goes_through_a_proxy_that_speaks_tls_and_is_verified() {
    let here = Here::new();
    let proxy = Proxy::tinyproxy(&format!("BasicAuth svc {SECRET}"));
    let (port, certificate) = with_tls(proxy.port);
    let named = format!("https://{IN_URL}localhost:{port}");
    let told = here.sentence(5, &[("HTTPS_PROXY", &named)]);
    expect(&told, &[&format!("The proxy localhost:{port} of HTTPS_PROXY: "), "certificate", "ca_file"]);
    assert!(!proxy.connected(&here.target()));

    let authorities = fs::read_to_string(&here.ca).unwrap() + &certificate;
    fs::write(&here.ca, authorities).unwrap();
    let told = here.sentence(5, &[("HTTPS_PROXY", &format!("https://127.0.0.1:{port}"))]);
    expect(&told, &[&format!("The proxy 127.0.0.1:{port} of HTTPS_PROXY: "), "certificate"]);
    let told = here.sentence(5, &[("HTTPS_PROXY", &format!("https://localhost:{port}"))]);
    expect(&told, &[&format!("The proxy localhost:{port} wants a sign-in"), "asks for Basic"]);
    let done = here.send(&[("ALL_PROXY", &named)]);
    assert_eq!((done.code, here.world.texts()), (Some(0), vec![TEXT.to_owned()]), "{done}");
    assert!(proxy.connected(&here.target()));
}

#[test]
fn a_message_goes_through_a_proxy_that_wants_a_password() {
    let here = Here::new();
    let proxy = Proxy::tinyproxy(&format!("BasicAuth svc {SECRET}"));
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let done = here.send(&[(variable, &format!("http://{IN_URL}{}", proxy.at()))]);
        assert_eq!(done.code, Some(0), "{done}");
    }
    assert_eq!(here.world.texts(), [TEXT; 3]);
    assert!(proxy.connected(&here.target()));
}

#[test]
fn a_missing_or_wrong_password_is_told_with_what_the_proxy_asks_for() {
    let here = Here::new();
    let proxy = Proxy::tinyproxy("BasicAuth svc other");
    let at = proxy.at();
    let missing = here.sentence(5, &[("HTTPS_PROXY", &format!("http://{at}"))]);
    expect(
        &missing,
        &[
            &format!("The proxy {at} "),
            "wants a sign-in (HTTP 40",
            "asks for Basic",
            "write http://user:password@",
            "HTTPS_PROXY",
        ],
    );
    let wrong = here.sentence(5, &[("ALL_PROXY", &format!("http://{IN_URL}{at}"))]);
    expect(
        &wrong,
        &[
            &format!("The proxy {at} "),
            "wants a sign-in (HTTP 40",
            "does not accept the user name and password in ALL_PROXY",
        ],
    );
}

#[test]
fn a_proxy_hears_a_password_that_it_refuses_once() {
    let here = Here::new();
    let (at, heard) =
        hears_and_refuses("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\n\r\n");
    let told = here.sentence(5, &[("HTTPS_PROXY", &format!("http://{IN_URL}{at}"))]);
    expect(&told, &["does not accept the user name and password in HTTPS_PROXY", "asks for Basic"]);
    let heads = heard.lock().unwrap();
    let with_password =
        heads.iter().filter(|head| head.to_ascii_lowercase().contains("proxy-authorization:"));
    assert_eq!(with_password.count(), 1, "it may lock the account: {}", heads.len());
}

#[test]
fn a_proxy_that_forbids_the_server_is_told_as_such() {
    let here = Here::new();
    let proxy = Proxy::tinyproxy("ConnectPort 443");
    let told = here.sentence(5, &[("HTTPS_PROXY", &format!("http://{}", proxy.at()))]);
    expect(
        &told,
        &[
            &format!("The proxy {} does not permit a connection to {} (HTTP 403)", proxy.at(), here.target()),
            &format!("where {} can be reached without it, name it in NO_PROXY", here.host),
        ],
    );
}

#[test]
fn each_answer_of_a_proxy_is_told_with_its_status_and_what_to_do() {
    let here = Here::new();
    for (answer, parts) in [
        (
            "HTTP/1.1 404 Not Found\r\nX: y\r\n\r\n<html>denied</html>",
            ["cannot connect to", "(HTTP 404)", "NO_PROXY"],
        ),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", ["cannot connect to", "(HTTP 502)", "check the server's name"]),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://login/\r\n\r\n",
            ["HTTP 302", "in place of a connection", "NO_PROXY"],
        ),
        (
            "HTTP/1.1 405 Method Not Allowed\r\n\r\n",
            ["HTTP 405 to CONNECT", "may be no proxy", "check HTTPS_PROXY"],
        ),
        (
            "HTTP/1.1 407 No\r\nProxy-Authenticate: NTLM\r\nProxy-Authenticate: Negotiate\r\n\r\n",
            ["HTTP 407", "asks for NTLM, Negotiate", "can only do Basic"],
        ),
        ("", ["broke off", "may be no HTTP proxy", "check HTTPS_PROXY"]),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", ["refuses to connect to", "ask its administrator", "The proxy"]),
    ] {
        let at = refuses_with(answer);
        let told = here.sentence(5, &[("HTTPS_PROXY", &format!("http://{IN_URL}{at}"))]);
        expect(&told, &parts);
        expect(&told, &[&format!("The proxy {at} ")]);
    }
}

#[test]
fn a_dead_proxy_is_accused_and_not_the_server() {
    let here = Here::new();
    let dead = format!("127.0.0.1:{}", free_port());
    let told = here.sentence(5, &[("HTTPS_PROXY", &format!("http://{IN_URL}{dead}"))]);
    expect(&told, &[&format!("The proxy {dead} refuses the connection; check HTTPS_PROXY.")]);
    let told = here.sentence(5, &[("all_proxy", "http://nobody.invalid:3128")]);
    expect(&told, &["The name of the proxy nobody.invalid:3128 cannot be resolved", "check all_proxy"]);
}

#[test]
fn a_proxy_that_does_not_answer_is_named() {
    let here = Here::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = silent.local_addr().unwrap().to_string();
    let mut command = here.world.send(&["--to", "lenea@contoso.com", "--timeout", "2s", TEXT]);
    command.env("SEND_IM_SERVER", format!("https://{}/", here.target())).env("SEND_IM_CA_FILE", &here.ca);
    let done = end(command, &[("HTTPS_PROXY", &at)]);
    assert_eq!(done.code, Some(5), "{done}");
    expect(&done.stderr, &[&here.target(), &format!("through the proxy {at} of HTTPS_PROXY")]);
}

#[test]
fn discovery_by_the_domain_names_the_proxy_too() {
    let here = Here::new();
    let at = refuses_with("HTTP/1.1 403 Forbidden\r\n\r\n");
    let mut command = here.world.send(&["--to", "lenea@contoso.com", "--timeout", "30s", TEXT]);
    command.env_remove("SEND_IM_SERVER");
    let done = end(command, &[("HTTPS_PROXY", &format!("http://{at}"))]);
    assert_eq!(done.code, Some(5), "{done}");
    for name in ["lyncdiscoverinternal", "lyncdiscover"] {
        expect(
            &done.stderr,
            &[&format!("The proxy {at} does not permit a connection to {name}.contoso.com:443 (HTTP 403)")],
        );
    }
}

#[test]
fn what_fails_behind_the_proxy_names_both() {
    let here = Here::new();
    let proxy = Proxy::tinyproxy("");
    let mut command = here.world.send(&["--to", "lenea@contoso.com", TEXT]);
    command.env("SEND_IM_SERVER", format!("https://{}/", here.target()));
    let done = end(command, &[("HTTPS_PROXY", &proxy.at())]);
    assert_eq!(done.code, Some(5), "{done}");
    expect(
        &done.stderr,
        &[&format!("No secure connection to {}", here.host), &format!("through the proxy {}", proxy.at())],
    );
}

#[test]
fn a_malformed_variable_is_refused_before_any_request() {
    let here = Here::new();
    for (variable, value) in [
        ("HTTPS_PROXY", "proxy contoso"),
        ("https_proxy", "ftp://127.0.0.1:21"),
        ("HTTP_PROXY", "http://"),
        ("ALL_PROXY", "http://127.0.0.1:99999"),
        ("HTTPS_PROXY", "http://svc:p@ss#word@127.0.0.1:9"),
        ("NO_PROXY", "localhost;contoso.com"),
        ("NO_PROXY", "contoso.com:443"),
        ("no_proxy", "10.0.*"),
    ] {
        let told = here.sentence(2, &[(variable, value)]);
        expect(&told, &[&format!("{variable} "), "write "]);
    }
    assert!(here.world.sandbox.journal().is_empty());
}

#[test]
fn no_proxy_and_an_empty_variable_lead_around_it() {
    let here = Here::new();
    let dead = format!("http://127.0.0.1:{}", free_port());
    for variables in [
        &[("HTTPS_PROXY", dead.as_str()), ("NO_PROXY", &format!("contoso.com, {}", here.host))][..],
        &[("ALL_PROXY", &dead), ("no_proxy", &format!("*.contoso.com, *.{}", here.host))],
        &[("HTTPS_PROXY", &dead), ("NO_PROXY", "*")],
        // A caller's header, as a web server hands it to a program.
        &[("HTTPS_PROXY", &dead), ("HTTP_PROXY", "no proxy at all"), ("REQUEST_METHOD", "GET")],
        &[("HTTPS_PROXY", "")],
        &[("HTTP_PROXY", &dead)],
    ] {
        let done = here.send(variables);
        assert_eq!(done.code, Some(0), "{done}");
    }
}

#[test]
fn a_server_on_this_machine_needs_no_proxy() {
    let world = World::new();
    let dead = format!("http://127.0.0.1:{}", free_port());
    for value in [dead.as_str(), "no proxy at all"] {
        let done = end(
            world.send(&["--to", "lenea@contoso.com", TEXT]),
            &[("HTTP_PROXY", value), ("ALL_PROXY", value)],
        );
        assert_eq!(done.code, Some(0), "{done}");
    }
}

#[test]
fn a_socks_proxy_resolves_the_name_and_takes_a_password() {
    let here = Here::new();
    let proxy = Proxy::start("microsocks", |port, _| {
        let words = ["-i", "127.0.0.1", "-p", &port.to_string(), "-u", "svc", "-P", SECRET];
        words.map(str::to_owned).to_vec()
    });
    let done = here.send(&[("ALL_PROXY", &format!("socks5h://{IN_URL}{}", proxy.at()))]);
    assert_eq!((done.code, here.world.texts()), (Some(0), vec![TEXT.to_owned()]), "{done}");

    let here = Here::new();
    let wrong = here.sentence(5, &[("ALL_PROXY", &format!("socks5h://svc:wrong@{}", proxy.at()))]);
    expect(
        &wrong,
        &[&format!("The SOCKS proxy {} ", proxy.at()), "credentials not accepted", "check ALL_PROXY"],
    );
    let dead = format!("127.0.0.1:{}", free_port());
    let told = here.sentence(5, &[("ALL_PROXY", &format!("socks5h://{dead}"))]);
    expect(&told, &[&format!("The SOCKS proxy {dead} "), "does not answer", "check ALL_PROXY"]);
}

/// `send-im doctor` with these variables: its exit code, and the line of the proxy with the one below it.
fn doctor(here: &Here, variables: &[(&str, &str)]) -> (Finished, String) {
    let mut command = common::clean(here.world.home.path());
    command
        .env("SEND_IM_SERVER", format!("https://{}/", here.target()))
        .env("SEND_IM_CA_FILE", &here.ca)
        .env("SEND_IM_ADDRESS", "tosh@contoso.com")
        .env("SEND_IM_PASSWORD", common::PASSWORD)
        .arg("doctor");
    let done = end(command, variables);
    let told: Vec<&str> = done.stdout.lines().skip_while(|line| !line.contains(" proxy  ")).take(2).collect();
    let told = told.join("\n");
    (done, told)
}

#[test]
fn doctor_tells_which_proxy_is_on_the_way_and_what_it_has_against_that() {
    let here = Here::new();
    let proxy = Proxy::tinyproxy(&format!("BasicAuth svc {SECRET}"));
    let (done, told) = doctor(&here, &[("HTTPS_PROXY", &format!("http://{IN_URL}{}", proxy.at()))]);
    assert_eq!(done.code, Some(0), "{done}");
    expect(&told, &["passed ", &format!("through {} of HTTPS_PROXY", proxy.at())]);
    expect(&done.stdout, &["is looked up by the proxy", "TLS 1.3", "the CA file"]);

    let (done, told) = doctor(&here, &[("HTTPS_PROXY", &format!("http://{}", proxy.at()))]);
    assert_eq!(done.code, Some(5), "{done}");
    expect(&told, &["failed ", "wants a sign-in (HTTP 407", "You: Write the proxy's user name"]);

    let dead = format!("127.0.0.1:{}", free_port());
    let (done, told) = doctor(&here, &[("ALL_PROXY", &format!("http://{IN_URL}{dead}"))]);
    assert_eq!(done.code, Some(5), "{done}");
    let refused = format!("The proxy {dead} of ALL_PROXY cannot be reached: {dead} refuses the connection");
    expect(&told, &["failed ", &refused, "You: Correct the proxy"]);
    let closing = "A message cannot be sent: proxy failed. A send ends with the error discovery_failed.";
    assert_eq!(done.stdout.lines().last(), Some(closing), "{done}");

    let forbids = Proxy::tinyproxy("ConnectPort 1");
    let (done, told) = doctor(&here, &[("HTTPS_PROXY", &format!("http://{}", forbids.at()))]);
    assert_eq!(done.code, Some(5), "{done}");
    expect(&told, &["failed ", "does not permit", "Whoever runs the network: Allow the proxy"]);
    assert!(here.world.sandbox.messages().is_empty());
}

#[test]
fn doctor_shows_a_password_once_to_a_proxy_that_refuses_it() {
    let world = World::new();
    let proxy = Proxy::tinyproxy("BasicAuth svc other");
    let mut command = common::clean(world.home.path());
    command.args(["doctor", "--domain", "contoso.com"]);
    let done = end(command, &[("HTTPS_PROXY", &format!("http://{IN_URL}{}", proxy.at()))]);
    assert_eq!(done.code, Some(5), "{done}");
    expect(
        &done.stdout,
        &[
            "it does not accept the user name and password in HTTPS_PROXY; ",
            "is not asked again for lyncdiscover.contoso.com",
        ],
    );
}

#[test]
fn doctor_goes_through_a_socks_proxy() {
    let here = Here::new();
    let proxy = Proxy::start("microsocks", |port, _| {
        ["-i", "127.0.0.1", "-p", &port.to_string()].map(str::to_owned).to_vec()
    });
    let (done, told) = doctor(&here, &[("ALL_PROXY", &format!("socks5h://{}", proxy.at()))]);
    assert_eq!(done.code, Some(0), "{done}");
    expect(&told, &["passed ", &format!("through {} of ALL_PROXY", proxy.at())]);
    expect(&done.stdout, &["skipped  tls", "behind a SOCKS proxy"]);
}
