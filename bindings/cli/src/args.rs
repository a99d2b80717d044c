//! The command line: what can be said, and the help that explains it.

mod doctor;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};
use send_im::{Importance, Tls, Wait};
use send_im_sandbox::Layout;

pub(crate) use doctor::DoctorArgs;
pub(crate) use serve::ServeArgs;

const ENVIRONMENT: &str = "\
Environment:
  SEND_IM_ADDRESS   the sender's address, for example tosh@contoso.com
  SEND_IM_USERNAME  the name to sign in with, where it is not the address
  SEND_IM_PASSWORD  the sender's password
  SEND_IM_SERVER    URL of the discovery root, or sandbox; without it the domain is asked
  SEND_IM_CA_FILE   PEM or DER file with certificate authorities to trust besides the system's
  SEND_IM_TLS       current, or compatible for servers such as Windows Server 2012 R2

An option goes before its variable. Without an address the account comes from the file \
send-im/config.toml in the configuration folder (~/.config, on Windows %APPDATA%): TOML with \
address, password and, if needed, username, server, ca_file, tls. It must be readable by you alone.";

const EXIT_CODES: &str = "\
Exit codes:
  0    the message was accepted (with --wait submitted: the server took it)
  2    an argument, the environment or the profile file is not usable; nothing was sent
  3    sign-in refused, no usable way to sign in, or not permitted
  4    not delivered: no such recipient, unavailable, declined, no answer, busy
  5    anything else: discovery, trust, TLS, network, time-out, the server
  6    unknown whether the message arrived; it was not sent twice
  130  ended by a signal (Ctrl-C, SIGTERM, SIGHUP)
With several recipients it is the largest of theirs.";

const EXAMPLES: &str = "\
Examples:
  send-im send --to lenea@contoso.com \"db7: disk full\"
  df -h | send-im send --to lenea@contoso.com --subject db7 --importance urgent -
  send-im send --to-file oncall.txt --importance urgent \"db7: disk full\"
  send-im send --to lenea@contoso.com --json \"hello\" | jq -er .accepted_by
  send-im send --server sandbox --to declines@contoso.com \"hello\"; echo $?";

const OUTCOMES: &str = "\
How a recipient behaves is decided by the name before the @:
  slow       accepts after 3 s              offline   is not available
  declines   declines                       unknown   does not exist
  silent     does not answer (see --ring)   forwards  lets colleague@ accept
  busy       does not want to be disturbed  drops     accepts, then the message fails
  echo       accepts and answers with the same text
Anyone else accepts, after the time that --answer-after gives. Any account signs in with any password but the word wrong.

The inbox is a page: open sandbox/ below the URL that is printed.

Examples:
  send-im sandbox --listen 127.0.0.1:8080
  SEND_IM_ADDRESS=tosh@contoso.com SEND_IM_PASSWORD=x \\
    send-im send --server http://127.0.0.1:8080/ --to lenea@contoso.com \"hello\"";

/// Sends an instant message to a Skype for Business or Lync user.
#[derive(Parser)]
#[command(name = "send-im", version, propagate_version = true, max_term_width = 110)]
#[command(
    after_help = "send-im help send, send-im help doctor, send-im help serve and send-im help sandbox tell more."
)]
#[command(after_long_help = format!("{EXAMPLES}\n\n{ENVIRONMENT}\n\n{EXIT_CODES}"))]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    Send(SendArgs),
    Doctor(DoctorArgs),
    Serve(Box<ServeArgs>),
    Sandbox(SandboxArgs),
    Health(HealthArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Send a message and say whether it was accepted.
///
/// Text of up to 800 characters is shown in the recipient's notification; longer text follows once the recipient has
/// accepted. The message is never sent twice: where it is unknown whether it arrived, the exit code is 6.
///
/// Several recipients get it each by themselves, some tens at a time, in one session; there is a line for each as it ends.
#[derive(Args)]
#[command(
    override_usage = "send-im send [OPTIONS] --to <ADDRESS>... <TEXT>\n       send-im send [OPTIONS] --to-file <FILE> <TEXT>"
)]
#[command(after_help = "send-im help send lists examples, environment variables and exit codes.")]
#[command(after_long_help = format!("{EXAMPLES}\n\n{ENVIRONMENT}\n\n{EXIT_CODES}"))]
pub(crate) struct SendArgs {
    /// The text, or - for standard input
    ///
    /// One argument: put quotes around it, and -- before a text that begins with a dash. Standard input is UTF-8, or
    /// UTF-16 with a byte order mark, at most 1 MiB; one line break at its end is taken off.
    #[arg(value_name = "TEXT")]
    pub(crate) text: Option<String>,

