//! Who has answered: the pool, or something between it and the client.
//!
//! A gateway answers in the server's place, with any status and sometimes with UCWA's own codes. Only a pool sends an error body
//! of UCWA, or one of its headers. Sources: ErrorsAndInformationalMessages; the headers from recorded answers.

use crate::hypermedia::{DecodeError, Resource};

/// Headers that only Lync and Skype for Business servers add to their answers.
pub const POOL_HEADERS: [&str; 2] = ["x-ms-server-fqdn", "x-ms-diagnostics"];

/// The codes of UCWA's error bodies. Source: ErrorCode reference.
const CODES: [&str; 22] = [
    "BadRequest",
    "ClientTimeout",
    "Conflict",
    "EntityTooLarge",
    "ExchangeServiceFailure",
    "Forbidden",
    "GatewayTimeout",
    "Gone",
    "Informational",
    "LocalFailure",
    "MethodNotAllowed",
    "NotAcceptable",
    "NotFound",
    "PreconditionFailed",
    "PreconditionRequired",
    "RemoteFailure",
    "ServiceFailure",
    "ServiceUnavailable",
    "Timeout",
    "TooManyRequests",
    "UnprocessableEntity",
    "UnsupportedMediaType",
];

/// Who has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The pool.
    Pool,
    /// A page of the pool's web server: the request did not reach UCWA, or UCWA failed.
    PoolPage,
    /// A web page of unknown origin.
    Page,
    /// Anything else: it may be a gateway.
    Other,
}

impl Speaker {
    /// `pool_header`: one of [`POOL_HEADERS`] came with the answer.
    pub fn of(pool_header: bool, body: &[u8]) -> Self {
        match (Resource::parse(body), pool_header) {
            (Err(DecodeError::Html), true) => Speaker::PoolPage,
            (Err(DecodeError::Html), false) => Speaker::Page,
            (_, true) => Speaker::Pool,
            (Ok(resource), false) if is_error_of_ucwa(&resource) => Speaker::Pool,
            _ => Speaker::Other,
        }
    }

    /// True for any part of a pool.
    pub fn is_pool(self) -> bool {
        matches!(self, Speaker::Pool | Speaker::PoolPage)
    }
}

/// Many services send a `code`, some of them the same ones. Only UCWA adds a `subcode` or `debugInfo`.
fn is_error_of_ucwa(resource: &Resource) -> bool {
    resource.text("code").is_some_and(|code| CODES.contains(&code))
        && (resource.text("subcode").is_some() || resource.member("debugInfo").is_some())
}
