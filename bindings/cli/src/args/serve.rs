//! The command line of `send-im serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{ENVIRONMENT, SenderArgs, time};

const SERVED: &str = "\
The parameters: recipient, message; username, password, address; subject, importance, html, \
wait, timeout. Without username and password the account that is configured sends. \
POST /hooks/alertmanager, /hooks/grafana and /hooks/apprise take what these send, with recipient in the URL. \
/healthz tells whether it takes requests, /metrics counts, /openapi.json describes it all.

Examples:
  send-im serve --server sandbox
  curl -d recipient=lenea@contoso.com -d message=hello http://127.0.0.1:8480/send

  SEND_IM_HTTP_TOKEN=$(openssl rand -hex 32) \\
    send-im serve --listen 0.0.0.0:443 --tls-cert im.pem --tls-key im.key

Exit codes:
  0  ended by a signal
  2  an option is not usable or not safe
  5  it cannot listen";

/// Take messages by HTTP: GET or POST recipient and message
///
/// It answers with the receipt, or with a problem (RFC 9457) that has the members of the error. The first line of the
/// output is its URL; the log is on standard error, or in --log-folder. Without --token-file and --client-ca it serves
/// programs of this machine only. On SIGTERM, SIGHUP or Ctrl-C it takes no new request, lets the sends under way end
/// (--drain) and signs out; a second signal cancels them. It ends within 7 s after that, whatever the server does.
#[derive(Args)]
#[command(after_help = "send-im help serve lists the environment variables.")]
#[command(after_long_help = format!("{SERVED}\n\n{ENVIRONMENT}"))]
pub(crate) struct ServeArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:8480")]
    pub(crate) listen: SocketAddr,

    #[command(flatten)]
    pub(crate) sender: SenderArgs,

    /// Bearer tokens, one a line; a request has to bring one [env: SEND_IM_HTTP_TOKEN, one token]
    ///
    /// Needed beyond this machine, unless --client-ca is given.
    #[arg(long, value_name = "FILE", help_heading = "Who may ask")]
    pub(crate) token_file: Option<PathBuf>,

    /// PEM file with the authority of the clients' certificates; such a certificate is as good as a token
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "Who may ask")]
    pub(crate) client_ca: Option<PathBuf>,

    /// PEM file with the revocation lists of that authority and of those under it
    ///
    /// Read at the start. Without it, a certificate is taken until it expires.
    #[arg(long, value_name = "FILE", requires = "client_ca", help_heading = "Who may ask")]
    pub(crate) client_crl: Option<PathBuf>,

    /// A web origin whose pages may ask, for example https://intranet.contoso.com; may be given again
    #[arg(long, value_name = "ORIGIN", help_heading = "Who may ask")]
    pub(crate) allow_origin: Vec<String>,

    /// A name the service is asked by, besides addresses and localhost; may be given again
    ///
    /// Other names are refused where no token is needed, and everywhere once this is given: a page could make a name
    /// of its own point to this machine.
    #[arg(long, value_name = "NAME", help_heading = "Who may ask")]
    pub(crate) allow_host: Vec<String>,

    /// Do not serve the web page at /
    #[arg(long, help_heading = "Who may ask")]
    pub(crate) no_page: bool,

    /// Take messages by POST only
    ///
    /// Browsers tell less of a GET: see "What it defends against" in the service's README.
    #[arg(long, help_heading = "Who may ask")]
    pub(crate) post_only: bool,

    /// A domain whose accounts requests may bring, where no --server is given; may be given again
    ///
    /// The domain of the service's own account is one without this.
    #[arg(long, value_name = "DOMAIN", help_heading = "Who may ask")]
    pub(crate) allow_domain: Vec<String>,

    /// Take username and password from the URL too
    ///
    /// URLs stand in the logs of proxies and in histories. The service itself does not log them.
    #[arg(long, help_heading = "Who may ask")]
    pub(crate) allow_query_credentials: bool,

    /// Send as the service's own account only
    #[arg(long, conflicts_with = "allow_query_credentials", help_heading = "Who may ask")]
    pub(crate) refuse_credentials: bool,

    /// What POST /hooks/NAME makes of a body: a TOML file of templates; may be given again
    ///
    /// The hooks alertmanager, grafana and apprise are there without; see "Hooks" in the service's README.
    #[arg(long, value_name = "NAME=FILE", value_parser = hook)]
    pub(crate) hook: Vec<(String, PathBuf)>,

    /// Speak https with this certificate chain, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_key", help_heading = "TLS")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// The private key of the certificate, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert", help_heading = "TLS")]
    pub(crate) tls_key: Option<PathBuf>,

    /// Plain http beyond this machine: something in front speaks TLS
    #[arg(long, conflicts_with = "tls_cert", help_heading = "TLS")]
    pub(crate) allow_plain_http: bool,

    /// The largest request body, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20, help_heading = "Limits")]
    pub(crate) max_body: usize,

    /// Requests a second one client address may make on average; 0 sets no limit
    #[arg(long, value_name = "N", default_value_t = 50, help_heading = "Limits")]
    pub(crate) rate: u32,

    /// Sends that may be under way at once
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = at_least_one, help_heading = "Limits")]
    pub(crate) max_sends: usize,

    /// Sessions of accounts that requests bring that may be signed in at once
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = at_least_one, help_heading = "Limits")]
    pub(crate) max_sessions: usize,

    /// How long a session stays signed in that sends nothing
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "5min", help_heading = "Limits")]
    pub(crate) idle: Duration,

    /// How long the sends under way may take to end when the service stops; then they are cancelled
    #[arg(long, value_name = "TIME", value_parser = time, default_value = "30s", help_heading = "Limits")]
    pub(crate) drain: Duration,

    /// Log to daily files in this folder, keeping 14, instead of to standard error
    #[arg(long, value_name = "FOLDER", help_heading = "Output")]
    pub(crate) log_folder: Option<PathBuf>,

    /// Run as a service: only the service control manager of Windows can start it then
    ///
    /// It is running once it listens. A stop, and the end of the system, are as Ctrl-C.
    #[cfg(windows)]
    #[arg(long, requires = "log_folder", help_heading = "Output")]
    pub(crate) windows_service: bool,

    /// Log the steps of each send, and requests of /healthz and /metrics, too
    #[arg(long, short, help_heading = "Output")]
    pub(crate) verbose: bool,
}

fn hook(text: &str) -> Result<(String, PathBuf), String> {
    let parts = text.split_once('=').filter(|(name, file)| !name.is_empty() && !file.is_empty());
    let (name, file) =
        parts.ok_or_else(|| "give a name and a file, for example backup=backup.toml".to_owned())?;
    Ok((name.to_owned(), file.into()))
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "give a whole number of at least 1".to_owned())
}
