//! The hostile connections. Each does its mischief until the service ends it, and comes again.

use std::collections::BTreeMap;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::Plan;
use crate::chance::Chance;
use crate::frames;
use crate::target::{Stream, Target, Version};

/// Between two bytes, pings or floods of one connection.
const PAUSE: Duration = Duration::from_secs(1);
/// Requests in one flood of a connection.
const FLOOD: u32 = 200;
/// Before a connection that has ended comes again, in milliseconds.
const RETURN: std::ops::Range<u64> = 2000..8000;

const FORGED: &str = "recipient=lenea@contoso.com&message=forged";

/// What became of the connections of one kind.
#[derive(Default)]
struct Count {
    opened: AtomicU64,
    refused: AtomicU64,
    ended: AtomicU64,
}

/// Besieges until the time is over, and prints what became of each kind.
pub(crate) async fn run(plan: Plan, length: Duration) {
    let mut counts = BTreeMap::new();
    for service in plan.services {
        let target = Arc::new(Target::new(service));
        for (kind, connections) in &plan.besiegers {
            let count = Arc::new(Count::default());
            counts.insert(format!("{} {kind}", target.service.name), count.clone());
            for number in 0..*connections {
                let chance = Chance::new(plan.seed, &format!("{} {kind} {number}", target.service.name));
                let addresses =
                    if kind.ends_with("of one") { vec![plan.address] } else { plan.addresses.clone() };
                tokio::spawn(besieger(target.clone(), kind.clone(), addresses, chance, count.clone()));
            }
        }
    }
    sleep(length).await;
    for (kind, count) in counts {
        let [opened, refused, ended] =
            [&count.opened, &count.refused, &count.ended].map(|n| n.load(Ordering::Relaxed));
        crate::tell(&json!({ "kind": kind, "opened": opened, "refused": refused, "ended": ended }));
    }
}

async fn besieger(
    target: Arc<Target>,
    kind: String,
    addresses: Vec<Ipv4Addr>,
    mut chance: Chance,
    count: Arc<Count>,
) {
    // The silent ones are first: where they are kept for ever, nobody else gets in.
    if !kind.starts_with("silent of") {
        sleep(chance.millis(RETURN)).await;
    }
    loop {
        let from = chance.pick(&addresses);
        match opened(&target, &kind, from).await {
            Ok(stream) => {
                count.opened.fetch_add(1, Ordering::Relaxed);
                // That the service ended it is what it should do; how, does not matter.
                let _ = mischief(&target, &kind, stream).await;
                count.ended.fetch_add(1, Ordering::Relaxed);
            }
            Err(_) => drop(count.refused.fetch_add(1, Ordering::Relaxed)),
        }
        sleep(chance.millis(RETURN)).await;
    }
}

/// The connection as this kind needs it.
async fn opened(target: &Target, kind: &str, from: Ipv4Addr) -> io::Result<Box<dyn Stream>> {
    let version = match kind {
        "silent of one" | "silent of many" | "half a handshake" => {
            return Ok(Box::new(target.tcp(from).await?));
        }
        "silent after the handshake"
        | "slow head"
        | "huge head"
        | "slow body"
        | "unread"
        | "lingering"
        | "wrong token"
        | "forged" => Version::One,
        _ => Version::Two,
    };
    target.open(from, version).await
}

