//! The traffic of the soak, from Rust.

use std::sync::Arc;
use std::time::Duration;

use send_im::{Account, Client, Error, Message, Result, Sent, send};
use serde_json::json;
use tokio::sync::RwLock;
use tokio::time::{Instant, sleep, timeout};

use crate::ALLOCATOR;
use crate::chance::Chance;

const WORKERS: usize = 8;

/// What fails so often in a row does not fail because of a fault.
const ATTEMPTS: u32 = 20;

/// The time between two attempts, times the number of the attempt. A name that was refused three times rests for a minute; all
/// attempts together take longer.
const PAUSE: Duration = Duration::from_millis(500);

/// Half of the workers share a client that speaks http, half one that speaks https.
pub(crate) async fn run(urls: [&str; 2], ca_file: &str, length: Duration, seed: u64) {
    let accounts = urls.map(|url| {
        let account = Account::with_password("rust@contoso.com", "any").server(url);
        if url.starts_with("https") { account.ca_file(ca_file) } else { account }
    });
    for (account, text) in accounts.iter().zip(["rust first", "rust second"]) {
        send(account, Message::text("first@contoso.com", text)).await.unwrap();
        tell(text, "delivered");
    }
    settled().await;
    state("first");
    let mut clients = Vec::new();
    for account in &accounts {
        clients.push(Arc::new(RwLock::new(signed_in(account).await)));
    }
    let end = Instant::now() + length;
    let worker = |n: usize| Worker {
        n,
        sent: 0,
        chance: Chance::new(seed, &format!("rust {n}")),
        account: accounts[n % 2].clone(),
        client: clients[n % 2].clone(),
    };
    let workers: Vec<_> = (0..WORKERS).map(|n| tokio::spawn(worker(n).run(end))).collect();
    for worker in workers {
        worker.await.unwrap();
    }
    for (n, client) in clients.iter().enumerate() {
        worker(WORKERS + n).still_delivers(&*client.read().await).await;
    }
    for client in clients {
        let _ = client.read().await.sign_out().await;
    }
    drop(accounts);
    settled().await;
    state("end");
}

/// Background work, such as signing out what was cancelled, has its time limits. They are passed after this.
async fn settled() {
    sleep(Duration::from_secs(15)).await;
}

/// One of those who share the client.
struct Worker {
    n: usize,
    sent: u64,
    chance: Chance,
    account: Account,
    client: Arc<RwLock<Client>>,
}

impl Worker {
    async fn run(mut self, end: Instant) {
        while Instant::now() < end {
            match self.chance.below(100) {
                0..60 => self.by_the_client(Duration::from_secs(20)).await,
                60..74 => self.by_one_call().await,
                74..84 => self.as_a_list().await,
                84..92 => {
                    let short = Duration::from_millis(20 + self.chance.below(400));
                    self.by_the_client(short).await;
                }
                92..99 => self.cancelled().await,
                _ => self.sign_in_again().await,
            }
            sleep(Duration::from_millis(self.chance.below(400))).await;
        }
    }

    async fn by_the_client(&mut self, limit: Duration) {
        let (text, message) = self.message(limit);
        let told = self.client.read().await.send(message).await;
        tell_result(&text, &told);
    }

    async fn by_one_call(&mut self) {
        let (text, message) = self.message(Duration::from_secs(20));
        let told = send(&self.account, message).await;
        tell_result(&text, &told);
    }

    async fn as_a_list(&mut self) {
        let (texts, messages): (Vec<_>, Vec<_>) =
            (0..10).map(|_| self.message(Duration::from_secs(20))).unzip();
        let told = self.client.read().await.send_all(messages).await;
        for (text, told) in texts.iter().zip(&told) {
            tell_result(text, told);
        }
    }

    async fn cancelled(&mut self) {
        let (text, message) = self.message(Duration::from_secs(20));
        let (sent_status, patience) = (message.sent_status(), Duration::from_millis(self.chance.below(60)));
        let client = self.client.read().await;
        match timeout(patience, client.send(message)).await {
            Ok(told) => tell_result(&text, &told),
            Err(_) => tell(&text, if sent_status.sent() == Sent::Maybe { "maybe" } else { "no" }),
        }
    }

    async fn sign_in_again(&mut self) {
        let client = self.client.clone();
        let mut client = client.write().await;
        self.still_delivers(&client).await;
        let _ = client.sign_out().await;
        *client = signed_in(&self.account).await;
    }

    /// Whatever has happened, a client whose password is right delivers again after a while.
    async fn still_delivers(&mut self, client: &Client) {
        for attempt in 1.. {
            let (text, message) = self.message_to("user0@contoso.com", Duration::from_secs(5));
            let told = client.send(message).await;
            tell_result(&text, &told);
            match told {
                Err(error) if attempt < ATTEMPTS => drop(error),
                Err(error) => return dead(&error),
                Ok(_) => return,
            }
            sleep(PAUSE * attempt).await;
        }
    }

    fn message(&mut self, limit: Duration) -> (String, Message) {
        let to = match self.chance.below(20) {
            0 => "busy@contoso.com".to_owned(),
            1 => "declines@contoso.com".to_owned(),
            2 => "echo@contoso.com".to_owned(),
            3 => "slow@contoso.com".to_owned(),
            4 => "offline@contoso.com".to_owned(),
            5 => "forwards@contoso.com".to_owned(),
            _ => format!("user{}@contoso.com", self.chance.below(40)),
        };
        self.message_to(&to, limit)
    }

    fn message_to(&mut self, to: &str, limit: Duration) -> (String, Message) {
        self.sent += 1;
        let mut text = format!("rust {} {}", self.n, self.sent);
        if self.chance.below(4) == 0 {
            text.push_str(&" long".repeat(200));
        }
        let message = Message::text(to, text.clone()).timeout(limit);
        (text, message)
    }
}

/// Whatever goes wrong, the password is right.
async fn signed_in(account: &Account) -> Client {
    for attempt in 1.. {
        match Client::sign_in(account.clone()).await {
            Ok(client) => return client,
            Err(error) if attempt == ATTEMPTS => dead(&error),
            Err(_) => {}
        }
        sleep(PAUSE * attempt).await;
    }
    unreachable!()
}

/// Prints that what has to work after a while does not.
fn dead(why: &Error) {
    println!("{}", json!({"dead": why.to_string()}));
}

fn tell_result<T>(text: &str, told: &Result<T>) {
    match told {
        Ok(_) => tell(text, "delivered"),
        Err(error) => tell(text, error.sent().as_str()),
    }
}

fn tell(text: &str, outcome: &str) {
    println!("{}", json!({"text": text, "outcome": outcome}));
}

/// Prints bytes in use, threads and TCP connections.
fn state(when: &str) {
    let stats = ALLOCATOR.stats();
    let live = stats.bytes_allocated - stats.bytes_deallocated;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let threads = status.lines().find_map(|line| line.strip_prefix("Threads:")).unwrap().trim();
    let links =
        std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let tcp: Vec<_> = table
        .lines()
        .filter_map(|line| Some(format!("socket:[{}]", line.split_whitespace().nth(9)?)))
        .collect();
    let connections = links.filter(|link| tcp.contains(&link.to_string_lossy().into_owned())).count();
    let threads: u64 = threads.parse().unwrap();
    println!("{}", json!({"state": when, "live": live, "threads": threads, "connections": connections}));
}
