//! What an answer proves about the request it answers: one table, printed by its test and kept in `verdict/table.txt`.
//!
//! An invitation and a message must not reach a person twice, and a gateway may have forwarded a request before it answered in
//! the server's place. So only an answer that a pool alone can have sent proves that one of these was not processed. All other
//! requests can be repeated without harm; for them the table says whether a retry makes sense.
//!
//! Requests without an answer are not judged here: only the transport knows whether they were processed. Sources:
//! ErrorsAndInformationalMessages, ApplicationDashboard, SendAnIM, RootURL; AuthenticationInUCWA and recorded answers for tokens.

mod speaker;
#[cfg(test)]
mod tests;

pub use self::speaker::{POOL_HEADERS, Speaker};
use crate::challenge::Challenge;
use crate::reason::Reason;

/// The request that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// The GET of a discovery root, which requires no sign-in.
    Root,
    /// The GET of the user resource.
    User,
    /// The POST that requests a token. A refused credential is decided before this table: see [`token`](crate::token).
    Token,
    /// The POST of an application. Repeated with the same `endpointId`, it finds the same application (MultiTabSupport).
    CreateApplication,
    /// The DELETE of an application.
    DeleteApplication,
    /// The pending GET of the event channel.
    Events,
    /// The GET of a resource that an event or a link names.
    Resource,
    /// startMessaging: it alerts a person, and carries a short text.
    Invitation,
    /// The POST that withdraws an invitation.
    Withdrawal,
    /// sendMessage, into an accepted conversation.
    Message,
}

/// What an answer proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server has done it.
    Done,
    /// It can be sent again after a pause: it was not processed, or may be processed twice without harm.
    Retry(Pause),
    /// It was not processed, and a retry changes nothing.
    Refused,
    /// Its conversation or its application has ended for good.
    Over,
    /// The application, or the resource, is gone. Nothing was processed.
    Gone {
        /// The server itself says so.
        certain: bool,
    },
    /// Another pending GET has replaced this one.
    Replaced {
        /// The server itself says so.
        certain: bool,
    },
    /// The resource requires a sign-in.
    SignIn,
    /// It may have been processed, or it is unknown who has answered.
    Unknown,
}

/// How long to wait before a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// As long as the server asks for, and at least a growing back-off; as often as the deadline allows.
    AsAsked,
    /// A growing back-off, a few times.
    BackOff,
}

/// True when an answer rejects the token of its request: 401, 403 with diagnostics 28055, 500 with 28032. The request was not
/// processed if the answer is [from the pool itself](is_word_of_pool).
pub fn rejects_token(status: u16, diagnostics_id: Option<u32>) -> bool {
    matches!((status, diagnostics_id), (401, _) | (403, Some(28055)) | (500, Some(28032)))
}

/// True when the pool itself rejects a token. A gateway may have forwarded the request before it asked for authentication, so
/// its rejection is no proof that an invitation or a message was not processed.
pub fn is_word_of_pool(speaker: Speaker, challenge: Option<&Challenge>) -> bool {
    speaker.is_pool() || challenge.is_some_and(|c| c.token_url.is_some() || c.trusted_issuers.is_some())
}

/// The one table. An answer that [rejects the token](rejects_token) does not come here.
pub fn verdict(request: Request, status: u16, speaker: Speaker, reason: &Reason) -> Verdict {
    use Pause::*;
    use Request::*;
    use Speaker::*;
    use Verdict::*;
    match (request, status, speaker) {
        // What must not reach a person twice.
        (Invitation | Message, 200..=299, Pool | Other) => Done,
        (Invitation | Message, 200..=299, _) | (Invitation | Message, _, Page | Other) => Unknown,
        (Invitation | Message, 404, Pool) if reason.is_application_not_found() => Gone { certain: true },
        (Invitation | Message, 404, PoolPage) => Gone { certain: false },
        (Message, 404 | 409, _) => Over,
        (Invitation, 409, Pool) if reason.is_transient() => Retry(BackOff),
        (Invitation | Message, 429, _) | (Invitation | Message, 503, Pool) => Retry(AsAsked),
        (Invitation | Message, 400 | 401 | 403 | 404 | 405 | 409 | 410 | 412 | 413 | 415 | 428, _) => Refused,
        // 408: the server may have received all of it. 5xx: a server that failed may have processed it.
        (Invitation | Message, _, _) => Unknown,

        (Withdrawal, 200..=299, Pool | Other) => Done,
        // UCWA never answers with a page or a redirect.
        (Withdrawal, ..=399, _) => Retry(BackOff),

        // A 404 without the protocol's reason may come from a proxy whose server is restarting.
        (Events, 404, _) => Gone { certain: speaker == Pool && reason.is_application_not_found() },
        (Events, 409, _) if reason.is_pget_replaced() => Replaced { certain: speaker == Pool },
        // A person has to act (ApplicationDashboard).
        (Events, 410, Pool) => Over,
        (Events, 400 | 403 | 405, Pool) if *reason != Reason::default() => Refused,
        (Events, 200, _) => Done,
        // The server answers a repeated GET with the same events (EventChannelDetails).
        (Events, _, _) => Retry(AsAsked),

        // An application that is gone counts as deleted, if the pool says so; a gateway cannot know.
        (DeleteApplication, 200..=299, Pool | Other) | (DeleteApplication, 404 | 410, Pool) => Done,
        (DeleteApplication, 200..=299 | 404 | 410, _) => Retry(BackOff),
        // Every other failure is retried: the next connection may reach another machine.
        (DeleteApplication, _, Page | Other) => Retry(BackOff),

        (CreateApplication, 200 | 201, Page | PoolPage) => Unknown,
        (CreateApplication, 200 | 201, _) => Done,

        (Root, 401, _) => SignIn,
        // Only a pool knows which accounts it has.
        (User, 404, Page | PoolPage | Other) => Unknown,
        (Root | User | Token | Resource, 200, _) => Done,

        (Resource, 404 | 410, _) => Gone { certain: speaker.is_pool() },
        (Resource, _, _) => Retry(BackOff),

        // The rest is retried after failures that may pass.
        (_, 429 | 503, _) => Retry(AsAsked),
        (_, 408 | 500 | 502 | 504, _) => Retry(BackOff),
        (_, 409, _) if reason.is_transient() => Retry(BackOff),
        _ => Refused,
    }
}
