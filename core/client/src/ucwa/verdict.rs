//! What an answer proves about a POST that must not reach a person twice: an invitation, or a message.
//!
//! A gateway may have forwarded the request before it answered in the server's place. So "not processed" is concluded only from
//! what a pool alone can have said: an error body of UCWA, or one of its own headers. Sources: ErrorsAndInformationalMessages,
//! ApplicationDashboard, SendAnIM; the headers from recorded answers.

use super::hypermedia::{DecodeError, Resource};
use super::reason::Reason;

/// Headers that Lync and Skype for Business servers add to their answers, and nobody else.
pub(crate) const POOL_HEADERS: [&str; 2] = ["x-ms-server-fqdn", "x-ms-diagnostics"];

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

/// The request that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Post {
    /// startMessaging: it rings at a person, and a short text rides in it.
    Invitation,
    /// sendMessage, into an accepted conversation.
    Message,
}

/// Who has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
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
    pub(crate) fn of(pool_header: bool, body: &[u8]) -> Self {
        match (Resource::parse(body), pool_header) {
            (Err(DecodeError::Html), true) => Speaker::PoolPage,
            (Err(DecodeError::Html), false) => Speaker::Page,
            (_, true) => Speaker::Pool,
            (Ok(resource), false) if is_error_of_ucwa(&resource) => Speaker::Pool,
            _ => Speaker::Other,
        }
    }

    /// True for a pool, by whichever of its parts.
    pub(crate) fn is_pool(self) -> bool {
        matches!(self, Speaker::Pool | Speaker::PoolPage)
    }
}

/// Many services send a `code`, some of them in these very words. Only UCWA has a `subcode` or a `debugInfo` beside it.
fn is_error_of_ucwa(resource: &Resource) -> bool {
    resource.text("code").is_some_and(|code| CODES.contains(&code))
        && (resource.text("subcode").is_some() || resource.member("debugInfo").is_some())
}

/// What an answer proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The server has it.
    Done,
    /// It was not processed and may be later.
    Later,
    /// It was not processed and will not be.
    Refused,
    /// It was not processed: the conversation is over.
    Over,
    /// It was not processed: the application is gone.
    Gone {
        /// The server itself says so.
        certain: bool,
    },
    /// It may have been processed.
    Unknown,
}

/// The one table. An answer that rejects the request's token does not come here: see [`token_rejected`](crate::sign_in).
pub(crate) fn verdict(post: Post, status: u16, speaker: Speaker, reason: &Reason) -> Verdict {
    match (status, speaker) {
        (200..=299, Speaker::Page | Speaker::PoolPage) => Verdict::Unknown,
        (200..=299, _) => Verdict::Done,
        (_, Speaker::Page | Speaker::Other) => Verdict::Unknown,
        (404, Speaker::Pool) if reason.is_application_not_found() => Verdict::Gone { certain: true },
        (404, Speaker::PoolPage) => Verdict::Gone { certain: false },
        (404 | 409, _) if post == Post::Message => Verdict::Over,
        (409, Speaker::Pool) if reason.is_transient() => Verdict::Later,
        (429, _) | (503, Speaker::Pool) => Verdict::Later,
        (400 | 401 | 403 | 404 | 405 | 409 | 410 | 412 | 413 | 415 | 428, _) => Verdict::Refused,
        // 408: nobody says how much of the request the server had. 5xx: a server that failed may have processed it.
        _ => Verdict::Unknown,
    }
}

/// How a request is asked again that was certainly not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// In the same way.
    Same,
    /// Over HTTP/1.1.
    Http1,
}

