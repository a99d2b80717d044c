//! Connections that cost their peer nothing.

use std::io;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Certificate;
use send_im_http::{Options, Service};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::common::authority::Authority;
use crate::common::*;

/// Far more than a connection is kept that does nothing before its first request.
const HANG: Duration = Duration::from_secs(60);

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// A frame of settings without one, and a ping (RFC 9113, sections 6.5 and 6.7).
const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
const PING: &[u8] = &[0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8];

/// Reads until the service ends the connection, and says `again` from time to time meanwhile.
async fn ended<S: AsyncRead + AsyncWrite>(what: &str, stream: S, again: &[u8]) {
    let (mut from, mut to) = tokio::io::split(stream);
    let talk = async {
        loop {
            sleep(Duration::from_millis(500)).await;
            if to.write_all(again).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let mut sink = tokio::io::sink();
    tokio::select! {
        ended = timeout(HANG, tokio::io::copy(&mut from, &mut sink)) => assert!(ended.is_ok(), "{what}: it is still open"),
        () = talk => unreachable!(),
    }
}

#[tokio::test]
async fn one_that_asks_nothing_ends() {
    let world = World::new().await;
    let settled = [PREFACE, SETTINGS].concat();
    let half_stream = [&settled[..], &[0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]].concat();
    let cases: [(&str, &[u8], &[u8]); 8] = [
        ("silent", b"", b""),
        ("half a preface", b"PRI * HTTP/2.0\r\n", b""),
        ("half a request line", b"GET /healthz", b""),
        ("a head that grows", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"X: y\r\n"),
        ("empty lines", b"\r\n", b"\r\n"),
        ("HTTP/2 without a request", &settled, b""),
        ("HTTP/2 pings alone", &settled, PING),
        ("half the headers of a stream", &half_stream, b""),
    ];
    join_all(cases.map(async |(what, first, again)| {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        stream.write_all(first).await.unwrap();
        ended(what, stream, again).await;
    }))
    .await;
}

#[tokio::test]
async fn one_that_asks_nothing_ends_with_tls_too() {
    let authority = Authority::new();
    let (chain, key) = authority.server();
    let world = World::options(|options| options.certificate(chain, key)).await;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(rustls::pki_types::pem::PemObject::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
    let mut config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
    let settled = [PREFACE, SETTINGS].concat();
    let cases: [(&str, &[u8], &[u8]); 3] =
        [("silent", b"", b""), ("half a preface", &PREFACE[..9], b""), ("pings alone", &settled, PING)];
    let inside = join_all(cases.map(async |(what, first, again)| {
        let stream = TcpStream::connect(world.address()).await.unwrap();
        let mut stream = connector.connect("127.0.0.1".try_into().unwrap(), stream).await.unwrap();
        stream.write_all(first).await.unwrap();
        ended(what, stream, again).await;
    }));
    // The first bytes of a hello, of 512 that are to come.
    let before = join_all([&b""[..], b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc"].map(async |first| {
        let mut stream = TcpStream::connect(world.address()).await.unwrap();
        stream.write_all(first).await.unwrap();
        ended("a handshake that does not go on", stream, b"").await;
    }));
    tokio::join!(inside, before);
}

/// Asks and asks, and reads no answer, until the service ends the connection.
async fn never_reads(address: String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let asked = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".repeat(100);
    let ended = timeout(HANG, async {
        loop {
            if let Err(error) = stream.write_all(&asked).await {
                return error;
            }
        }
    });
    let error = ended.await.expect("it is still open").kind();
    assert!(matches!(error, io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe), "{error:?}");
}

#[tokio::test]
async fn one_that_never_reads_its_answers_ends() {
    let world = World::new().await;
    never_reads(world.address()).await;
}

#[tokio::test]
async fn the_head_of_a_request_has_a_largest_size() {
    let world = World::new().await;
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    let begun = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ";
    // As much as is read of a head, and it has not ended.
    stream.write_all(format!("{begun}{}", "y".repeat((80 << 10) - begun.len())).as_bytes()).await.unwrap();
    let mut told = Vec::new();
    let _ = timeout(HANG, stream.read_to_end(&mut told)).await.expect("it waits for the end of that head");
    assert!(told.starts_with(b"HTTP/1.1 431 "), "{}", String::from_utf8_lossy(&told));
}

#[tokio::test]
async fn a_long_message_fits_into_an_address() {
    let authority = Authority::new();
    let (chain, key) = authority.server();
    let text = "ж".repeat(8_000);
    let query = format!("?recipient=lenea@contoso.com&message={}", "%D0%B6".repeat(8_000));
    let plain = World::new().await;
    assert_eq!(status(plain.get(&query)).await, 200);
    assert_eq!(plain.texts(), [text.as_str()]);
    let world = World::options(|options| options.certificate(chain, key)).await;
    let root = Certificate::from_pem(authority.pem.as_bytes()).unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
    let response = http.get(world.url(&query)).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (200, reqwest::Version::HTTP_2));
    assert_eq!(world.texts(), [text]);
}

#[tokio::test]
async fn one_that_is_used_now_and_then_is_kept() {
    let world = World::new().await;
    let mut stream = TcpStream::connect(world.address()).await.unwrap();
    let mut answer = [0; 4096];
    for _ in 0..2 {
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").await.unwrap();
        let read = timeout(HANG, stream.read(&mut answer)).await.unwrap().unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer[..read]));
        // Longer than the time to the first request.
        sleep(Duration::from_secs(12)).await;
    }
}

#[cfg(not(target_os = "macos"))] // which queues 128 at most, whoever asks for more
#[test]
fn a_burst_of_connections_waits_until_it_is_accepted() {
    const BURST: usize = 400;
    // Nothing is accepted while nobody runs this runtime.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let options = Options::new().listen(([127, 0, 0, 1], 0).into()).server("http://127.0.0.1:9/");
    let service = runtime.block_on(Service::start(options)).unwrap();
    let address = service.url().trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    let connected: Vec<_> =
        (0..BURST).map_while(|_| std::net::TcpStream::connect_timeout(&address, HANG).ok()).collect();
    assert_eq!(connected.len(), BURST);
}
