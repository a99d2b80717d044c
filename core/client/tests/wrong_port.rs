//! A server's URL with the wrong scheme or the wrong port: what answers there is something else.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use std::time::Duration;

use send_im::{Account, Error, ErrorKind, Message, Sent, Step};
use send_im_sandbox::Sandbox;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What a server does with a connection before it closes it.
#[derive(Clone, Copy)]
enum Does {
    Closes,
    Resets,
    Reads,
    Says(&'static [u8]),
    Answers(&'static [u8]),
}

async fn listening(does: Does) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                if matches!(does, Does::Resets) {
                    // Closed with a byte unread.
                    stream.readable().await.ok()?;
                    return None;
                }
                if let Does::Says(bytes) = does {
                    stream.write_all(bytes).await.ok()?;
                }
                if !matches!(does, Does::Closes) {
                    let _ = stream.read(&mut [0; 4096]).await.ok()?;
                }
                if let Does::Answers(bytes) = does {
                    stream.write_all(bytes).await.ok()?;
                }
                stream.shutdown().await.ok()?;
                // What the client still says is read, so that no reset overtakes what was written.
                while stream.read(&mut [0; 4096]).await.ok()? > 0 {}
                Some(())
            });
        }
    });
    port
}

/// What is told of a send to this server.
async fn told(server: &str) -> Error {
    let account = Account::with_password("tosh@contoso.com", "x").server(server);
    let hello = Message::text("lenea@contoso.com", "hello").timeout(Duration::from_secs(30));
    let error = send_im::send(&account, hello).await.unwrap_err();
    assert_eq!((error.step(), error.sent()), (Some(Step::Discover), Sent::No), "{error:?}");
    assert!(!error.detail().contains(['{', '\n']) && error.detail().ends_with('.'), "{error:?}");
    error
}

async fn each(scheme: &str, servers: &[(Does, ErrorKind, &str)]) {
    let asked = servers.iter().map(|(does, ..)| async {
        let origin = format!("127.0.0.1:{}", listening(*does).await);
        (told(&format!("{scheme}://{origin}/root")).await, origin)
    });
    for ((error, origin), (_, kind, sentence)) in
        futures_util::future::join_all(asked).await.iter().zip(servers)
    {
        assert_eq!((error.kind(), error.detail()), (*kind, sentence.replace("HERE", origin).as_str()));
    }
}

const NO_TLS: &str = "HERE does not speak TLS on this port; it may be a plain http port: check the port.";
const NO_HTTP: &str =
    "HERE does not speak HTTP on this port; it may be an https port: check the server's URL.";

#[tokio::test(flavor = "multi_thread")]
async fn https_to_a_port_that_speaks_no_tls() {
    let closed = "HERE closed the connection during the TLS handshake; it may not speak TLS on this port: check the port; or it has older cipher suites alone: set tls to compatible (SEND_IM_TLS).";
    each(
        "https",
        &[
            (Does::Answers(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), ErrorKind::Tls, NO_TLS),
            (Does::Says(b"SSH-2.0-OpenSSH_9.6\r\n"), ErrorKind::Tls, NO_TLS),
            (Does::Says(b"220 mail.contoso.com ESMTP\r\n"), ErrorKind::Tls, NO_TLS),
            (Does::Answers(&[0xff; 300]), ErrorKind::Tls, NO_TLS),
            (Does::Answers(&[0; 300]), ErrorKind::Tls, NO_TLS),
            (Does::Answers(b"\x16\xff\xff\x00\x02\x02\x28"), ErrorKind::Tls, NO_TLS),
            (Does::Answers(b"\x16\x03\x03\xff\xff\x02\x28"), ErrorKind::Tls, NO_TLS),
            (Does::Answers(b"\x16\x03\x03\x00\x00\x02\x28"), ErrorKind::Tls, NO_TLS),
            (
                Does::Answers(b"\x15\x03\x01\x00\x02\x02\x46"),
                ErrorKind::Tls,
                "No secure connection to HERE: it speaks no TLS of version 1.2 or later; its administrator must allow that.",
            ),
            (Does::Closes, ErrorKind::DiscoveryFailed, closed),
            (Does::Resets, ErrorKind::DiscoveryFailed, closed),
            (Does::Reads, ErrorKind::DiscoveryFailed, closed),
            (Does::Answers(b"\x16\x03\x03\x00\x20\x02\x28"), ErrorKind::DiscoveryFailed, closed),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn http_to_a_port_that_speaks_none() {
    each(
        "http",
        &[
            (Does::Answers(b"SSH-2.0-OpenSSH_9.6\r\n"), ErrorKind::DiscoveryFailed, NO_HTTP),
            (Does::Answers(b"\x15\x03\x03\x00\x02\x02\x28"), ErrorKind::DiscoveryFailed, NO_HTTP),
            (Does::Answers(&[0xff; 300]), ErrorKind::DiscoveryFailed, NO_HTTP),
            (Does::Answers(&[0; 300]), ErrorKind::DiscoveryFailed, NO_HTTP),
        ],
    )
    .await;
    // What these look like depends on who is faster.
    for does in [Does::Says(b"SSH-2.0-OpenSSH_9.6\r\n"), Does::Closes, Does::Resets, Does::Reads] {
        let error = told(&format!("http://127.0.0.1:{}/", listening(does).await)).await;
        assert_eq!(error.kind(), ErrorKind::DiscoveryFailed);
        assert!(error.detail().ends_with("; it may be an https port: check the server's URL."), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_scheme_to_a_real_server() {
    for (https, sentence) in [(false, NO_TLS), (true, NO_HTTP)] {
        let sandbox = Sandbox::builder().https(https).start().await.unwrap();
        let (scheme, rest) = sandbox.url().split_once(':').unwrap();
        let other = if scheme == "http" { "https" } else { "http" };
        let error = told(&format!("{other}:{rest}")).await;
        assert_eq!(error.detail(), sentence.replace("HERE", rest.trim_matches('/')));
    }
}
