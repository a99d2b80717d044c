//! What a diagnosis says: its checks, their outcomes, and what to do.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::error::ErrorKind;
use crate::plain::plain;
use crate::steps::milliseconds;

macro_rules! words {
    ($(#[$of:meta])* $name:ident: $($(#[$doc:meta])* $variant:ident = $word:literal;)*) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every one, in the order of the documentation.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

words! {
    /// What is checked, in the order in which a send meets it.
    CheckName:
    /// Whether the server's names have addresses.
    Names = "names";
    /// Which proxy is on the way, and whether it makes connections.
    Proxy = "proxy";
    /// Which addresses take a connection.
    Tcp = "tcp";
    /// The TLS handshake and the server's certificate.
    Tls = "tls";
    /// The way to the account's home pool.
    Discovery = "discovery";
    /// Whether the servers on the way may get the password or a token.
    Trust = "trust";
    /// Which ways of signing in the server offers.
    Challenge = "challenge";
    /// Getting a token.
    SignIn = "sign_in";
    /// Opening a session.
    Application = "application";
    /// One request for events.
    EventChannel = "event_channel";
    /// How far this machine's clock is from the server's.
    Clock = "clock";
    /// Closing the session.
    SignOut = "sign_out";
}

words! {
    /// How a check ended.
    CheckOutcome:
    /// As it should be.
    Passed = "passed";
    /// A send works, but this should be looked at.
    Warning = "warning";
    /// A send fails here, or does not learn what became of its message.
    Failed = "failed";
    /// Not reached, or not needed.
    Skipped = "skipped";
}

words! {
    /// Who can do something about it.
    AdviceOwner:
    /// Whoever runs the program.
    You = "you";
    /// Whoever runs the network: names, proxies, firewalls, gateways.
    Network = "network";
    /// Whoever runs the Skype for Business or Lync pool.
    PoolAdministrator = "pool_administrator";
}

/// What to do about a warning or a failure, and who can.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Advice {
    /// One or two sentences.
    pub what: String,
    /// Who can do it.
    pub who: AdviceOwner,
}

/// One check. It never holds a password, a token or a cookie.
///
/// The names, the connection and its encryption are checked for the first servers, and once more where discovery leads elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// What was checked.
    pub name: CheckName,
    /// How it ended.
    pub outcome: CheckOutcome,
    /// What was seen: names, addresses, versions, answers. For people; not stable.
    pub seen: String,
    /// How long it took, in milliseconds when serialised (`elapsed_ms`).
    #[serde(rename = "elapsed_ms", serialize_with = "milliseconds")]
    pub elapsed: Duration,
    /// What to do, where there is something to do.
    pub advice: Option<Advice>,
    /// Of a failure, and of a warning after a failed request: the kind of error a program meets.
    pub kind: Option<ErrorKind>,
}

impl Check {
    pub(super) fn new(name: CheckName, outcome: CheckOutcome, seen: impl Into<String>) -> Self {
        Self { name, outcome, seen: plain(seen), elapsed: Duration::ZERO, advice: None, kind: None }
    }

    pub(super) fn passed(name: CheckName, seen: impl Into<String>) -> Self {
        Self::new(name, CheckOutcome::Passed, seen)
    }

    pub(super) fn skipped(name: CheckName, seen: impl Into<String>) -> Self {
        Self::new(name, CheckOutcome::Skipped, seen)
    }

    pub(super) fn elapsed(mut self, elapsed: Duration) -> Self {
        self.elapsed = elapsed;
        self
    }

    pub(super) fn advised(mut self, advice: Option<Advice>) -> Self {
        self.advice = advice;
        self
    }

    pub(super) fn kind(mut self, kind: ErrorKind) -> Self {
        self.kind = Some(kind);
        self
    }
}

/// What [`Account::diagnose`](crate::Account::diagnose) found.
///
/// As JSON it begins with its verdict: `outcome`, `kind`, `exit_code` and `who`, then `checks`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// The checks, in the order in which they were made.
    pub checks: Vec<Check>,
}

impl Diagnosis {
    /// The first check that failed; `None` where none did.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "wrong").server(sandbox.url());
    /// # let account = account.shared(Default::default());
    /// let diagnosis = account.diagnose().await?;
    /// let failure = diagnosis.first_failure().unwrap();
    /// assert_eq!(failure.name, send_im::CheckName::SignIn);
    /// println!("{}: {}", failure.seen, failure.advice.as_ref().unwrap().what);
    /// # Ok(())
    /// # }
    /// ```
    pub fn first_failure(&self) -> Option<&Check> {
        self.checks.iter().find(|check| check.outcome == CheckOutcome::Failed)
    }

    /// The worst outcome of the checks: `failed`, `warning` or `passed`.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// assert_eq!(account.diagnose().await?.outcome(), send_im::CheckOutcome::Passed);
    /// # Ok(())
    /// # }
    /// ```
    pub fn outcome(&self) -> CheckOutcome {
        self.decisive().map_or(CheckOutcome::Passed, |check| check.outcome)
    }

    /// Who can do something about the first failure or, where none failed, about the first warning.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "wrong").server(sandbox.url());
    /// # let account = account.shared(Default::default());
    /// assert_eq!(account.diagnose().await?.who(), Some(send_im::AdviceOwner::You));
    /// # Ok(())
    /// # }
    /// ```
    pub fn who(&self) -> Option<AdviceOwner> {
        Some(self.decisive()?.advice.as_ref()?.who)
    }

    /// The first failure or, where none failed, the first warning.
    fn decisive(&self) -> Option<&Check> {
        let warned = || self.checks.iter().find(|check| check.outcome == CheckOutcome::Warning);
        self.first_failure().or_else(warned)
    }

    /// The exit code of a program that diagnoses: that of the first failure's kind, or 0.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> send_im::Result<()> {
    /// # let sandbox = send_im_sandbox::Sandbox::start().await.unwrap();
    /// # let account = send_im::Account::with_password("tosh@contoso.com", "x").server(sandbox.url());
    /// assert_eq!(account.diagnose().await?.exit_code(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn exit_code(&self) -> u8 {
        self.first_failure().map_or(0, |check| check.kind.unwrap_or(ErrorKind::ServiceError).exit_code())
    }
}

impl Serialize for Diagnosis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct WithVerdict<'a> {
            outcome: CheckOutcome,
            kind: Option<ErrorKind>,
            exit_code: u8,
            who: Option<AdviceOwner>,
            checks: &'a [Check],
        }
        let verdict = WithVerdict {
            outcome: self.outcome(),
            kind: self.first_failure().and_then(|check| check.kind),
            exit_code: self.exit_code(),
            who: self.who(),
            checks: &self.checks,
        };
        verdict.serialize(serializer)
    }
}
