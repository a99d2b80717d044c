//! The options of a sandbox, as JSON.

use std::time::Duration;

use send_im::{Error, Result};
use send_im_sandbox::{Builder, Layout, Sandbox};
use serde::Deserialize;

/// The options of a sandbox. An absent one has the default of `Sandbox::builder`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SandboxOptions {
    layout: Option<String>,
    https: bool,
    listen: Option<String>,
    ring_ms: Option<u64>,
    slow_ms: Option<u64>,
    token_lifetime_ms: Option<u64>,
    poll_timeout_ms: Option<u64>,
    users: Vec<User>,
    redirect_to: Option<String>,
    host_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    address: String,
    password: String,
}

impl SandboxOptions {
    /// None and a blank text are no options.
    pub(crate) fn read(text: Option<&str>) -> Result<Self> {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(Self::default()) };
        // What serde says may quote a value, and a user has a password.
        let told = |e: serde_json::Error| format!("line {}, column {}", e.line(), e.column());
        serde_json::from_str(text)
            .map_err(|e| Error::invalid_input(format!("These are no options of a sandbox, see {}.", told(e))))
    }

    pub(crate) fn builder(self) -> Result<Builder> {
        let refuse = |why: &str| Error::invalid_input(why);
        let mut builder = Sandbox::builder().https(self.https);
        if let Some(layout) = self.layout {
            let layout: Layout = layout
                .parse()
                .map_err(|_| refuse("The layout is one of one-pool, two-pools and redirect."))?;
            builder = builder.layout(layout);
        }
        if let Some(listen) = self.listen {
            let address = listen.parse();
            builder = builder.listen(address.map_err(|_| {
                refuse("The sandbox listens on an address and a port, for example 127.0.0.1:8080.")
            })?);
        }
        if let Some(ring) = self.ring_ms {
            builder = builder.ring(Duration::from_millis(ring));
        }
        if let Some(slow) = self.slow_ms {
            builder = builder.slow(Duration::from_millis(slow));
        }
        if let Some(lifetime) = self.token_lifetime_ms {
            builder = builder.token_lifetime(Duration::from_millis(lifetime));
        }
        if let Some(timeout) = self.poll_timeout_ms {
            builder = builder.poll_timeout(Duration::from_millis(timeout));
        }
        for user in self.users {
            builder = builder.user(&user.address, &user.password);
        }
        if let Some(url) = self.redirect_to {
            builder = builder.redirect_to(&url);
        }
        if let Some(name) = self.host_name {
            builder = builder.host_name(&name);
        }
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_it_does_not_know_and_quotes_nothing() {
        let told = |text| SandboxOptions::read(Some(text)).err().unwrap().detail().to_owned();
        assert!(told(r#"{"htps": true}"#).contains("column"));
        let text = r#"{"users": [{"address": "tosh@contoso.com", "password": "x", "s3cret": 1}]}"#;
        assert!(!told(text).contains("s3cret"));
    }

    #[test]
    fn reads_every_option() {
        let text = r#"{"layout": "two-pools", "https": false, "listen": "127.0.0.1:0", "ring_ms": 1, "slow_ms": 1,
            "token_lifetime_ms": 1, "poll_timeout_ms": 1, "users": [{"address": "a@b.c", "password": "x"}],
            "redirect_to": "http://127.0.0.1/", "host_name": "pool.contoso.com"}"#;
        assert!(SandboxOptions::read(Some(text)).unwrap().builder().is_ok());
        assert!(SandboxOptions::read(None).unwrap().builder().is_ok());
    }
}
