//! The options of a sandbox as data, for languages without the builder: fields, or one JSON object of them.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;

use crate::builder::Builder;

/// The options of a sandbox. An absent one has the default of [`Builder`].
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxOptions {
    /// `one-pool`, `two-pools` or `redirect`.
    pub layout: Option<String>,
    /// True for https with a certificate authority of its own.
    pub https: bool,
    /// Address and port to listen on.
    pub listen: Option<String>,
    /// How long an invitation to `silent@` rings, in milliseconds.
    pub ring_ms: Option<u64>,
    /// How long `slow@` takes to accept, in milliseconds.
    pub slow_ms: Option<u64>,
    /// How long other recipients take to answer, in milliseconds.
    pub answer_after_ms: Option<u64>,
    /// How long a token lasts, in milliseconds.
    pub token_lifetime_ms: Option<u64>,
    /// How long the server holds an empty event request, in milliseconds.
    pub poll_timeout_ms: Option<u64>,
    /// Who may sign in. Empty: anybody with any password but `wrong`.
    pub users: Vec<SandboxUser>,
    /// The discovery root answers with a redirect to this URL.
    pub redirect_to: Option<String>,
    /// A further host name for the certificate and the links.
    pub host_name: Option<String>,
    /// The origins whose web pages are answered. Empty: any.
    pub allow_origins: Vec<String>,
}

/// Someone who may sign in.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SandboxUser {
    /// The address.
    pub address: String,
    /// The password.
    pub password: String,
}

/// Why these are no options of a sandbox, in one sentence that quotes no value: a user has a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotOptions(String);

impl FromStr for SandboxOptions {
    type Err = NotOptions;

    /// Reads a JSON object.
    fn from_str(text: &str) -> Result<Self, NotOptions> {
        serde_json::from_str(text).map_err(|e: serde_json::Error| {
            let place = format!("line {}, column {}", e.line(), e.column());
            NotOptions(format!("These are no options of a sandbox, see {place}."))
        })
    }
}

impl TryFrom<SandboxOptions> for Builder {
    type Error = NotOptions;

    fn try_from(options: SandboxOptions) -> Result<Self, NotOptions> {
        let refuse = |why: &str| NotOptions(why.to_owned());
        let mut builder = Builder::default().https(options.https);
        if let Some(layout) = options.layout {
            let layout = layout.parse();
            builder = builder.layout(
                layout.map_err(|_| refuse("The layout is one of one-pool, two-pools and redirect."))?,
            );
        }
        if let Some(listen) = options.listen {
            let address = listen.parse().map_err(|_| {
                refuse("The sandbox listens on an address and a port, for example 127.0.0.1:8080.")
            });
            builder = builder.listen(address?);
        }
        type SetTime = fn(Builder, Duration) -> Builder;
        let times = [
            (options.ring_ms, Builder::ring as SetTime),
            (options.slow_ms, Builder::slow),
            (options.answer_after_ms, Builder::answer_after),
            (options.token_lifetime_ms, Builder::token_lifetime),
            (options.poll_timeout_ms, Builder::poll_timeout),
        ];
        for (time, set) in times {
            if let Some(time) = time {
                builder = set(builder, Duration::from_millis(time));
            }
        }
        for user in options.users {
            builder = builder.user(&user.address, &user.password);
        }
        if let Some(url) = options.redirect_to {
            builder = builder.redirect_to(&url);
        }
        if let Some(name) = options.host_name {
            builder = builder.host_name(&name);
        }
        for origin in options.allow_origins {
            builder = builder.allow_origin(&origin);
        }
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_it_does_not_know_and_quotes_nothing() {
        let told = |text: &str| text.parse::<SandboxOptions>().err().unwrap().to_string();
        assert!(told(r#"{"htps": true}"#).contains("column"));
        let text = r#"{"users": [{"address": "tosh@contoso.com", "password": "x", "s3cret": 1}]}"#;
        assert!(!told(text).contains("s3cret"));
    }

    #[test]
    fn reads_every_option() {
        let text = r#"{"layout": "two-pools", "https": false, "listen": "127.0.0.1:0", "ring_ms": 1, "slow_ms": 1,
            "answer_after_ms": 1, "token_lifetime_ms": 1, "poll_timeout_ms": 1,
            "users": [{"address": "a@b.c", "password": "x"}], "redirect_to": "http://127.0.0.1/",
            "host_name": "pool.contoso.com", "allow_origins": ["https://app.contoso.com"]}"#;
        let options: SandboxOptions = text.parse().unwrap();
        assert!(Builder::try_from(options).is_ok());
        assert!(Builder::try_from(SandboxOptions::default()).is_ok());
    }

    #[test]
    fn a_layout_and_an_address_are_plainly_refused() {
        for (text, why) in
            [(r#"{"layout": "maze"}"#, "layout"), (r#"{"listen": "here"}"#, "address and a port")]
        {
            let refused = Builder::try_from(text.parse::<SandboxOptions>().unwrap()).err().unwrap();
            assert!(refused.to_string().contains(why), "{refused}");
        }
    }
}
