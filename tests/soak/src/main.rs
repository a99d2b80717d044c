//! The traffic of the soak, from Rust: `soak URL SECONDS SEED`. The README beside this tells what it prints.

use std::sync::Arc;
use std::time::Duration;

use send_im::{Account, Client, ErrorKind, Message, Result, Sent, send};
use serde_json::json;
use tokio::sync::RwLock;
use tokio::time::{Instant, sleep, timeout};

const WORKERS: u64 = 8;

#[tokio::main]
async fn main() {
    let [url, seconds, seed] = <[String; 3]>::try_from(std::env::args().skip(1).collect::<Vec<_>>()).unwrap();
    let length = Duration::from_secs(seconds.parse().unwrap());
    let account = Account::with_password("rust@contoso.com", "any").server(url);
    first_send(&account).await;
    state("first");
    let client = Arc::new(RwLock::new(Client::sign_in(account.clone()).await.unwrap()));
    let end = Instant::now() + length;
    let workers = (0..WORKERS).map(|n| {
        let chance = Chance(seed.parse::<u64>().unwrap() * 31 + n);
        tokio::spawn(Worker { n, sent: 0, chance, account: account.clone(), client: client.clone() }.run(end))
    });
    let workers: Vec<_> = workers.collect();
    sleep(length / 4).await;
    state("warm");
    for worker in workers {
        worker.await.unwrap();
    }
    state("busy");
    let client = Arc::try_unwrap(client).unwrap_or_else(|_| panic!("a worker is left")).into_inner();
    let _ = client.sign_out().await;
    drop(client);
    drop(account);
    settled().await;
    state("end");
}

/// A send without any fault, after which everything that stays is there.
async fn first_send(account: &Account) {
    send(account, Message::text("first@contoso.com", "rust first")).await.unwrap();
    tell("rust first", "delivered");
    settled().await;
}

/// Background work, such as signing out what was cancelled, has its time limits. They are passed after this.
async fn settled() {
    sleep(Duration::from_secs(15)).await;
}

/// One of those who share the client.
struct Worker {
    n: u64,
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
        let (departure, patience) = (message.departure(), Duration::from_millis(self.chance.below(60)));
        let client = self.client.read().await;
        match timeout(patience, client.send(message)).await {
            Ok(told) => tell_result(&text, &told),
            Err(_) => tell(&text, if departure.sent() == Sent::Maybe { "maybe" } else { "no" }),
        }
    }

    async fn sign_in_again(&mut self) {
        let mut client = self.client.write().await;
        let _ = client.sign_out().await;
        for _ in 0..20 {
            match Client::sign_in(self.account.clone()).await {
                Ok(new) => {
                    *client = new;
                    return;
                }
                Err(_) => sleep(Duration::from_millis(200)).await,
            }
        }
        panic!("no sign-in any more");
    }

    fn message(&mut self, limit: Duration) -> (String, Message) {
        self.sent += 1;
        let mut text = format!("rust {} {}", self.n, self.sent);
        if self.chance.below(4) == 0 {
            text.push_str(&" long".repeat(200));
        }
        let to = match self.chance.below(20) {
            0 => "busy@contoso.com".to_owned(),
            1 => "declines@contoso.com".to_owned(),
            2 => "echo@contoso.com".to_owned(),
            3 => "slow@contoso.com".to_owned(),
            4 => "offline@contoso.com".to_owned(),
            5 => "forwards@contoso.com".to_owned(),
            _ => format!("user{}@contoso.com", self.chance.below(40)),
        };
        let message = Message::text(to, text.clone()).timeout(limit);
        (text, message)
    }
}

fn tell_result<T>(text: &str, told: &Result<T>) {
    match told {
        Ok(_) => tell(text, "delivered"),
        Err(error) => {
            // What a program may do about it hangs on `sent`, and so does what is checked.
            assert!(error.kind() != ErrorKind::InvalidInput, "{error}");
            tell(text, error.sent().as_str());
        }
    }
}

fn tell(text: &str, outcome: &str) {
    println!("{}", json!({"text": text, "outcome": outcome}));
}

/// Prints resident memory, threads and TCP connections.
fn state(when: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let number = |name: &str| -> u64 {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    let links =
        std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let tcp: Vec<_> = table
        .lines()
        .filter_map(|line| Some(format!("socket:[{}]", line.split_whitespace().nth(9)?)))
        .collect();
    let connections = links.filter(|link| tcp.contains(&link.to_string_lossy().into_owned())).count();
    let told = json!({"state": when, "kib": number("VmRSS:"), "threads": number("Threads:"), "connections": connections});
    println!("{told}");
}

/// The same choices for the same seed (xorshift; good enough to mix traffic).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13 | 1;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}
