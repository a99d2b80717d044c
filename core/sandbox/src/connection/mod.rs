//! Ports, connections and TLS, and the ways to break them.

pub(crate) mod handle;
pub(crate) mod http2;
pub(crate) mod listener_control;
pub(crate) mod port;
pub(crate) mod tls;
