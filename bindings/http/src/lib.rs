//! An HTTP service that delivers instant messages: `GET|POST /?recipient=…&message=…`.
//!
//! It answers with a receipt, or with a problem (RFC 9457) that has the members of [`send_im::Error`]. `send-im serve` runs
//! it; README.md beside this crate says what it takes, what it answers and how it defends itself.
//!
//! ```no_run
//! # async fn example() -> send_im::Result<()> {
//! use send_im_http::{Options, Service};
//!
//! let options = Options::new().account(send_im::Account::stored()?);
//! let service = Service::start(options).await?;
//! println!("POST recipient and message to {}send", service.url());
//! // … until the program is to end …
//! service.stop().await;
//! # Ok(())
//! # }
//! ```

mod connections;
mod guard;
mod metrics;
mod openapi;
mod options;
mod order;
mod page;
mod parameters;
mod problem;
mod progress;
mod rate;
mod routes;
mod sending;
mod service;
mod sessions;
mod tls;
mod token;

pub use options::Options;
pub use service::Service;
pub use token::Tokens;

/// The Rust code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
