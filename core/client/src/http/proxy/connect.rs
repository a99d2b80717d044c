//! Asking a proxy for a connection, by CONNECT.

use std::io;

use reqwest::header::HeaderValue;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::refusal::{self, Refusal};
use super::{Proxy, USER_AGENT};
use crate::error::Result;
use crate::http::network_error::innermost;
use crate::steps::with_port;

/// The size of status line and headers that is read of an answer to CONNECT.
const MAX_HEAD: usize = 16 << 10;

/// A connection, plain or under TLS.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Proxy {
    /// A connection to the server of `url` through this proxy, which is no SOCKS proxy.
    ///
    /// # Errors
    /// The sentence a request would fail with, and the status of the proxy's refusal.
    pub(crate) async fn tunnel(&self, url: &Url) -> Result<Box<dyn Duplex>, (String, Option<u16>)> {
        match self.connect(&with_port(url), true).await {
            Ok((stream, None)) => Ok(stream),
            Ok((_, Some(Refusal { status, schemes }))) => {
                Err((self.explain_status(status, &schemes, url).0, Some(status)))
            }
            Err(error) => {
                let (proxy, setting, cause) = (self.name(), self.setting(), innermost(&error));
                Err((format!("The proxy {proxy} makes no connection ({cause}); check {setting}."), None))
            }
        }
    }

    /// Sends a CONNECT, to learn why it is refused.
    pub(super) async fn probe(&self, target: &str, with_password: bool) -> io::Result<Refusal> {
        let (_, refusal) = self.connect(target, with_password).await?;
        refusal.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }

    /// Sends a CONNECT: the connection, and the proxy's refusal if it refuses.
    async fn connect(
        &self,
        target: &str,
        with_password: bool,
    ) -> io::Result<(Box<dyn Duplex>, Option<Refusal>)> {
        let (host, port) = self.address();
        let tcp = TcpStream::connect((host, port)).await?;
        let mut stream: Box<dyn Duplex> = match self.intercept.uri().scheme_str() {
            Some("https") => {
                let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
                Box::new(TlsConnector::from(self.tls.clone()).connect(name, tcp).await?)
            }
            _ => Box::new(tcp),
        };
        let head = self.ask_for(&mut stream, target, with_password).await?;
        match (refusal::status(&head), Refusal::parse(&head)) {
            (Some(200..=299), _) => Ok((stream, None)),
            (_, Some(refusal)) => Ok((stream, Some(refusal))),
            (_, None) => Err(io::Error::from(io::ErrorKind::InvalidData)),
        }
    }

    /// Asks for a connection, and reads status line and headers of the answer.
    async fn ask_for(
        &self,
        stream: &mut Box<dyn Duplex>,
        target: &str,
        with_password: bool,
    ) -> io::Result<Vec<u8>> {
        let mut head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: {USER_AGENT}\r\n")
            .into_bytes();
        if let Some(basic) = self.intercept.basic_auth().filter(|_| with_password) {
            head.extend_from_slice(b"Proxy-Authorization: ");
            head.extend_from_slice(HeaderValue::as_bytes(basic));
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        stream.write_all(&head).await?;
        let mut head = Vec::new();
        while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < MAX_HEAD {
            if stream.read_buf(&mut head).await? == 0 {
                break;
            }
        }
        Ok(head)
    }
}
