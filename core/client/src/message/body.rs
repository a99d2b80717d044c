//! What a message says, held once for all who get it.

use std::sync::{Arc, OnceLock};

use secrecy::{ExposeSecret, SecretString};

#[derive(Clone)]
pub(crate) enum Body {
    Text(Arc<Content>),
    Html(Arc<Content>),
}

/// What a message says. Messages to many recipients share it: it is held once, and checked once.
pub(crate) struct Content {
    text: SecretString,
    checked: OnceLock<Result<(), &'static str>>,
}

impl Content {
    pub(super) fn new(text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { text: text.into().into(), checked: OnceLock::new() })
    }

    pub(crate) fn expose_secret(&self) -> &str {
        self.text.expose_secret()
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        *self.checked.get_or_init(|| {
            let text = self.expose_secret();
            if text.trim().is_empty() {
                return Err("The message is empty.");
            }
            if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
                return Err("The message contains a control character other than tab and line break.");
            }
            Ok(())
        })
    }
}
