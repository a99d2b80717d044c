//! Who sends: options, then the environment, then the profile file; and the sandbox inside the process.

use send_im::bindings::{AccountOptions, process_environment, secret};
use send_im::{Account, ENV_ADDRESS, ENV_PASSWORD, Error, Result};
use send_im_sandbox::Sandbox;

use crate::args::SenderArgs;
use crate::output;

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

/// What the options say, and the environment of the server where they do not.
///
/// # Errors
/// `invalid_input` where a variable is not usable.
pub(crate) fn options(args: &SenderArgs) -> Result<AccountOptions> {
    let options = AccountOptions {
        address: args.address.clone(),
        username: args.username.clone(),
        server: args.server.clone(),
        ca_file: args.ca_file.clone(),
        tls: args.tls,
        ..AccountOptions::default()
    };
    let options = options.with_server_of(process_environment)?;
    if args.server.is_none() && in_process(&options) {
        // A variable that was left behind must not look like a delivery.
        output::print_stderr(
            "SEND_IM_SERVER is sandbox: messages go to a server inside this process, and to nobody else.",
        );
    }
    Ok(options)
}

/// True where somebody is configured to send: an option, the environment, the profile file or the sandbox says who.
pub(crate) fn configured(options: &AccountOptions) -> bool {
    has_address(options) || has_profile() || in_process(options)
}

/// Builds the account, and starts the sandbox where the server is `sandbox`.
///
/// # Errors
/// `invalid_input` when no account is configured or the profile file is not usable.
pub(crate) async fn sender(mut options: AccountOptions, password: Option<String>) -> Result<Sender> {
    let has_address = has_address(&options);
    let no_password = password.is_none() && variable(ENV_PASSWORD).is_none();
    options.password = password.map(secret);
    let sandbox = if in_process(&options) { Some(start().await?) } else { None };
    if let Some(sandbox) = &sandbox {
        options.server = Some(sandbox.url().to_owned());
        if !has_address && !has_profile() {
            options.address = Some(SANDBOX_SENDER.to_owned());
        }
        if no_password && (options.address.is_some() || has_address) {
            options.password = Some(SANDBOX.into());
        }
    } else if has_address && no_password {
        let why = format!("There is no password: set {ENV_PASSWORD} or use --password-stdin.");
        return Err(Error::invalid_input(why));
    }
    let account = options.resolve(process_environment)?;
    Ok(Sender { account, _sandbox: sandbox })
}

/// A domain without an account, at the server that the options name, or the sandbox.
///
/// # Errors
/// `invalid_input` where the sandbox cannot start.
pub(crate) async fn of_domain(mut options: AccountOptions, domain: &str) -> Result<Sender> {
    let sandbox = if in_process(&options) { Some(start().await?) } else { None };
    if let Some(sandbox) = &sandbox {
        options.server = Some(sandbox.url().to_owned());
    }
    let account = options.server.into_iter().fold(Account::without_credentials(domain), Account::server);
    let account = options.ca_file.into_iter().fold(account, Account::ca_file);
    let account = options.tls.into_iter().fold(account, Account::tls);
    Ok(Sender { account, _sandbox: sandbox })
}

fn in_process(options: &AccountOptions) -> bool {
    options.server.as_deref() == Some(SANDBOX)
}

fn has_address(options: &AccountOptions) -> bool {
    options.address.is_some() || variable(ENV_ADDRESS).is_some()
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
