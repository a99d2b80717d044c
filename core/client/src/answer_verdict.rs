//! What an answer proves about its request: the table of `core/ucwa`, asked with what the answer says.

use std::borrow::Cow;

use send_im_ucwa::reason::Reason;
use send_im_ucwa::verdict::{self, POOL_HEADERS, Speaker, Verdict};

use crate::http::Answer;

impl Answer {
    /// What it proves about the request it answers.
    pub(crate) fn verdict(&self, request: verdict::Request) -> Verdict {
        // Only errors have a reason, and other bodies may be large.
        let reason = if self.status < 400 { Reason::default() } else { Reason::from_body(&self.body) };
        verdict::verdict(request, self.status, self.speaker(), &reason)
    }

    /// Who has answered, as far as that is known. A compressed body counts as a page, which may say anything.
    pub(crate) fn speaker(&self) -> Speaker {
        let pool_header = POOL_HEADERS.iter().any(|name| self.headers.contains_key(*name));
        match (self.content_encoding(), pool_header) {
            (None, pool_header) => Speaker::of(pool_header, &self.body),
            (Some(_), true) => Speaker::PoolPage,
            (Some(_), false) => Speaker::Page,
        }
    }

    /// The number before the first `;` of the diagnostics.
    pub(crate) fn diagnostics_id(&self) -> Option<u32> {
        self.diagnostics()?.split(';').next()?.trim().parse().ok()
    }

    /// The pool's own explanation, in its own language.
    pub(crate) fn diagnostics(&self) -> Option<Cow<'_, str>> {
        self.header("x-ms-diagnostics")
    }
}
