//! What must hold for any bytes: one function a decoder, which panics where something does not.
//!
//! `make fuzz` feeds them from libFuzzer; `cargo test -p send-im-fuzz` feeds them the seeds.

mod input;
mod server;

/// A function that takes any bytes.
pub type Check = fn(&[u8]);

/// Every check that needs nothing but the core, by its name.
pub const CHECKS: [(&str, Check); 8] = [
    ("challenge", server::challenge),
    ("hypermedia", server::hypermedia),
    ("events", server::events),
    ("data_uri", server::data_uri),
    ("links", server::links),
    ("address", input::address),
    ("profile", input::profile),
    ("html", input::html),
];

/// The check of this name.
pub fn named(name: &str) -> Option<Check> {
    CHECKS.iter().find(|(known, _)| *known == name).map(|(_, check)| *check)
}
