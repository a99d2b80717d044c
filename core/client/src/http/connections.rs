//! The connections to the servers of one account: HTTP/2 where a server speaks it, HTTP/1.1 otherwise.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect;

use super::network_error::{CONNECT_TIMEOUT, innermost};
use super::proxy::{Proxies, USER_AGENT};
use crate::account::Account;
use crate::error::{Error, ErrorKind, Result};

/// How long a connection may be idle and still be used. Load balancers drop idle connections silently, the first of them after
/// 60 s; the outcome of a message sent on such a connection would be unknown.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

const TCP_KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Connections {
    any_version: reqwest::Client,
    http1_only: reqwest::Client,
    /// The origins that have asked for HTTP/1.1.
    http1_origins: Mutex<HashSet<String>>,
}

impl Connections {
    pub(super) fn new(
        account: &Account,
        tls: rustls::ClientConfig,
        proxies: Option<&Proxies>,
    ) -> Result<Self> {
        let mut http1_tls = tls.clone();
        http1_tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            any_version: client(account, reqwest::Client::builder(), tls, proxies)?,
            http1_only: client(account, reqwest::Client::builder().http1_only(), http1_tls, proxies)?,
            http1_origins: Mutex::default(),
        })
    }

    pub(super) fn client_for(&self, origin: &str) -> &reqwest::Client {
        let http1 = self.http1_origins.lock().unwrap_or_else(PoisonError::into_inner).contains(origin);
        if http1 { &self.http1_only } else { &self.any_version }
    }

    pub(super) fn use_http1(&self, origin: &str) {
        self.http1_origins.lock().unwrap_or_else(PoisonError::into_inner).insert(origin.to_owned());
    }
}

fn client(
    account: &Account,
    builder: reqwest::ClientBuilder,
    tls: rustls::ClientConfig,
    proxies: Option<&Proxies>,
) -> Result<reqwest::Client> {
    let builder = builder
        .tls_backend_preconfigured(tls)
        // `Http` decides what is sent again.
        .retry(reqwest::retry::never())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .tcp_keepalive(TCP_KEEPALIVE_INTERVAL)
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .user_agent(USER_AGENT);
    let builder = account.resolve.iter().fold(builder, |builder, (host, to)| builder.resolve(host, *to));
    let builder = match proxies {
        Some(proxies) => proxies.configure(builder),
        None => Ok(builder.no_proxy()),
    };
    builder
        .and_then(reqwest::ClientBuilder::build)
        .map_err(|e| Error::new(ErrorKind::Tls, format!("TLS cannot be set up: {}.", innermost(&e))))
}
