//! Connections from a chosen address.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::Service;

/// Reads and writes, with TLS or without.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// What a client offers to speak.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Version {
    One,
    Two,
}

/// A service, as a hostile client sees it.
pub(crate) struct Target {
    pub(crate) service: Service,
    roots: Option<RootCertStore>,
}

impl Target {
    pub(crate) fn new(service: Service) -> Self {
        let roots = service.ca_file.as_ref().map(|file| {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(file).unwrap()).unwrap();
            roots
        });
        Self { service, roots }
    }

    pub(crate) async fn tcp(&self, from: Ipv4Addr) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        // What is not read is to fill soon.
        socket.set_recv_buffer_size(8 << 10)?;
        socket.connect(self.service.address).await
    }

    /// A connection on which requests can be made.
    pub(crate) async fn open(&self, from: Ipv4Addr, version: Version) -> io::Result<Box<dyn Stream>> {
        let tcp = self.tcp(from).await?;
        let Some(config) = self.config(version) else { return Ok(Box::new(tcp)) };
        Ok(Box::new(TlsConnector::from(config).connect(self.name(), tcp).await?))
    }

    /// The first bytes of a handshake; without TLS, the first of a request.
    pub(crate) fn hello(&self) -> Vec<u8> {
        let Some(config) = self.config(Version::One) else { return b"GET /healthz".to_vec() };
        let mut hello = Vec::new();
        ClientConnection::new(config, self.name()).unwrap().write_tls(&mut hello).unwrap();
        hello
    }

    fn name(&self) -> ServerName<'static> {
        ServerName::IpAddress(self.service.address.ip().into())
    }

    fn config(&self, version: Version) -> Option<Arc<ClientConfig>> {
        let mut config =
            ClientConfig::builder().with_root_certificates(self.roots.clone()?).with_no_client_auth();
        config.alpn_protocols = match version {
            Version::One => vec![b"http/1.1".to_vec()],
            Version::Two => vec![b"h2".to_vec()],
        };
        Some(Arc::new(config))
    }
}
