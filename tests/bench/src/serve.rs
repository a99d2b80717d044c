//! The servers of a run, in a process of their own: one sandbox a length of the way.

use std::io::{self, BufRead, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use send_im_sandbox::Sandbox;
use serde_json::json;

use crate::link::{self, Traffic};

/// What to serve.
#[derive(clap::Args, Debug)]
pub struct Serve {
    /// Speak https, and write the certificate authority to this file
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,

    /// Speak HTTP/1.1 alone
    #[arg(long)]
    http1: bool,

    /// The round-trip times, in milliseconds, each with a server of its own; 0 is the bare loopback
    #[arg(long, value_delimiter = ',', default_value = "0")]
    round_trips: Vec<u64>,
}

struct Server {
    sandbox: Sandbox,
    traffic: Option<Arc<Traffic>>,
}

/// Serves until standard input ends. A line on standard input is answered with one of JSON: what went over each link
/// since the last one.
pub async fn run(serve: Serve) -> io::Result<()> {
    let mut servers = Vec::new();
    let mut authorities = String::new();
    for (number, round_trip) in serve.round_trips.iter().enumerate() {
        let server = start(&serve, u8::try_from(number).unwrap_or(u8::MAX), *round_trip).await?;
        authorities.push_str(server.sandbox.ca_pem().unwrap_or_default());
        servers.push(server);
    }
    if let Some(path) = &serve.ca_out {
        std::fs::write(path, authorities)?;
    }
    let urls: Vec<_> = servers.iter().map(|server| server.sandbox.url()).collect();
    say(&json!({ "urls": urls }))?;
    tokio::task::spawn_blocking(move || {
        for line in io::stdin().lock().lines() {
            line?;
            let traffic: Vec<_> =
                servers.iter().map(|server| server.traffic.as_ref().map(|traffic| traffic.take())).collect();
            say(&json!(traffic))?;
        }
        Ok(())
    })
    .await
    .map_err(io::Error::other)?
}

/// The links of a server name the address that the client asked, so the longer way has one of its own with the same port.
async fn start(serve: &Serve, number: u8, round_trip: u64) -> io::Result<Server> {
    let builder = Sandbox::builder().https(serve.ca_out.is_some()).http2(!serve.http1);
    if round_trip == 0 {
        return Ok(Server { sandbox: builder.start().await?, traffic: None });
    }
    let far = Ipv4Addr::new(127, 0, 0, 2 + number);
    let sandbox = builder.host_name(&far.to_string()).start().await?;
    let port = url::Url::parse(sandbox.url()).ok().and_then(|url| url.port()).unwrap_or_default();
    let at = |host| SocketAddr::new(IpAddr::V4(host), port);
    let traffic = link::open(at(far), at(Ipv4Addr::LOCALHOST), Duration::from_millis(round_trip))?;
    Ok(Server { sandbox, traffic: Some(traffic) })
}

/// One line of JSON on standard output.
pub fn say(value: &serde_json::Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}
