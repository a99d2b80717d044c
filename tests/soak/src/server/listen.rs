//! The proxy's listeners and connections.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use super::proxy::Proxy;
use crate::chance::Chance;

/// Connections per thousand that end before their first request, even before the TLS handshake.
const CUT: u64 = 10;

/// Listens on a free port, under TLS with a random one of these acceptors. Gives the URL.
pub(crate) async fn listen(proxy: Arc<Proxy>, tls: Option<[TlsAcceptor; 2]>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let scheme = if tls.is_some() { "https" } else { "http" };
    let origin: Arc<str> = format!("{scheme}://{}", listener.local_addr().unwrap()).into();
    let url = format!("{origin}/");
    let mut chance = Chance::new(proxy.seed, scheme);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                // Out of descriptors, most likely: others have to end first.
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let (cut, resets) = (chance.permille(CUT) && proxy.cuts(), chance.permille(500));
            if resets {
                // When the proxy closes this connection, the client sees a TCP reset.
                let _ = stream.set_zero_linger();
            }
            let acceptor = tls.as_ref().map(|acceptors| chance.pick(acceptors));
            if !cut {
                tokio::spawn(connection(proxy.clone(), origin.clone(), stream, acceptor));
            }
        }
    });
    url
}

async fn connection(
    proxy: Arc<Proxy>,
    origin: Arc<str>,
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match acceptor {
        Some(acceptor) => exchange(proxy, origin, acceptor.accept(stream).await?).await,
        None => exchange(proxy, origin, stream).await,
    }
    Ok(())
}

async fn exchange(
    proxy: Arc<Proxy>,
    origin: Arc<str>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) {
    let hang_up = Arc::new(Notify::new());
    let service = service_fn(|request| proxy.clone().answer(origin.clone(), hang_up.clone(), request));
    let builder = auto::Builder::new(TokioExecutor::new());
    tokio::select! {
        _ = builder.serve_connection(TokioIo::new(stream), service) => {}
        () = hang_up.notified() => {}
    }
}

/// One acceptor for HTTP/1.1 and one for HTTP/2 as well, and the certificate authority to trust as PEM.
pub(crate) fn certified() -> ([TlsAcceptor; 2], String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).unwrap().pem();
    let authority = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let acceptors = [&["http/1.1"][..], &["h2", "http/1.1"]].map(|protocols| {
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    });
    (acceptors, pem)
}
