//! The checks of names, proxy, connection and TLS, for servers that are asked alike.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;
use url::Url;

use super::advice::{Reason, advice};
use super::check::{Check, CheckName, CheckOutcome};
use super::handshake::{describe, reason_of};
use super::report::Report;
use crate::error::{ErrorKind, Result};
use crate::http::{Duplex, Probe, ProxyInUse, connect};
use crate::steps::{host_of, with_port};

/// Fewer days left to a certificate are a warning.
const SOON: i64 = 30;

/// A server on its way through the checks.
struct Server {
    url: Url,
    proxy: Option<ProxyInUse>,
    addresses: Vec<SocketAddr>,
    stream: Option<Box<dyn Duplex>>,
}

/// Which of the servers a send needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Needed {
    /// One of them, as the discovery roots of a domain.
    Any,
    /// All, as those that discovery led to.
    All,
}

/// What was found out about the servers in one check.
#[derive(Default)]
struct Findings {
    seen: Vec<String>,
    /// The first reason that a server is out.
    reason: Option<Reason>,
    /// A server is reached, and something about it should be looked at.
    warning: Option<Reason>,
}

/// Checks the connections to these servers. False where a send gets none; its error would be of this kind, or `tls`.
pub(super) async fn check(
    probe: &Probe,
    servers: &[Url],
    (needed, kind): (Needed, ErrorKind),
    report: &mut Report<'_>,
) -> Result<bool> {
    let servers = servers.iter().map(|url| Server {
        url: url.clone(),
        proxy: probe.proxy_for(url),
        addresses: Vec::new(),
        stream: None,
    });
    let mut round = Round { servers: servers.collect(), needed, kind, report };
    Ok(round.names(probe).await && round.proxy(probe).await && round.tcp().await && round.tls(probe).await?)
}

struct Round<'a, 'b> {
    servers: Vec<Server>,
    needed: Needed,
    kind: ErrorKind,
    report: &'a mut Report<'b>,
}

impl Round<'_, '_> {
    async fn names(&mut self, probe: &Probe) -> bool {
        let (begun, mut findings) = (Instant::now(), Findings::default());
        let servers = std::mem::take(&mut self.servers);
        let unknown = match (self.needed, servers.len()) {
            // The two names of a domain.
            (Needed::Any, 2) => Reason::NoName,
            _ => Reason::NoServerName,
        };
        let looked_up = servers.into_iter().map(async |mut server: Server| {
            let host = server.url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            if let Some(proxy) = server.proxy.as_ref().filter(|proxy| proxy.resolves) {
                return (format!("{host} is looked up by the proxy {}", proxy.name), Some(server));
            }
            match probe.addresses(&server.url).await {
                Ok(addresses) => {
                    let ips: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
                    server.addresses = addresses;
                    let seen = match ips.as_slice() {
                        [ip] if *ip == host => format!("{host} is an address and needs no name"),
                        ips => format!("{host} is {}", ips.join(", ")),
                    };
                    (seen, Some(server))
                }
                Err(why) => (format!("{host} has no address ({why})"), None),
            }
        });
        for (seen, server) in join_all(looked_up).await {
            findings.seen.push(seen);
            match server {
                Some(server) => self.servers.push(server),
                None => drop(findings.reason.get_or_insert(unknown)),
            }
        }
        // One of the two names of a domain is often known inside or outside alone.
        let known = findings.reason.is_none() || (self.needed == Needed::Any && !self.servers.is_empty());
        if known {
            findings.reason = None;
        }
        self.conclude(CheckName::Names, self.kind, findings, begun.elapsed())
    }

    async fn proxy(&mut self, probe: &Probe) -> bool {
        let (begun, mut findings) = (Instant::now(), Findings::default());
        for mut server in std::mem::take(&mut self.servers) {
            let Some(proxy) = server.proxy.as_ref() else {
                findings.seen.push(format!("{} {}", host_of(&server.url), probe.why_direct(&server.url)));
                self.servers.push(server);
                continue;
            };
            let named = format!("{} of {}", proxy.name, proxy.setting);
            let reached = match proxy.addresses().await {
                Ok(addresses) => match first_connection(&addresses).await {
                    (_, Some(_)) => Ok(()),
                    (seen, None) => {
                        let seen: Vec<String> = seen.into_iter().map(|(seen, _)| seen).collect();
                        Err(format!("The proxy {named} cannot be reached: {}", seen.join(", ")))
                    }
                },
                Err(why) => Err(format!("The name of the proxy {named} cannot be resolved ({why})")),
            };
            let opened = match reached {
                Err(why) => Err((why, Reason::ProxyUnreachable)),
                Ok(()) if proxy.is_socks => Ok(None),
                // A password that it has refused is not shown to it again, as that could lock an account.
                Ok(()) if findings.reason == Some(Reason::ProxySignIn) => Err((
                    format!("{named} is not asked again for {}", host_of(&server.url)),
                    Reason::ProxySignIn,
                )),
                Ok(()) => match proxy.tunnel(&server.url).await {
                    Ok(stream) => Ok(Some(stream)),
                    Err((why, Some(401 | 407))) => Err((why, Reason::ProxySignIn)),
                    Err((why, Some(_))) => Err((why, Reason::ProxyRefuses)),
                    Err((why, None)) => Err((why, Reason::ProxyUnreachable)),
                },
            };
            match opened {
                Ok(stream) => {
                    findings.seen.push(format!("{} through {named}", host_of(&server.url)));
                    server.stream = stream;
                    self.servers.push(server);
                }
                Err((why, reason)) => {
                    findings.seen.push(why);
                    findings.reason.get_or_insert(reason);
                }
            }
        }
        self.conclude(CheckName::Proxy, self.kind, findings, begun.elapsed())
    }

