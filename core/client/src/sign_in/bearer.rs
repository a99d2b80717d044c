//! Tokens that the program supplies.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::account::{BearerToken, TokenRequest, TokenSource};
use crate::error::{Error, ErrorKind, Result};
use crate::steps::{Step, host_of};

/// Asks the program's token source.
pub(super) async fn fetch(
    source: &TokenSource,
    request: TokenRequest,
    deadline: Instant,
) -> Result<BearerToken> {
    let host = Url::parse(&request.origin).map(|url| host_of(&url)).unwrap_or_default();
    // A panic would silently end the task of the event channel.
    let token = AssertUnwindSafe(async { (source.0)(request).await }).catch_unwind();
    let token = timeout_at(deadline, token).await.map_err(|_| {
        Error::new(ErrorKind::Timeout, "The program's token source gave no token before the timeout.")
            .at(Step::SignIn)
    })?;
    token.unwrap_or_else(|_| Err("it panicked".into())).map_err(|why| {
        if let Some(error) = why.downcast_ref::<Error>() {
            return error.clone().at(Step::SignIn);
        }
        let detail = format!("The program's token source gave no token for {host}: {why}");
        Error::new(ErrorKind::CredentialUnavailable, detail).at(Step::SignIn).with_source(why)
    })
}
