//! The send-im command: send a message, run a sandbox.
