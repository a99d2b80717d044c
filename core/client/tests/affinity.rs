//! Front ends behind a balancer that keeps a client at one of them by a cookie.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use common::*;
use send_im::{Account, Client, Message};
use send_im_sandbox::Sandbox;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One address before two front ends, neither of which knows what the other has.
struct Balancer {
    url: String,
    front_ends: [Sandbox; 2],
    /// Every head as it came.
    heads: Arc<Mutex<Vec<String>>>,
}

impl Balancer {
    /// Without `cookie` it sets none, and everything goes to the first.
    async fn start(cookie: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        // One that listens everywhere names in its links the host it was asked by.
        let front_end = || Sandbox::builder().listen(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))).start();
        let front_ends = [front_end().await.unwrap(), front_end().await.unwrap()];
        let ports = [0, 1].map(|n: usize| port_of(&front_ends[n]));
        let heads = Arc::<Mutex<Vec<String>>>::default();
        let (seen, turn) = (heads.clone(), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(balance(stream, ports, cookie, seen.clone(), turn.clone()));
            }
        });
        Self { url, front_ends, heads }
    }

    fn account(&self, name: &str) -> Account {
        Account::with_password(format!("{name}@contoso.com"), "x").server(&self.url)
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// How many messages each has, in all.
    fn arrived(&self) -> usize {
        self.front_ends.iter().map(|front_end| front_end.messages().len()).sum()
    }

    fn open(&self) -> usize {
        self.front_ends.iter().map(Sandbox::open_applications).sum()
    }
}

fn port_of(sandbox: &Sandbox) -> u16 {
    sandbox.url().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap()
}

/// A request with the cookie goes to the front end it names, one without to the next in turn.
async fn balance(
    client: TcpStream,
    ports: [u16; 2],
    cookie: Option<&'static str>,
    seen: Arc<Mutex<Vec<String>>>,
    turn: Arc<AtomicUsize>,
) -> Option<()> {
    let mut client = BufReader::new(client);
    loop {
        let (head, body) = read(&mut client).await?;
        seen.lock().unwrap().push(head.clone());
        let named = head.lines().find_map(|line| line.strip_prefix("cookie: ")).and_then(|cookies| {
            cookies.split("; ").find_map(|pair| pair.strip_prefix("LB=fe")?.parse::<usize>().ok())
        });
        let node = match cookie {
            Some(_) => named.unwrap_or_else(|| turn.fetch_add(1, Ordering::SeqCst) % 2),
            None => 0,
        };
        let mut server = BufReader::new(TcpStream::connect(("127.0.0.1", ports[node])).await.ok()?);
        server.write_all(head.as_bytes()).await.ok()?;
        server.write_all(&body).await.ok()?;
        let (mut head, body) = read(&mut server).await?;
        if let Some(attributes) = cookie {
            head = head.replacen("\r\n", &format!("\r\nSet-Cookie: LB=fe{node}; {attributes}\r\n"), 1);
        }
        client.write_all(head.as_bytes()).await.ok()?;
        client.write_all(&body).await.ok()?;
    }
}

async fn read(stream: &mut BufReader<impl AsyncRead + Unpin>) -> Option<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    let length = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, body))
}

