//! What an answer proves about the request it answers: one table, printed by its test and kept in `verdict/table.txt`.
//!
//! It is the heart of "never twice". An invitation and a message must not reach a person twice, and a gateway may have forwarded
//! a request before it answered in the server's place. So that one of these was not processed is concluded only from what a
//! pool alone can have said. All other requests can be repeated without harm, and are judged by what repeating them may bring.
//!
//! What has no answer is not judged here: whether it was processed is a matter of the transport. Sources:
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
    /// The GET of a discovery root, which nothing protects.
    Root,
    /// The GET of the user resource.
    User,
    /// The POST that asks for a token. What a token service says of the credential goes first: see [`token`](crate::token).
    Token,
    /// The POST of an application. Repeated with the same `endpointId`, it finds the same application (MultiTabSupport).
    CreateApplication,
    /// The DELETE of an application.
    DeleteApplication,
    /// The pending GET of the event channel.
    Events,
    /// The GET of a resource that an event or a link names.
    Resource,
    /// startMessaging: it rings at a person, and a short text rides in it.
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
    /// It can be asked again after a pause: it was certainly not processed, or may be processed twice without harm.
    Retry(Pause),
    /// The server will not do it, and asking again changes nothing. It was not processed.
    Refused,
    /// What it belongs to has ended for good: the conversation of a message, the application of a request for events.
    Over,
    /// The application, or the resource, is gone. Nothing was processed.
    Gone {
        /// The server itself says so.
        certain: bool,
    },
    /// Another request for events has taken this one's place.
    Replaced {
        /// The server itself says so.
        certain: bool,
    },
    /// It has to be asked as a resource that is protected.
    SignIn,
    /// It may have been processed, or nobody knows who has answered.
    Unknown,
}

/// When a request can be asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// After the time that the server asks for, and a growing pause at least; as often as the deadline allows.
    AsAsked,
    /// After a growing pause, a few times.
    BackOff,
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
        // 408: nobody says how much of the request the server had. 5xx: a server that failed may have processed it.
        (Invitation | Message, _, _) => Unknown,

        (Withdrawal, ..=399, Pool | Other) => Done,
        // A page is never an answer of UCWA.
        (Withdrawal, ..=399, _) => Retry(BackOff),

        // A 404 without the protocol's reason may come from a proxy whose server is restarting.
        (Events, 404, _) => Gone { certain: speaker == Pool && reason.is_application_not_found() },
        (Events, 409, _) if reason.is_pget_replaced() => Replaced { certain: speaker == Pool },
        // Never mended automatically (ApplicationDashboard).
        (Events, 410, Pool) => Over,
        (Events, 400 | 403 | 405, Pool) if *reason != Reason::default() => Refused,
        (Events, 200, _) => Done,
        // The server answers a repeated GET with the same events (EventChannelDetails).
        (Events, _, _) => Retry(AsAsked),

        // What is gone already counts as deleted; but a gateway does not know whether it is there.
        (DeleteApplication, 200..=299, Pool | Other) | (DeleteApplication, 404 | 410, Pool) => Done,
        (DeleteApplication, 200..=299 | 404 | 410, _) => Retry(BackOff),
        // What fails is tried again whatever it is: the next connection may reach another machine.
        (DeleteApplication, _, Page | Other) => Retry(BackOff),

        (CreateApplication, 200 | 201, Page | PoolPage) => Unknown,
        (CreateApplication, 200 | 201, _) => Done,

        (Root, 401, _) => SignIn,
        // Only a pool knows that there is no such account.
        (User, 404, Page | PoolPage | Other) => Unknown,
        (Root | User | Token | Resource, 200, _) => Done,

        (Resource, 404 | 410, _) => Gone { certain: speaker.is_pool() },
        (Resource, _, _) => Retry(BackOff),

        // What else can be repeated without harm is repeated where that may bring something else.
        (_, 429 | 503, _) => Retry(AsAsked),
        (_, 408 | 500 | 502 | 504, _) => Retry(BackOff),
        (_, 409, _) if reason.is_transient() => Retry(BackOff),
        _ => Refused,
    }
}

/// True when an answer says "this token will not do", in any of its three disguises: 401, 403 with diagnostics 28055, 500 with
/// 28032. The request was not processed then, if it is [the pool's own word](is_word_of_pool).
pub fn rejects_token(status: u16, diagnostics_id: Option<u32>) -> bool {
    matches!((status, diagnostics_id), (401, _) | (403, Some(28055)) | (500, Some(28032)))
}

/// True when it is a pool itself that rejects a token. A gateway may have forwarded the request before it asked who sends it,
/// so what must not reach a person twice is not asked again for its word.
pub fn is_word_of_pool(speaker: Speaker, challenge: Option<&Challenge>) -> bool {
    speaker.is_pool() || challenge.is_some_and(|c| c.token_url.is_some() || c.trusted_issuers.is_some())
}
