//! The forms of the challenge.

use serde::{Deserialize, Serialize};

/// The form of the challenge that answers a request without a valid token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChallengeStyle {
    /// Two `WWW-Authenticate` lines, `Bearer` first, `MsRtcOAuth` second (CreateAnApplication).
    #[default]
    TwoLines,
    /// One `MsRtcOAuth` line whose `href` stands without quotes (AuthenticationInUCWA).
    Unquoted,
    /// Both schemes joined in one line, with no blank after the comma.
    OneLine,
    /// A rejected token is answered with 403 and diagnostics 28055, and the challenge comes with that.
    #[serde(rename = "on-403-28055")]
    OnForbidden,
    /// Only the Windows grant is offered; a password grant is refused.
    WindowsOnly,
    /// Only the passive grant is offered. Its response names the page for the browser.
    Passive,
}