#[tokio::test]
async fn a_one_call_send_stays_at_one_front_end() {
    for attributes in ["path=/; HttpOnly", "path=/; SameSite=None; Max-Age=600", "Path=/; Domain=127.0.0.1"] {
        let balancer = Balancer::start(Some(attributes)).await;
        send_im::send(&balancer.account("tosh"), hello()).await.unwrap();
        assert_eq!(balancer.arrived(), 1, "{attributes}");
        until(|| balancer.open() == 0).await;
        let heads = balancer.heads();
        let without = heads.iter().filter(|head| !head.contains("\r\ncookie: LB=fe0\r\n")).count();
        assert_eq!(without, 1, "the first request alone knows no cookie: {heads:#?}");
        for (method, path) in
            [("POST", "oauthtoken"), ("GET", "/events"), ("POST", "Invitations"), ("DELETE", "/")]
        {
            let there = |head: &&String| head.starts_with(method) && head.contains(path);
            assert!(heads.iter().find(there).is_some_and(|head| head.contains("cookie:")), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_client_stays_at_one_front_end_also_with_a_renewed_session() {
    let balancer = Balancer::start(Some("path=/")).await;
    let client = Client::sign_in(balancer.account("tosh")).await.unwrap();
    client.send(hello()).await.unwrap();
    client.send(long()).await.unwrap();
    // The server forgets the session, and the token with it.
    let home = &balancer.front_ends[0];
    home.drop_applications();
    home.revoke_tokens();
    client.send(hello()).await.unwrap();
    client.sign_out().await.unwrap();
    assert_eq!((home.messages().len(), balancer.arrived(), balancer.open()), (3, 3, 0));
}

#[tokio::test]
async fn two_accounts_share_no_cookie_and_neither_do_two_sessions_of_one() {
    let balancer = Balancer::start(Some("path=/")).await;
    for name in ["tosh", "johan", "johan"] {
        let client = Client::sign_in(balancer.account(name)).await.unwrap();
        client.send(Message::text(LENE, name)).await.unwrap();
        client.sign_out().await.unwrap();
    }
    // Each began without one, and so at the next front end.
    let heads = balancer.heads();
    assert_eq!(heads.iter().filter(|head| !head.contains("cookie:")).count(), 3, "{heads:#?}");
    let texts: Vec<_> = balancer.front_ends.iter().map(|f| f.messages().len()).collect();
    assert_eq!(texts, [2, 1]);
}

#[tokio::test]
async fn without_a_cookie_the_requests_are_byte_by_byte_as_they_were() {
    let balancer = Balancer::start(None).await;
    send_im::send(&balancer.account("tosh"), hello()).await.unwrap();
    let heads = balancer.heads();
    let application = heads.iter().find_map(|head| head.split_once("/applications/")?.1.split('/').next());
    let token = heads.iter().find_map(|head| head.split_once("authorization: ")?.1.lines().next()).unwrap();
    let host = balancer.url.trim_start_matches("http://").trim_end_matches('/');
    let seen: Vec<_> = heads
        .iter()
        .map(|head| {
            head.replace(application.unwrap(), "ID").replace(token, "Bearer TOKEN").replace(host, "HOST")
        })
        .collect();
    let (user, applications) =
        ("/Autodiscover/AutodiscoverService.svc/root/oauth/user", "/ucwa/oauth/v1/applications");
    let accept = "accept: application/json\r\n";
    let token = "authorization: Bearer TOKEN\r\n";
    let json = "content-type: application/json\r\n";
    let form = "content-type: application/x-www-form-urlencoded;charset=UTF-8\r\n";
    let end = concat!("user-agent: send-im/", env!("CARGO_PKG_VERSION"), "\r\nhost: HOST\r\n");
    let wanted = [
        format!("GET / HTTP/1.1\r\n{accept}{end}\r\n"),
        format!("GET {user} HTTP/1.1\r\n{accept}{end}\r\n"),
        format!("POST /WebTicket/oauthtoken HTTP/1.1\r\n{accept}{form}{end}content-length: 58\r\n\r\n"),
        format!("GET {user} HTTP/1.1\r\n{accept}{token}{end}\r\n"),
        format!("POST {applications} HTTP/1.1\r\n{accept}{json}{token}{end}content-length: 99\r\n\r\n"),
        format!(
            "POST {applications}/ID/communication/messagingInvitations HTTP/1.1\r\n{accept}{json}{token}{end}content-length: 169\r\n\r\n"
        ),
        format!("GET {applications}/ID/events?ack=1 HTTP/1.1\r\n{accept}{token}{end}\r\n"),
        format!("DELETE {applications}/ID HTTP/1.1\r\n{accept}{token}{end}\r\n"),
    ];
    assert_eq!(seen, wanted);
}
