//! A diagnosis: what is wrong on the way to the pool, and who can mend it.

use std::sync::Arc;

use futures_util::TryFutureExt;
use send_im::{Check, Sent};
use send_im_runtime::{Generation, unless_cancelled};

use crate::account::{AccountOptions, StepListener, TokenProvider, account};
use crate::cancellation::{Cancellation, token};
use crate::failure::Result;
use crate::news::News;
use crate::pending::{Outcome, PendingCall};

/// What to do about a warning or a failure, and who can.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct AdviceRecord {
    /// One or two sentences.
    pub what: String,
    /// `you`, `network` or `pool_administrator`.
    pub who: String,
}

/// One check of a diagnosis. It holds no password, token or cookie.
#[derive(Clone, Debug, PartialEq, uniffi::Record)]
pub struct CheckRecord {
    /// What was checked, for example `tls`.
    pub name: String,
    /// `passed`, `warning`, `failed` or `skipped`.
    pub outcome: String,
    /// What was seen, for people.
    pub seen: String,
    /// How long it took, in milliseconds.
    pub elapsed_ms: f64,
    /// What to do, where there is something to do.
    pub advice: Option<AdviceRecord>,
    /// The kind of error that a program meets, of a failure and of some warnings.
    pub kind: Option<String>,
}

impl From<Check> for CheckRecord {
    fn from(check: Check) -> Self {
        let advice = check
            .advice
            .map(|advice| AdviceRecord { what: advice.what, who: advice.who.as_str().to_owned() });
        CheckRecord {
            name: check.name.as_str().to_owned(),
            outcome: check.outcome.as_str().to_owned(),
            seen: check.seen,
            elapsed_ms: check.elapsed.as_secs_f64() * 1e3,
            advice,
            kind: check.kind.map(|kind| kind.as_str().to_owned()),
        }
    }
}

/// Walks as a send would, sends nothing, and signs out: the checks in order.
///
/// # Errors
/// `invalid_input` where the account is not usable, `cancelled`. Everything else is a check that failed.
#[uniffi::export(default(tokens = None, steps = None, cancellation = None))]
pub async fn diagnose(
    options: AccountOptions,
    tokens: Option<Arc<dyn TokenProvider>>,
    steps: Option<Arc<dyn StepListener>>,
    cancellation: Option<Arc<Cancellation>>,
) -> Result<Vec<CheckRecord>> {
    let work = async move {
        let account = account(options, tokens, steps)?;
        let diagnosing =
            async { Ok(account.diagnose().await?.checks.into_iter().map(CheckRecord::from).collect()) };
        unless_cancelled(token(cancellation), || Sent::No, diagnosing).await
    };
    Generation::current().call(Sent::No, work).await
}

/// Begins [`diagnose`].
#[uniffi::export]
pub fn start_diagnose(options: AccountOptions, tells_steps: bool, asks_tokens: bool) -> Arc<PendingCall> {
    let news = News::new();
    let work = diagnose(options, news.provider(asks_tokens), news.listener(tells_steps), None);
    PendingCall::start(news, work.map_ok(|value| Outcome::Diagnosis { value }))
}