/// Returns once the service has ended the connection.
async fn mischief(target: &Target, kind: &str, mut stream: Box<dyn Stream>) -> io::Result<()> {
    let head = |line: &str| format!("{line} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    let authorization = match &target.service.token {
        Some(token) => format!("Authorization: Bearer {token}\r\n"),
        None => String::new(),
    };
    match kind {
        "silent of one" | "silent of many" | "silent after the handshake" => drain(stream).await,
        "half a handshake" => {
            let hello = target.hello();
            stream.write_all(&hello[..hello.len() / 2]).await?;
            drain(stream).await
        }
        "half a preface" => {
            stream.write_all(&frames::PREFACE[..frames::PREFACE.len() / 2]).await?;
            drain(stream).await
        }
        "slow head" => {
            stream.write_all(head("GET /healthz").as_bytes()).await?;
            repeat(stream, |_| b"X".to_vec()).await
        }
        "huge head" => {
            stream.write_all(format!("{}X: ", head("GET /healthz")).as_bytes()).await?;
            stream.write_all(&[b'x'; 400 << 10]).await?;
            drain(stream).await
        }
        "slow body" => {
            let head = head("POST /send");
            let head = format!(
                "{head}{authorization}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await?;
            repeat(stream, |_| b" ".to_vec()).await
        }
        "unread" => {
            let request = format!("{}{authorization}\r\n", head("GET /openapi.json"));
            stream.write_all(request.repeat(20).as_bytes()).await?;
            // It ends when writing fails, because nothing is read.
            loop {
                sleep(PAUSE).await;
                stream.write_all(b"\r\n").await?;
            }
        }
        "lingering" => {
            stream.write_all(format!("{}\r\n", head("GET /healthz")).as_bytes()).await?;
            drain(stream).await
        }
        "wrong token" => {
            // A service without tokens refuses what a proxy forwards.
            let lines = [
                format!("Authorization: Bearer {}", "wrong".repeat(5)),
                "X-Forwarded-For: 192.0.2.1".to_owned(),
                "Content-Type: application/x-www-form-urlencoded".to_owned(),
                format!("Content-Length: {}", FORGED.len()),
            ];
            let request = format!("{}{}\r\n\r\n{FORGED}", head("POST /send"), lines.join("\r\n"));
            repeat(stream, |_| request.clone().into_bytes()).await
        }
        "forged" => {
            let marks = ["Origin: https://evil.example", "Sec-Fetch-Site: cross-site"];
            repeat(stream, |round| {
                let mark = marks[round as usize % marks.len()];
                format!("{}{mark}\r\n\r\n", head(&format!("GET /send?{FORGED}"))).into_bytes()
            })
            .await
        }
        "HTTP/2 pings" => {
            stream.write_all(&frames::start(65535)).await?;
            pings(stream).await
        }
        "HTTP/2 unread" => {
            stream.write_all(&frames::start(0)).await?;
            stream.write_all(&flood(0, |id| frames::get(id, "/openapi.json", OVER))).await?;
            drain(stream).await
        }
        "HTTP/2 many streams" => {
            stream.write_all(&frames::start(65535)).await?;
            repeat(stream, |round| flood(round, |id| frames::get(id, "/send", frames::END_HEADERS))).await
        }
        "HTTP/2 resets" => {
            stream.write_all(&frames::start(65535)).await?;
            repeat(stream, |round| {
                flood(round, |id| [frames::get(id, "/healthz", OVER), frames::reset(id)].concat())
            })
            .await
        }
        "HTTP/2 endless head" => {
            stream.write_all(&frames::start(65535)).await?;
            stream.write_all(&frames::get(1, "/healthz", 0)).await?;
            repeat(stream, |_| frames::continuation(1)).await
        }
        other => panic!("there is no besieger {other}"),
    }
}

/// The flags of a request without a body.
const OVER: u8 = frames::END_HEADERS | frames::END_STREAM;

/// A request on each of so many new streams.
fn flood(round: u32, request: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    (0..FLOOD).flat_map(|n| request(2 * (round * FLOOD + n) + 1)).collect()
}

/// Reads to the end of the connection.
async fn drain(mut stream: impl AsyncRead + Unpin) -> io::Result<()> {
    let mut into = [0; 4096];
    while stream.read(&mut into).await? > 0 {}
    Ok(())
}

/// Writes these bytes again and again, and reads meanwhile.
async fn repeat(stream: Box<dyn Stream>, bytes: impl Fn(u32) -> Vec<u8>) -> io::Result<()> {
    let (reader, mut writer) = tokio::io::split(stream);
    let write = async {
        for round in 0.. {
            writer.write_all(&bytes(round)).await?;
            sleep(PAUSE).await;
        }
        Ok(())
    };
    tokio::select! {
        read = drain(reader) => read,
        written = write => written,
    }
}

/// Pings, and answers pings, and asks nothing.
async fn pings(stream: Box<dyn Stream>) -> io::Result<()> {
    let (mut reader, writer) = tokio::io::split(stream);
    let writer = Mutex::new(writer);
    let answer = async {
        loop {
            let mut head = [0; 9];
            reader.read_exact(&mut head).await?;
            let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
            reader.read_exact(&mut payload).await?;
            if let Some(pong) = frames::pong(&head, &payload) {
                writer.lock().await.write_all(&pong).await?;
            }
        }
    };
    let ask = async {
        loop {
            writer.lock().await.write_all(&frames::ping()).await?;
            sleep(PAUSE).await;
        }
    };
    tokio::select! {
        answered = answer => answered,
        asked = ask => asked,
    }
}
