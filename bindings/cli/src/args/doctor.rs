//! The options of `send-im doctor`.

use std::time::Duration;

use clap::Args;

use super::{SenderArgs, time};

const EXAMPLES: &str = "\
Examples:
  send-im doctor
  send-im doctor --domain contoso.com
  send-im doctor --json | jq -r '.checks[] | select(.outcome == \"failed\") | .advice.what'
  send-im doctor --server sandbox";

const EXIT_CODES: &str = "\
Exit codes:
  0    a message can be sent; warnings do not change that
  2    an argument, the environment or the profile file is not usable; nothing was asked
  3    sign-in refused, no usable way to sign in, or not permitted
  5    anything else: names, proxy, TLS, discovery, trust, time-out, the server
  130  ended by a signal (Ctrl-C, SIGTERM, SIGHUP)";

/// Find out why a message cannot be sent, or that it can.
///
/// Walks as a send would, and sends nothing: names, proxy, connection, TLS and certificate, discovery, trust, ways of signing
/// in, sign-in, session, events, clock. Each is one line: what was seen and, where it did not pass, what to do and who can do it. It
/// signs in once, as a refused password may lock the account.
#[derive(Args)]
#[command(after_help = "send-im help doctor lists examples and exit codes.")]
#[command(after_long_help = format!("{EXAMPLES}\n\n{}\n\n{EXIT_CODES}", super::ENVIRONMENT))]
pub(crate) struct DoctorArgs {
    /// Look at this domain without an account, up to where somebody would have to sign in. SEND_IM_SERVER belongs to the
    /// account and is not read; --server is
    #[arg(long, value_name = "DOMAIN", conflicts_with_all = ["address", "username", "password_stdin"])]
    pub(crate) domain: Option<String>,

    /// How long opening the session may take, for example 60s or 2min [default: 60s]
    ///
    /// Names, connections and TLS are looked at before, for some 40 s at most where nothing answers.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "60s", hide_default_value = true)]
    pub(crate) timeout: Duration,

    #[command(flatten)]
    pub(crate) sender: SenderArgs,

    /// Print all checks as one JSON object on standard output
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,
}
