//! `send-im serve`: takes messages by HTTP until a signal comes.

use std::io;
use std::pin::pin;

use send_im::bindings::AccountOptions;
use send_im::{Error, Result, Sent};
use send_im_http::{Options, Service, Tokens};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::account::{self, Sender};
use crate::args::ServeArgs;
use crate::input;
use crate::interrupt::Interrupt;
use crate::output::{self, Style};

/// One bearer token; `--token-file` goes before it.
const ENV_TOKEN: &str = "SEND_IM_HTTP_TOKEN";

/// Runs the service and gives the exit code.
pub(crate) async fn run(args: ServeArgs, interrupt: Interrupt) -> u8 {
    match serve(args, interrupt).await {
        Ok(()) => 0,
        Err(error) => {
            output::error(Style::Plain, &error);
            error.kind().exit_code()
        }
    }
}

async fn serve(args: ServeArgs, mut interrupt: Interrupt) -> Result<()> {
    log(args.verbose);
    #[cfg(unix)]
    raise_limit();
    let prepared = async {
        let given = account::given(&args.sender)?;
        let sender = sender(&args, given.clone()).await?;
        let service = Service::start(options(&args, given, sender.as_ref())?).await?;
        Ok::<_, Error>((sender, service))
    };
    // The sender keeps the sandbox alive that it may have.
    let (_sender, service) = tokio::select! {
        prepared = prepared => prepared?,
        () = interrupt.asked() => return Ok(()),
    };
    // Where nobody reads the output, the service is there all the same.
    if let Err(error) = output::say(service.url())
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        output::complain(&format!("Standard output cannot be written: {error}."));
    }
    interrupt.asked().await;
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
async fn sender(args: &ServeArgs, given: AccountOptions) -> Result<Option<Sender>> {
    let password = match args.sender.password_stdin {
        true => Some(input::password().await?),
        false => None,
    };
    match account::configured(&given) || password.is_some() {
        true => account::sender(given, password).await.map(Some),
        false => Ok(None),
    }
}

fn options(args: &ServeArgs, given: AccountOptions, sender: Option<&Sender>) -> Result<Options> {
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
    options = given.server.into_iter().fold(options, Options::server);
    options = given.ca_file.into_iter().fold(options, Options::ca_file);
    options = given.tls.into_iter().fold(options, Options::tls);
    if let (Some(chain), Some(key)) = (&args.tls_cert, &args.tls_key) {
        options = options.certificate(chain, key);
    }
    options = args.client_ca.iter().fold(options, Options::client_ca);
    options = args.client_crl.iter().fold(options, Options::client_crl);
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

/// Our own events alone: what other crates log of a request is not ours to vouch for.
fn log(verbose: bool) {
    let level = if verbose { Level::DEBUG } else { Level::INFO };
    let ours = Targets::new().with_target("send_im", level).with_target("send_im_http", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_ansi(false);
    tracing_subscriber::registry().with(lines).with(ours).init();
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
