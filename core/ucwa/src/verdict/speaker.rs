//! Who has answered: the pool, or something between it and the client.
//!
//! A gateway answers in the server's place, with any status and sometimes in UCWA's own words. What only a pool can have sent is
//! an error body of UCWA, or one of its own headers. Sources: ErrorsAndInformationalMessages; the headers from recorded answers.

use crate::hypermedia::{DecodeError, Resource};

/// Headers that Lync and Skype for Business servers add to their answers, and nobody else.
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
    /// The pool's web server with a page of its own: the request did not get through to UCWA, or UCWA broke.
    PoolPage,
    /// A web page of anybody.
    Page,
    /// Anything else: perhaps a gateway, whatever it says.
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

    /// True for a pool, by whichever of its parts.
    pub fn is_pool(self) -> bool {
        matches!(self, Speaker::Pool | Speaker::PoolPage)
    }
}

/// Many services send a `code`, some of them in these very words. Only UCWA has a `subcode` or a `debugInfo` beside it.
fn is_error_of_ucwa(resource: &Resource) -> bool {
    resource.text("code").is_some_and(|code| CODES.contains(&code))
        && (resource.text("subcode").is_some() || resource.member("debugInfo").is_some())
}
