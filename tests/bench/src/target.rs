//! The server a measurement runs against, and the two ways there: ours, and bare reqwest.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use send_im::Account;
use tokio::net::TcpStream;
use url::Url;

/// A measurement, or why there is none.
pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Where to measure.
#[derive(clap::Args, Clone, Debug)]
pub struct Target {
    /// URL of the discovery root
    #[arg(long)]
    pub server: Url,

    /// The certificate authority of an https server
    #[arg(long)]
    pub ca: Option<PathBuf>,
}

impl Target {
    /// An account for our client.
    pub fn account(&self, name: &str) -> Account {
        let account = Account::with_password(format!("{name}@contoso.com"), "x")
            .server(self.server.as_str())
            .timeout(Duration::from_secs(120));
        match &self.ca {
            Some(path) => account.ca_file(path.clone()),
            None => account,
        }
    }

    fn tls(&self) -> Outcome<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        if let Some(path) = &self.ca {
            for certificate in CertificateDer::pem_file_iter(path)? {
                roots.add(certificate?)?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    /// A client of reqwest without anything of ours.
    pub fn bare(&self) -> Outcome<reqwest::Client> {
        let client = reqwest::Client::builder().tls_backend_preconfigured(self.tls()?).tcp_nodelay(true);
        Ok(client.no_proxy().build()?)
    }

    /// A connection and its TLS handshake, and nothing over it.
    pub async fn handshake(&self) -> Outcome<()> {
        let host = self.server.host_str().unwrap_or_default().to_owned();
        let address: SocketAddr =
            format!("{host}:{}", self.server.port_or_known_default().unwrap_or_default()).parse()?;
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let connector = tokio_rustls::TlsConnector::from(Arc::new(self.tls()?));
        let stream = connector.connect(ServerName::try_from(host)?, stream).await?;
        drop(stream);
        Ok(())
    }

    /// The sandbox's own interface.
    fn control(&self, what: &str) -> Outcome<Url> {
        Ok(self.server.join("sandbox/api/")?.join(what)?)
    }

    /// Forgets what the sandbox has kept of earlier measurements.
    pub async fn clear(&self, http: &reqwest::Client) -> Outcome<()> {
        for what in ["messages", "journal"] {
            http.delete(self.control(what)?).send().await?.error_for_status()?;
        }
        Ok(())
    }

    /// How many messages were delivered, and how many requests were made by method.
    pub async fn seen(&self, http: &reqwest::Client) -> Outcome<Seen> {
        let ask = async |what| -> Outcome<serde_json::Value> {
            let body = http.get(self.control(what)?).send().await?.error_for_status()?.bytes().await?;
            Ok(serde_json::from_slice(&body)?)
        };
        let messages = ask("messages").await?;
        let journal = ask("journal").await?;
        let journal = journal.as_array().ok_or("no journal")?;
        let count = |method: &str| journal.iter().filter(|exchange| exchange["method"] == method).count();
        Ok(Seen {
            messages: messages.as_array().map_or(0, Vec::len),
            posts: count("POST"),
            gets: count("GET"),
        })
    }
}

/// What the sandbox has seen.
pub struct Seen {
    /// Messages delivered.
    pub messages: usize,
    /// Requests by POST.
    pub posts: usize,
    /// Requests by GET.
    pub gets: usize,
}

/// A number as an address, so that each is a recipient of its own.
pub fn recipient(number: usize) -> String {
    format!("user{number}@contoso.com")
}

/// An error that says this.
pub fn other(text: impl Into<String>) -> io::Error {
    io::Error::other(text.into())
}
