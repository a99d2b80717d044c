//! A server over a real socket that does what no server should. By itself it behaves; a test overrides single answers.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)] // Each test file uses some of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// One request as it came.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub head: String,
    pub body: String,
}

impl Seen {
    /// Method and path without query, for example `GET /events`.
    pub fn route(&self) -> String {
        format!("{} {}", self.method, self.path.split('?').next().unwrap())
    }

    /// The host that was asked, without its port.
    pub fn host(&self) -> &str {
        let line = self.head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        line.split(':').next().unwrap()
    }

    pub fn has_token(&self) -> bool {
        self.head.to_ascii_lowercase().contains("\nauthorization:")
    }
}

/// What goes back.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An answer with its status, further header lines and body.
    Whole(u16, String, Vec<u8>),
    /// These bytes.
    Raw(Vec<u8>),
    /// A head, then a piece so many times with a pause in between; then the connection is closed.
    Pieces { head: String, piece: Vec<u8>, times: usize, pause: Duration },
    /// An answer, after which the event channel tells what [`by`] gave.
    Telling(Box<Reply>, String),
    /// No answer for a long time.
    Never,
}

impl Reply {
    pub fn json(status: u16, json: impl Into<String>) -> Self {
        Reply::Whole(status, String::new(), json.into().into_bytes())
    }

    pub fn redirect(to: &str) -> Self {
        Reply::Whole(302, format!("Location: {to}\r\n"), Vec::new())
    }
}

type Handler = Arc<dyn Fn(&Seen) -> Option<Reply> + Send + Sync>;

pub struct Hostile {
    pub origin: String,
    pub port: u16,
    /// The authority of its certificate, where it speaks TLS.
    pub ca_pem: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Hostile {
    /// `handler` answers what it wants to; the rest is answered as a well-behaved server does.
    pub async fn start(handler: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Self::listen(None, handler).await
    }

    /// As [`start`](Self::start), under TLS with a certificate for all these names; the first is its own.
    pub async fn start_tls(
        names: &[&str],
        handler: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Some(names), handler).await
    }

    async fn listen(
        names: Option<&[&str]>,
        handler: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tls, ca_pem) = names.map(certificate).unzip();
        let origin = match names {
            Some(names) => format!("https://{}:{port}", names[0]),
            None => format!("http://127.0.0.1:{port}"),
        };
        let seen = Arc::new(Mutex::new(Vec::new()));
        let server = Server {
            seen: seen.clone(),
            handler: Arc::new(handler),
            sent: Arc::default(),
            news: Arc::default(),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, tls) = (server.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => server.serve(tls.accept(stream).await.ok()?).await,
                        None => server.serve(stream).await,
                    }
                });
            }
        });
        Self { origin, port, ca_pem: ca_pem.unwrap_or_default(), seen }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn count(&self, route: &str) -> usize {
        self.seen().iter().filter(|seen| seen.route() == route).count()
    }
}

#[derive(Clone)]
struct Server {
    seen: Arc<Mutex<Vec<Seen>>>,
    handler: Handler,
    /// The operation of the last invitation, until its event was told.
    sent: Arc<Mutex<Option<String>>>,
    /// What the event channel is still to tell.
    news: Arc<Mutex<VecDeque<String>>>,
}

