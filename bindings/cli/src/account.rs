//! Who sends: options, then the environment, then the profile file; and the sandbox inside the process.

use std::path::PathBuf;

use send_im::bindings::{AccountOptions, process_environment, secret};
use send_im::{Account, ENV_ADDRESS, ENV_CA_FILE, ENV_PASSWORD, ENV_SERVER, ENV_TLS, Error, Result, Tls};
use send_im_sandbox::Sandbox;

use crate::args::SenderArgs;

/// The word that stands for a server inside this process.
const SANDBOX: &str = "sandbox";
/// Who sends in the sandbox where nobody is configured.
const SANDBOX_SENDER: &str = "sandbox@contoso.com";

/// The account to send with, and the sandbox it sends to if it was asked for.
pub(crate) struct Sender {
    pub(crate) account: Account,
    /// Keeps the server alive.
    pub(crate) _sandbox: Option<Sandbox>,
}

/// True where somebody is configured to send: an option, the environment, the profile file or the sandbox says who.
pub(crate) fn configured(args: &SenderArgs) -> bool {
    let (server, _) = place(args);
    args.address.is_some()
        || variable(ENV_ADDRESS).is_some()
        || has_profile()
        || server.as_deref() == Some(SANDBOX)
}

/// The server and the certificate authorities for senders who are not configured.
pub(crate) fn place(args: &SenderArgs) -> (Option<String>, Option<PathBuf>) {
    let ca_file = args.ca_file.clone().or_else(|| variable(ENV_CA_FILE).map(PathBuf::from));
    (args.server.clone().or_else(|| variable(ENV_SERVER)), ca_file)
}

/// Which cipher suites a server may choose from, where that is said.
///
/// # Errors
/// `invalid_input` where the variable is neither word.
pub(crate) fn tls(args: &SenderArgs) -> Result<Option<Tls>> {
    let given = args.tls.map(|tls| Ok(tls.0));
    given.or_else(|| variable(ENV_TLS).map(|tls| tls.parse())).transpose()
}

/// Builds the account, and starts the sandbox where the server is `sandbox`.
///
/// # Errors
/// `invalid_input` when no account is configured or the profile file is not usable.
pub(crate) async fn sender(args: &SenderArgs, password: Option<String>) -> Result<Sender> {
    let (server, ca_file) = place(args);
    let in_process = server.as_deref() == Some(SANDBOX);
    let nobody = args.address.is_none() && variable(ENV_ADDRESS).is_none();
    let no_password = password.is_none() && variable(ENV_PASSWORD).is_none();
    let refuse = |why: String| Err(Error::invalid_input(why));
    if !in_process && nobody && args.password_stdin {
        return refuse(format!(
            "--password-stdin needs the address that signs in with it: give --address or set {ENV_ADDRESS}."
        ));
    }
    if !in_process && !nobody && no_password {
        return refuse(format!("There is no password: set {ENV_PASSWORD} or use --password-stdin."));
    }
    let mut given = AccountOptions {
        address: args.address.clone(),
        username: args.username.clone(),
        password: password.map(secret),
        server,
        ca_file,
        tls: tls(args)?,
        ..AccountOptions::default()
    };
    let sandbox = if in_process { Some(start().await?) } else { None };
    if let Some(sandbox) = &sandbox {
        given.server = Some(sandbox.url().to_owned());
        if nobody && !has_profile() {
            given.address = Some(SANDBOX_SENDER.to_owned());
        }
        if no_password && (given.address.is_some() || !nobody) {
            given.password = Some(SANDBOX.into());
        }
    }
    let account = given.resolve(process_environment)?;
    Ok(Sender { account, _sandbox: sandbox })
}

async fn start() -> Result<Sandbox> {
    let starting = Sandbox::builder().start().await;
    starting.map_err(|e| Error::invalid_input(format!("The sandbox cannot start: {e}.")))
}

/// Whether the profile file of [`Account::stored`] is there.
fn has_profile() -> bool {
    send_im::profile_path().is_ok_and(|path| path.exists())
}

fn variable(name: &str) -> Option<String> {
    process_environment(name).filter(|value| !value.is_empty())
}
