//! `send-im serve`: takes messages by HTTP until a signal comes.

use std::io;
use std::pin::pin;

use send_im::bindings::AccountOptions;
use send_im::{Error, Result, Sent};
use send_im_http::{Options, Service, Tokens};

use crate::account::{self, Sender};
use crate::args::ServeArgs;
use crate::input;
use crate::interrupt::Interrupt;
use crate::output::{self, Style};

mod log;
pub(crate) mod manager;
#[cfg(windows)]
pub(crate) mod windows_service;

use manager::State;

/// One bearer token; `--token-file` goes before it.
const ENV_TOKEN: &str = "SEND_IM_HTTP_TOKEN";

/// Runs the service, tells how it is, and gives the exit code.
pub(crate) async fn run(args: ServeArgs, interrupt: Interrupt, notify: &dyn Fn(State)) -> u8 {
    let logged = log::start(args.log_folder.as_deref(), args.verbose);
    let in_files = args.log_folder.is_some() && logged.is_ok();
    let served = match logged {
        Ok(()) => serve(args, interrupt, notify).await,
        Err(error) => Err(error),
    };
    let Err(error) = served else { return 0 };
    output::error(Style::Plain, &error);
    if in_files {
        // Nobody may see the standard error of a service.
        tracing::error!("{}", output::printable(error.detail()));
    }
    error.kind().exit_code()
}

async fn serve(args: ServeArgs, mut interrupt: Interrupt, notify: &dyn Fn(State)) -> Result<()> {
    #[cfg(unix)]
    raise_limit();
    let prepared = async {
        let account = account::options(&args.sender)?;
        let sender = sender(&args, account.clone()).await?;
        let service = Service::start(options(&args, account, sender.as_ref())?).await?;
        Ok::<_, Error>((sender, service))
    };
    // The sender keeps the sandbox alive that it may have.
    let (_sender, service) = tokio::select! {
        prepared = prepared => prepared?,
        () = interrupt.asked() => return Ok(()),
    };
    notify(State::Listening);
    // Where nobody reads the output, the service is there all the same.
    if let Err(error) = output::print_line(service.url())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        output::print_stderr(&format!("Standard output cannot be written: {error}."));
    }
    interrupt.asked().await;
    notify(State::Stopping);
    let mut stopping = pin!(service.stop());
    tokio::select! {
        () = &mut stopping => return Ok(()),
        () = interrupt.asked() => service.give_up(),
    }
    tokio::select! {
        () = stopping => Ok(()),
        () = interrupt.asked() => Err(Error::cancelled("Interrupted before every session was signed out.", Sent::Maybe)),
    }
}

/// Who sends where a request does not say; `None` where nobody is configured.
async fn sender(args: &ServeArgs, options: AccountOptions) -> Result<Option<Sender>> {
    let password = match args.sender.password_stdin {
        true => Some(input::password().await?),
        false => None,
    };
    match account::configured(&options) || password.is_some() {
        true => account::sender(options, password).await.map(Some),
        false => Ok(None),
    }
}

fn options(args: &ServeArgs, account: AccountOptions, sender: Option<&Sender>) -> Result<Options> {
    let mut options = Options::new()
        .listen(args.listen)
        .tokens(tokens(args)?)
        .plain_http(args.allow_plain_http)
        .page(!args.no_page)
        .post_only(args.post_only)
        .query_credentials(args.allow_query_credentials)
        .request_credentials(!args.refuse_credentials)
        .largest_body(args.max_body)
        .rate(args.rate)
        .most_sends(args.max_sends)
        .most_sessions(args.max_sessions)
        .idle(args.idle)
        .drain(args.drain);
    options = sender.into_iter().fold(options, |options, sender| options.account(sender.account.clone()));
    options = account.server.into_iter().fold(options, Options::server);
    options = account.ca_file.into_iter().fold(options, Options::ca_file);
    options = account.tls.into_iter().fold(options, Options::tls);
    if let (Some(chain), Some(key)) = (&args.tls_cert, &args.tls_key) {
        options = options.certificate(chain, key);
    }
    options = args.client_ca.iter().fold(options, Options::client_ca);
    options = args.client_crl.iter().fold(options, Options::client_crl);
    options = args.hook.iter().fold(options, |options, (name, file)| options.hook(name, file));
    options = args.allow_domain.iter().fold(options, Options::allow_domain);
    options = args.allow_origin.iter().fold(options, Options::allow_origin);
    Ok(args.allow_host.iter().fold(options, Options::allow_host))
}

fn tokens(args: &ServeArgs) -> Result<Tokens> {
    match (&args.token_file, std::env::var(ENV_TOKEN)) {
        (Some(file), _) => Tokens::from_file(file),
        (None, Ok(token)) if !token.is_empty() => Tokens::parse(&token, ENV_TOKEN),
        (None, Err(std::env::VarError::NotUnicode(_))) => {
            Err(Error::invalid_input(format!("{ENV_TOKEN} is not text.")))
        }
        (None, _) => Ok(Tokens::default()),
    }
}

/// Each connection takes a descriptor, of callers and to the server. The usual soft limit, 1,024, is less than what the service
/// keeps open.
#[cfg(unix)]
fn raise_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    const WANTED: u64 = 8192;
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < WANTED
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, hard.min(WANTED), hard)
    {
        tracing::warn!(%error, soft, "the limit of open files could not be raised");
    }
}
