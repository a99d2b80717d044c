//! A UCWA server for demonstrations and tests.
#![allow(clippy::result_large_err)] // The error of every function here is an answer, made once and sent.

mod address;
mod api;
mod application;
mod behaviour;
mod challenge;
mod channel;
mod charset;
mod conversation;
mod damage;
mod data_uri;
mod discovery;
mod dispatch;
mod events;
mod faults;
mod form;
mod inbox;
mod input;
mod journal;
mod layout;
mod reply;
mod sandbox;
mod server;
mod sync;
mod tickets;
mod tls;
mod token;
mod world;

pub use behaviour::Behaviour;
pub use faults::{Action, ErrorBody, Fault, Route};
pub use inbox::{Delivered, WaitTimeout};
pub use journal::Exchange;
pub use layout::{ChallengeStyle, Layout, UnknownLayout};
pub use sandbox::{Builder, Sandbox};
