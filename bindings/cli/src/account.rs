//! Who sends: options, then the environment, then the profile file; and the sandbox inside the process.

use std::path::PathBuf;

use send_im::{
    Account, ENV_ADDRESS, ENV_CA_FILE, ENV_PASSWORD, ENV_SERVER, ENV_TLS, ENV_USERNAME, Error, Result, Tls,
};
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
    let mut account = who(args, password, in_process)?;
    // The variable belongs to the address of the environment, not to one that an option names.
    let named =
        args.address.is_none().then(|| variable(ENV_USERNAME).filter(|_| variable(ENV_ADDRESS).is_some()));
    if let Some(name) = args.username.clone().or(named.flatten()) {
        account = account.username(name);
    }
    if let Some(file) = ca_file {
        account = account.ca_file(file);
    }
    if let Some(tls) = tls(args)? {
        account = account.tls(tls);
    }
    let sandbox = match in_process {
        true => Some(
            Sandbox::builder()
                .start()
                .await
                .map_err(|e| Error::invalid_input(format!("The sandbox cannot start: {e}.")))?,
        ),
        false => None,
    };
    if let Some(url) = sandbox.as_ref().map(|s| s.url().to_owned()).or(server) {
        account = account.server(url);
    }
    Ok(Sender { account, _sandbox: sandbox })
}

fn who(args: &SenderArgs, password: Option<String>, in_process: bool) -> Result<Account> {
    let password = password.or_else(|| variable(ENV_PASSWORD));
    match (args.address.clone().or_else(|| variable(ENV_ADDRESS)), password) {
        (Some(address), Some(password)) => Ok(Account::with_password(address, password)),
        (Some(address), None) if in_process => Ok(Account::with_password(address, SANDBOX)),
        (Some(_), None) => Err(Error::invalid_input(format!(
            "There is no password: set {ENV_PASSWORD} or use --password-stdin."
        ))),
        (None, _) if in_process && !has_profile() => Ok(Account::with_password(SANDBOX_SENDER, SANDBOX)),
        (None, Some(_)) if args.password_stdin => Err(Error::invalid_input(format!(
            "--password-stdin needs the address that signs in with it: give --address or set {ENV_ADDRESS}."
        ))),
        (None, _) => Account::stored(),
    }
}

/// Whether the profile file of [`Account::stored`] is there.
fn has_profile() -> bool {
    send_im::profile_path().is_ok_and(|path| path.exists())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