    /// Whatever follows the text. It is there to be refused without repeating it in an error.
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,

    /// The recipient, for example lenea@contoso.com; given again, each gets the message
    #[arg(long, value_name = "ADDRESS", required_unless_present = "to_file")]
    pub(crate) to: Vec<String>,

    /// A file of recipients, one a line, or - for standard input
    ///
    /// What follows a # is a comment. Who stands twice, here or in --to, gets the message once.
    #[arg(long, value_name = "FILE")]
    pub(crate) to_file: Option<PathBuf>,

    /// The conversation's subject, at most 250 characters
    #[arg(long)]
    pub(crate) subject: Option<String>,

    /// How urgent the message is shown
    #[arg(long, value_parser = one_of::<Importance>(["normal", "urgent", "emergency"]), default_value = "normal", hide_default_value = true)]
    pub(crate) importance: Importance,

    /// The text is html
    ///
    /// A recipient whose side takes no html gets plain text; the format in the receipt tells.
    #[arg(long)]
    pub(crate) html: bool,

    /// How long the message has to be delivered, signing in included, for example 60s or 2min [default: 60s]
    ///
    /// With several recipients, the time of each begins when its turn comes.
    ///
    /// An invitation rings until then; most servers end it after about 30 s. The command ends within another 5 s,
    /// whatever the server does: 2 s to withdraw the invitation and learn what came of it, 3 s to close the session.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "60s", hide_default_value = true)]
    pub(crate) timeout: Duration,

    /// What to wait for: the recipient's answer, or only the server
    ///
    /// With submitted the receipt is printed when the server has taken the message, but the command ends only when
    /// the recipient has answered or the time is up: signing out earlier would withdraw the invitation.
    #[arg(long, value_parser = one_of::<Wait>(["delivered", "submitted"]), default_value = "delivered", hide_default_value = true)]
    pub(crate) wait: Wait,

    #[command(flatten)]
    pub(crate) sender: SenderArgs,

    /// Print the receipt or the error as one JSON object on standard output; with several recipients one a line, with to
    #[arg(long, help_heading = "Output")]
    pub(crate) json: bool,

    /// Print a line a step on standard error: step, host, HTTP status, milliseconds
    #[arg(long, short, help_heading = "Output")]
    pub(crate) verbose: bool,
}

// What is said of a group would be said of the command. These belong to every command that sends.
#[derive(Args)]
#[command(next_help_heading = "Who sends, and where the server is")]
pub(crate) struct SenderArgs {
    /// The sender's address [env: SEND_IM_ADDRESS]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) address: Option<String>,

    /// The name to sign in with, for example 'CONTOSO\smith' [env: SEND_IM_USERNAME]
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,

    /// Read the password from standard input, one line [env: SEND_IM_PASSWORD]
    ///
    /// There is no option that takes the password itself: other users of the machine can read command lines.
    #[arg(long)]
    pub(crate) password_stdin: bool,

    /// The discovery root, or sandbox for a server inside this process [env: SEND_IM_SERVER]
    ///
    /// An https URL, or http on this machine. Without it the sender's domain is asked. With sandbox nothing leaves
    /// the process, no password is needed, and where no account is configured sandbox@contoso.com sends.
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,

    /// PEM or DER file with certificate authorities to trust besides those of the system [env: SEND_IM_CA_FILE]
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Which cipher suites the server may choose from: current or compatible [env: SEND_IM_TLS]
    ///
    /// With compatible also those with AES-CBC, which is what Windows Server 2012 and 2012 R2 have with an RSA certificate.
    /// The certificate is verified all the same.
    #[arg(long, value_parser = one_of::<Tls>(["current", "compatible"]), value_name = "WHICH")]
    pub(crate) tls: Option<Tls>,
}