impl Server {
    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let request = read(&mut stream).await?;
            self.seen.lock().unwrap().push(request.clone());
            let reply = match (self.handler)(&request) {
                Some(reply) => reply,
                None => self.usual(&request).await,
            };
            let reply = match reply {
                Reply::Telling(reply, events) => {
                    self.news.lock().unwrap().push_back(events);
                    *reply
                }
                reply => reply,
            };
            // After what the test tells of it: an event of ours in front of that would be another answer.
            if request.route() == "POST /invite" {
                let operation =
                    serde_json::from_str::<serde_json::Value>(&request.body).unwrap()["operationId"].clone();
                *self.sent.lock().unwrap() = operation.as_str().map(str::to_owned);
            }
            match reply {
                Reply::Whole(status, lines, body) => {
                    let head =
                        format!("HTTP/1.1 {status} X\r\n{lines}Content-Length: {}\r\n\r\n", body.len());
                    stream.write_all(head.as_bytes()).await.ok()?;
                    stream.write_all(&body).await.ok()?;
                }
                Reply::Raw(bytes) => stream.write_all(&bytes).await.ok()?,
                Reply::Pieces { head, piece, times, pause } => {
                    stream.write_all(head.as_bytes()).await.ok()?;
                    for _ in 0..times {
                        stream.write_all(&piece).await.ok()?;
                        stream.flush().await.ok()?;
                        if !pause.is_zero() {
                            tokio::time::sleep(pause).await;
                        }
                    }
                    return None;
                }
                Reply::Never | Reply::Telling(..) => std::future::pending().await,
            }
        }
    }

    async fn usual(&self, request: &Seen) -> Reply {
        match request.route().as_str() {
            "GET /root" => Reply::json(200, r#"{"_links":{"user":{"href":"/user"}}}"#),
            "GET /user" if request.has_token() => {
                Reply::json(200, r#"{"_links":{"applications":{"href":"/applications"}}}"#)
            }
            "GET /user" => challenge("/token"),
            "POST /token" => Reply::json(200, r#"{"access_token":"cwt=made-up","expires_in":3600}"#),
            "POST /applications" => Reply::json(201, application()),
            "POST /invite" => Reply::Whole(201, "Location: /i/1\r\n".to_owned(), Vec::new()),
            "GET /events" => loop {
                {
                    let mut news = self.news.lock().unwrap();
                    if let Some(events) = news.pop_front() {
                        break Reply::json(200, senders(self.seen.lock().unwrap().len(), &events));
                    }
                    if let Some(operation) = self.sent.lock().unwrap().take() {
                        break Reply::json(200, accepted(&operation));
                    }
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            },
            "DELETE /app" => Reply::json(204, ""),
            _ => Reply::json(404, r#"{"code":"NotFound","subcode":"None"}"#),
        }
    }
}

pub fn challenge(token_service: &str) -> Reply {
    let line = format!("WWW-Authenticate: MsRtcOAuth href=\"{token_service}\",grant_type=\"password\"\r\n");
    Reply::Whole(401, line, b"<html>401</html>".to_vec())
}

pub fn application() -> String {
    let communication = r#"{"_links":{"startMessaging":{"href":"/invite"}}}"#;
    format!(
        r#"{{"_links":{{"self":{{"href":"/app"}},"events":{{"href":"/events?ack=1"}}}},"_embedded":{{"communication":{communication}}}}}"#
    )
}

/// An answer of the event channel that ends an invitation well.
pub fn accepted(operation: &str) -> String {
    let invitation = format!(r#"{{"operationId":"{operation}","direction":"Outgoing"}}"#);
    let event = format!(
        r#"{{"link":{{"rel":"messagingInvitation","href":"/i/1"}},"type":"completed","status":"Success","_embedded":{{"messagingInvitation":{invitation}}}}}"#
    );
    batch(2, &event)
}

/// An answer of the event channel with these events of the communication, as JSON in a list.
pub fn batch(next: usize, events: &str) -> String {
    senders(next, &by("communication", "/com", events))
}

/// What one sender has to tell, as JSON: these events, a list.
pub fn by(rel: &str, href: &str, events: &str) -> String {
    format!(r#"{{"rel":"{rel}","href":"{href}","events":[{events}]}}"#)
}

fn senders(next: usize, senders: &str) -> String {
    format!(r#"{{"_links":{{"next":{{"href":"/events?ack={next}"}}}},"sender":[{senders}]}}"#)
}

/// An authority of its own and a certificate for these names.
fn certificate(names: &[&str]) -> (TlsAcceptor, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).unwrap().pem();
    let authority = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let leaf = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), pem)
}

async fn read(stream: &mut BufReader<impl AsyncRead + Unpin>) -> Option<Seen> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let mut words = head.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(Seen { method, path, head, body: String::from_utf8_lossy(&body).into_owned() })
}