/// What HTTP/2 itself guarantees about a request that got no answer: that it was not processed, or `None`, nothing.
///
/// It does where the server refuses the stream, or asks for HTTP/1.1, and where the stream is above the last one that a GOAWAY
/// names; the library gives a GOAWAY as a stream's own error in that case alone. Source: RFC 9113, sections 6.8, 7 and 8.7.
pub(crate) fn not_processed(error: &h2::Error) -> Option<Again> {
    let reason = error.reason().filter(|_| error.is_remote())?;
    match reason {
        h2::Reason::HTTP_1_1_REQUIRED => Some(Again::Http1),
        h2::Reason::INADEQUATE_SECURITY if error.is_go_away() => Some(Again::Http1),
        h2::Reason::REFUSED_STREAM => Some(Again::Same),
        _ => error.is_go_away().then_some(Again::Same),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bodies with which the same status can come, and who is taken to have sent them.
    fn bodies(status: u16) -> Vec<(&'static str, bool, String, Speaker)> {
        let ucwa =
            |subcode: &str| format!(r#"{{"code":"{}","subcode":"{subcode}","message":"x"}}"#, code(status));
        vec![
            ("pool", false, ucwa("None"), Speaker::Pool),
            (
                "pool, without a subcode",
                false,
                format!(r#"{{"code":"{}","debugInfo":{{}}}}"#, code(status)),
                Speaker::Pool,
            ),
            ("pool, by its header", true, String::new(), Speaker::Pool),
            ("page of the pool", true, "<html>x</html>".into(), Speaker::PoolPage),
            (
                "gateway: code",
                false,
                r#"{"code":"UNAVAILABLE","message":"upstream connect error"}"#.into(),
                Speaker::Other,
            ),
            (
                "gateway: code in words of UCWA",
                false,
                format!(r#"{{"code":"{}","message":"x"}}"#, code(status)),
                Speaker::Other,
            ),
            (
                "gateway: code and subcode of its own",
                false,
                r#"{"code":"UPSTREAM","subcode":"RESET"}"#.into(),
                Speaker::Other,
            ),
            ("gateway: number", false, format!(r#"{{"code":{status},"subcode":"None"}}"#), Speaker::Other),
            (
                "gateway: problem+json",
                false,
                format!(r#"{{"type":"about:blank","title":"x","status":{status}}}"#),
                Speaker::Other,
            ),
            (
                "gateway: nested",
                false,
                r#"{"error":{"code":"ServiceUnavailable","subcode":"None"}}"#.into(),
                Speaker::Other,
            ),
            (
                "gateway: XML",
                false,
                "<?xml version=\"1.0\"?><error><code>NotFound</code></error>".into(),
                Speaker::Other,
            ),
            ("gateway: page", false, "<!DOCTYPE html><html>x</html>".into(), Speaker::Page),
            ("gateway: text", false, "upstream request timeout".into(), Speaker::Other),
            ("gateway: empty", false, String::new(), Speaker::Other),
        ]
    }

    fn code(status: u16) -> &'static str {
        match status {
            400 => "BadRequest",
            403 => "Forbidden",
            404 => "NotFound",
            408 => "ClientTimeout",
            409 => "Conflict",
            410 => "Gone",
            413 => "EntityTooLarge",
            429 => "TooManyRequests",
            503 => "ServiceUnavailable",
            504 => "Timeout",
            _ => "ServiceFailure",
        }
    }

    const STATUSES: [u16; 20] =
        [300, 302, 307, 400, 401, 403, 404, 405, 407, 408, 409, 410, 413, 421, 425, 429, 499, 500, 503, 504];

    #[test]
    fn only_what_a_pool_alone_can_have_said_proves_that_nothing_was_processed() {
        for post in [Post::Invitation, Post::Message] {
            for status in STATUSES {
                for (name, header, body, speaker) in bodies(status) {
                    // A page of XML is no page to the decoder where it does not begin like one.
                    let found = Speaker::of(header, body.as_bytes());
                    assert_eq!(found.is_pool(), speaker.is_pool(), "{status} {name}: {found:?}");
                    let verdict = verdict(post, status, found, &Reason::from_body(body.as_bytes()));
                    assert!(
                        found.is_pool() || verdict == Verdict::Unknown,
                        "{post:?} {status} {name}: {verdict:?}"
                    );
                }
            }
        }
    }

    /// What a pool's own answers prove: the whole table.
    #[test]
    fn a_pool_is_believed() {
        use Verdict::*;
        let of = |post, status, subcode: &str, speaker| {
            verdict(post, status, speaker, &Reason::new(code(status), subcode))
        };
        let mut shown =
            format!("\n{:<28} {:<22} {:<22} {}\n", "pool", "invitation", "message", "page of the pool");
        for (status, subcode, invitation, message, page) in [
            (201, "", Done, Done, Unknown),
            (302, "", Unknown, Unknown, Unknown),
            (400, "", Refused, Refused, Refused),
            (401, "", Refused, Refused, Refused),
            (403, "", Refused, Refused, Refused),
            (404, "", Refused, Over, Gone { certain: false }),
            (
                404,
                "ApplicationNotFound",
                Gone { certain: true },
                Gone { certain: true },
                Gone { certain: false },
            ),
            (404, "DestinationNotFound", Refused, Over, Gone { certain: false }),
            (408, "", Unknown, Unknown, Unknown),
            (409, "", Later, Over, Refused),
            (409, "AnotherOperationPending", Later, Over, Refused),
            (409, "TooManyConversations", Refused, Over, Refused),
            (410, "", Refused, Refused, Refused),
            (413, "", Refused, Refused, Refused),
            (429, "", Later, Later, Later),
            (499, "", Unknown, Unknown, Unknown),
            (500, "", Unknown, Unknown, Unknown),
            (502, "", Unknown, Unknown, Unknown),
            (503, "", Later, Later, Unknown),
            (504, "", Unknown, Unknown, Unknown),
        ] {
            let found = [
                of(Post::Invitation, status, subcode, Speaker::Pool),
                of(Post::Message, status, subcode, Speaker::Pool),
                of(Post::Invitation, status, subcode, Speaker::PoolPage),
            ];
            assert_eq!(found, [invitation, message, page], "{status} {subcode}");
            let [invitation, message, page] = found.map(|verdict| format!("{verdict:?}"));
            shown.push_str(&format!(
                "{:<28} {invitation:<22} {message:<22} {page}\n",
                format!("{status} {subcode}")
            ));
        }
        shown.push_str("any status but 2xx from anybody else: Unknown\n");
        // Shown also where the harness keeps the output of tests that pass.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), shown.as_bytes());
    }

    #[test]
    fn an_answer_that_was_taken_is_no_page() {
        for (header, body, verdict_of) in [
            (false, "", Verdict::Done),
            (true, "", Verdict::Done),
            (false, "{}", Verdict::Done),
            (false, "<html>Please sign in</html>", Verdict::Unknown),
            (true, "<html>Please sign in</html>", Verdict::Unknown),
        ] {
            let speaker = Speaker::of(header, body.as_bytes());
            assert_eq!(verdict(Post::Message, 201, speaker, &Reason::default()), verdict_of, "{body}");
        }
    }
}