/// Run a server to try send-im and to test programs against.
///
/// The first line of the output is the URL of its discovery root, for --server. Then comes one line for each delivered
/// message: sender, recipient, subject (- without one), importance and the first line of the text, with tabs between
/// them. It runs until it is interrupted, and keeps everything in memory.
#[derive(Args)]
#[command(after_long_help = OUTCOMES)]
pub(crate) struct SandboxArgs {
    /// Where to listen; port 0 takes a free one
    ///
    /// Beyond loopback, anybody who can reach this machine can read the messages and set faults. A client of send-im on
    /// another machine needs --https.
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,

    /// A name or address that it is reached by, where others reach it by that; may be repeated
    ///
    /// The first stands in the URL and in every link, and all of them in the certificate. Without one, links name the
    /// host that was asked for where it listens at every address.
    #[arg(long, value_name = "NAME")]
    pub(crate) host_name: Vec<String>,

    /// Speak https, with a certificate authority made at the start
    #[arg(long)]
    pub(crate) https: bool,

    /// Write the certificate authority to this file, for --ca-file
    #[arg(long, value_name = "FILE", requires = "https")]
    pub(crate) ca_out: Option<PathBuf>,

    /// How the server is spread over addresses: one-pool, two-pools or redirect
    ///
    /// one-pool: everything at one address. two-pools: discovery and the session at two, each with tokens of its own.
    /// redirect: the discovery root leads to another address.
    #[arg(long, default_value = "one-pool")]
    pub(crate) layout: Layout,

    /// How long recipients take to answer, slow@ and silent@ apart
    ///
    /// Until then an invitation has started and is not completed, as with people. With 0s both come in one answer of the
    /// event channel.
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "200ms")]
    pub(crate) answer_after: Duration,

    /// Answer web pages of this origin, for example https://app.contoso.com; may be repeated
    ///
    /// Without one, pages of any origin are answered; with one, others are refused as a pool refuses them (403, diagnostics
    /// 28070). Its own pages and programs that name no origin always pass.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,

    /// How long an invitation to silent@ rings
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "30s")]
    pub(crate) ring: Duration,
}

/// Print shell completions.
///
/// In bash: source <(send-im completions bash). The packages for dpkg and rpm have it where bash, zsh and fish look.
#[derive(Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    pub(crate) shell: clap_complete::Shell,
}

/// Print the manual page, or write all of them into a folder.
///
/// To read it: send-im man | man -l -
#[derive(Args)]
pub(crate) struct ManArgs {
    /// Where to write the page of this command and one for each of its own commands
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: Option<PathBuf>,
}

/// Check that a service takes requests, for example as the health check of a container
///
/// Exit codes: 0 when it does, 5 when it does not or cannot be reached, 2 for arguments that are not usable.
#[derive(Args)]
pub(crate) struct HealthArgs {
    /// Where the service is
    #[arg(value_name = "URL", default_value = "http://127.0.0.1:8480/")]
    pub(crate) url: String,

    /// Connect to this address, whatever the URL's name leads to: its certificate is for the name
    #[arg(long, value_name = "IP:PORT")]
    pub(crate) connect: Option<SocketAddr>,

    /// PEM or DER file with certificate authorities to trust besides those of the system
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// The longest time that can be asked for. Nothing here is meant to last longer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// `60s`, `1min 30s`, and a number alone as seconds.
fn time(text: &str) -> Result<Duration, String> {
    let parsed = match text.parse::<u32>() {
        Ok(seconds) => Ok(Duration::from_secs(seconds.into())),
        Err(_) => humantime::parse_duration(text),
    };
    match parsed {
        Ok(time) if time <= LONGEST => Ok(time),
        Ok(_) => Err("the longest time is 24h".to_owned()),
        Err(_) => Err("give a number and a unit, for example 60s or 2min".to_owned()),
    }
}

/// One of these words, as what the library reads from it.
fn one_of<T>(words: impl Into<PossibleValuesParser>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = send_im::Error> + Clone + Send + Sync + 'static,
{
    words.into().try_map(|word| word.parse::<T>())
}