    async fn tcp(&mut self) -> bool {
        let (begun, mut findings) = (Instant::now(), Findings::default());
        let servers = std::mem::take(&mut self.servers);
        let connected = servers.into_iter().map(async |mut server: Server| {
            if let Some(proxy) = &server.proxy {
                return (
                    format!("the proxy {} connects to {}", proxy.name, with_port(&server.url)),
                    false,
                    server,
                );
            }
            let (seen, stream) = first_connection(&server.addresses).await;
            let imperfect = seen.iter().any(|(_, fine)| !fine);
            server.stream = stream;
            let seen: Vec<String> = seen.into_iter().map(|(seen, _)| seen).collect();
            (format!("{}: {}", host_of(&server.url), seen.join(", ")), imperfect, server)
        });
        for (seen, imperfect, server) in join_all(connected).await {
            findings.seen.push(seen);
            if server.stream.is_none() && server.proxy.is_none() {
                findings.reason.get_or_insert(Reason::NoConnection);
                continue;
            }
            if imperfect {
                findings.warning.get_or_insert(Reason::NoConnection);
            }
            self.servers.push(server);
        }
        self.conclude(CheckName::Tcp, self.kind, findings, begun.elapsed())
    }

    async fn tls(&mut self, probe: &Probe) -> Result<bool> {
        let (begun, mut findings) = (Instant::now(), Findings::default());
        let mut looked_at = false;
        for mut server in std::mem::take(&mut self.servers) {
            let host = host_of(&server.url);
            let stream = server.stream.take();
            let (true, Some(stream)) = (server.url.scheme() == "https", stream) else {
                findings.seen.push(match server.url.scheme() {
                    "https" => format!("{host}: not looked at behind a SOCKS proxy; requests verify it"),
                    _ => format!("{host}: plain http, on this machine"),
                });
                self.servers.push(server);
                continue;
            };
            looked_at = true;
            let handshake = probe.secure(&server.url, stream).await?;
            findings.seen.push(describe(&host, &handshake, probe.account.tls));
            match &handshake.outcome {
                Ok(_) => {
                    if handshake.chain.first().is_some_and(|own| own.days_left < SOON) {
                        findings.warning.get_or_insert(Reason::CertificateExpiresSoon);
                    }
                    self.servers.push(server);
                }
                Err(error) => drop(findings.reason.get_or_insert(reason_of(error))),
            }
        }
        if !looked_at {
            self.report.add(Check::skipped(CheckName::Tls, findings.seen.join("; ")));
            return Ok(true);
        }
        Ok(self.conclude(CheckName::Tls, ErrorKind::Tls, findings, begun.elapsed()))
    }

    /// Reports a check. False where a send fails at it.
    fn conclude(&mut self, name: CheckName, kind: ErrorKind, findings: Findings, elapsed: Duration) -> bool {
        let Findings { mut seen, reason, warning } = findings;
        // Two servers behind one dead proxy have one sentence.
        seen.dedup();
        seen.iter_mut().for_each(|one| one.truncate(one.trim_end_matches('.').len()));
        let enough = !self.servers.is_empty() && (reason.is_none() || self.needed == Needed::Any);
        let outcome = match (enough, reason.or(warning)) {
            (false, _) => CheckOutcome::Failed,
            (true, Some(_)) => CheckOutcome::Warning,
            (true, None) => CheckOutcome::Passed,
        };
        let mut check = Check::new(name, outcome, seen.join("; ")).elapsed(elapsed);
        if let Some(reason) = reason.or(warning) {
            check = check.advised(Some(advice(name, Some(kind), reason)));
        }
        if reason.is_some() {
            check = check.kind(kind);
        }
        self.report.add(check);
        enough
    }
}

/// What each address says, whether that is as it should be, and the first connection.
async fn first_connection(addresses: &[SocketAddr]) -> (Vec<(String, bool)>, Option<Box<dyn Duplex>>) {
    let (mut seen, mut first) = (Vec::new(), None);
    for (address, connected) in addresses.iter().zip(join_all(addresses.iter().map(|to| connect(*to))).await)
    {
        match connected {
            Ok((stream, took)) => {
                seen.push((format!("{address} answers in {} ms", took.as_millis()), true));
                first.get_or_insert_with(|| Box::new(stream) as Box<dyn Duplex>);
            }
            // The name localhost has two addresses, and servers often listen at one.
            Err(why) => seen.push((format!("{address} {why}"), address.ip().is_loopback())),
        }
    }
    (seen, first)
}
