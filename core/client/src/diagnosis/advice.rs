//! What to do about a failure, and who can: decided here alone, from the check, the kind of the error and the reason.
//!
//! Cmdlets are those of the Skype for Business module of the vendor's documentation, learn.microsoft.com/powershell/module/skype:
//! set-cswebserviceconfiguration (UseWindowsAuth, UseWsFedPassiveAuth), grant-csmobilitypolicy, get-csuser, set-cscertificate.

use super::check::{Advice, AdviceOwner, CheckName};
use crate::error::ErrorKind;

/// Why a check did not pass, as far as it can be told from what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reason {
    /// The names of the domain have no address.
    NoName,
    /// A server's name has no address.
    NoServerName,
    /// An address refuses the connection, or does not answer.
    NoConnection,
    /// A connection breaks before the answer.
    ConnectionBroke,
    /// The proxy cannot be reached.
    ProxyUnreachable,
    /// The proxy wants a sign-in.
    ProxySignIn,
    /// The proxy refuses the connection.
    ProxyRefuses,
    CertificateExpired,
    CertificateExpiresSoon,
    CertificateNotYetValid,
    CertificateForOtherName,
    UnknownAuthority,
    /// The authority that is trusted by that name did not sign it, or a key is too short.
    BadSignature,
    OtherCertificate,
    /// Whether the certificate was revoked cannot be found out.
    RevocationUnknown,
    /// The server has no version of TLS from 1.2 on.
    NoCurrentVersion,
    /// Client and server have no cipher suite in common.
    NothingInCommon,
    /// The port does not speak TLS.
    NoTls,
    /// The connection ends before TLS is agreed on.
    ClosedInHandshake,
    /// The server asks for a certificate of the client.
    WantsCertificate,
    /// What comes is not TLS as the standard has it.
    BrokenTls,
    /// A page, or an answer that is not the pool's: something in between has answered.
    NotThePool,
    /// A reverse proxy or gateway says that it cannot reach the pool.
    GatewayFailed,
    /// The pool itself failed.
    PoolFailed,
    /// Discovery found something else than an autodiscover service, or a loop.
    NoAutodiscover,
    /// Discovery led to a host outside the trust rule.
    NotTrusted,
    /// No password grant is offered; others are.
    NoPassword,
    /// The token service wants the user on a web page.
    WebPageOnly,
    /// The user name or password was refused.
    WrongPassword,
    /// The user name rests after refusals.
    NameRests,
    /// The account is not known, or not homed there.
    UnknownAccount,
    /// The program's token source gave no token.
    NoToken,
    /// The account may not do this.
    NotPermitted,
    /// An Origin header was added on the way.
    CrossDomain,
    /// Too many sessions are open.
    TooManySessions,
    /// The answer did not come in time.
    TooLate,
    /// The server asks to slow down.
    Throttled,
    /// The clocks differ.
    ClocksDiffer,
    Other,
}

#[cfg(test)]
impl Reason {
    pub(super) const ALL: &[Reason] = &[
        Reason::NoName,
        Reason::NoServerName,
        Reason::NoConnection,
        Reason::ConnectionBroke,
        Reason::ProxyUnreachable,
        Reason::ProxySignIn,
        Reason::ProxyRefuses,
        Reason::CertificateExpired,
        Reason::CertificateExpiresSoon,
        Reason::CertificateNotYetValid,
        Reason::CertificateForOtherName,
        Reason::UnknownAuthority,
        Reason::BadSignature,
        Reason::OtherCertificate,
        Reason::RevocationUnknown,
        Reason::NoCurrentVersion,
        Reason::NothingInCommon,
        Reason::NoTls,
        Reason::ClosedInHandshake,
        Reason::WantsCertificate,
        Reason::BrokenTls,
        Reason::NotThePool,
        Reason::GatewayFailed,
        Reason::PoolFailed,
        Reason::NoAutodiscover,
        Reason::NotTrusted,
        Reason::NoPassword,
        Reason::WebPageOnly,
        Reason::WrongPassword,
        Reason::NameRests,
        Reason::UnknownAccount,
        Reason::NoToken,
        Reason::NotPermitted,
        Reason::CrossDomain,
        Reason::TooManySessions,
        Reason::TooLate,
        Reason::Throttled,
        Reason::ClocksDiffer,
        Reason::Other,
    ];
}

/// What to do.
pub(super) fn advice(check: CheckName, kind: Option<ErrorKind>, reason: Reason) -> Advice {
    use AdviceOwner::{Network, PoolAdministrator, You};
    let (who, what) = match (check, kind, reason) {
        (CheckName::SignOut, ..) => (
            PoolAdministrator,
            "Nothing now: the server ends the session by itself after 15 minutes. If this lasts, look at the IIS log of the pool's web services.",
        ),
        (_, _, Reason::NoName) => (
            Network,
            "If the names are right, add DNS records that lead to the pool's web services: lyncdiscoverinternal inside, lyncdiscover outside. Until then, name the pool itself as the server (SEND_IM_SERVER).",
        ),
        (_, _, Reason::NoServerName) => (
            Network,
            "Add a DNS record for this name, or correct the name: in the server's URL (SEND_IM_SERVER), or in the pool's web services where discovery led to it.",
        ),
        (_, _, Reason::NoConnection) => (
            Network,
            "Check that the name leads to the pool or its reverse proxy, and that a firewall lets TCP through to this port.",
        ),
        (_, _, Reason::ConnectionBroke) => (
            Network,
            "Find what closes the connection before the answer: a firewall, a load balancer or the reverse proxy, by its log. If it is none of these, look at the pool's event log.",
        ),
        (_, _, Reason::ProxyUnreachable) => (
            You,
            "Correct the proxy in the setting that names it, or name the server's host in NO_PROXY where it is reached without one.",
        ),
        (_, _, Reason::ProxySignIn) => (
            You,
            "Write the proxy's user name and password into its setting: http://user:password@proxy:port. Only Basic is spoken.",
        ),
        (_, _, Reason::ProxyRefuses) => (
            Network,
            "Allow the proxy to connect to this host and port, or name the host in NO_PROXY where it is reached without one.",
        ),
        (_, _, Reason::CertificateExpired | Reason::CertificateExpiresSoon) => (
            PoolAdministrator,
            "Renew the certificate of the pool's web services and assign it with Set-CsCertificate; renew that of a reverse proxy there.",
        ),
        (_, _, Reason::CertificateNotYetValid) => {
            (You, "Set this machine's clock; if it is right, the certificate begins later.")
        }
        (_, _, Reason::CertificateForOtherName) => (
            PoolAdministrator,
            "Issue the certificate with this name as well, and assign it with Set-CsCertificate. If the address is wrong, correct the DNS record.",
        ),
        (_, _, Reason::UnknownAuthority) => (
            You,
            "If this issuer is your own authority, name its certificate file as ca_file (SEND_IM_CA_FILE). If the server leaves intermediate certificates out, it must send them. Any other issuer may be an interceptor.",
        ),
        (_, _, Reason::BadSignature) => (
            You,
            "Get the file of ca_file (SEND_IM_CA_FILE) anew: it may hold an earlier authority of the same name. If it is right, the pool's certificate needs an RSA key of 2048 bits or more (Set-CsCertificate).",
        ),
        (_, _, Reason::OtherCertificate) => (
            PoolAdministrator,
            "Assign another one with Set-CsCertificate, or on the reverse proxy: issued by an authority for server authentication, signed with SHA-256, with an RSA key of 2048 bits or more, or ECDSA.",
        ),
        (_, _, Reason::RevocationUnknown) => {
            (Network, "Let this machine reach the revocation lists that the certificate names (CRL).")
        }
        (_, _, Reason::NoCurrentVersion) => (
            PoolAdministrator,
            "Allow TLS 1.2 on the pool's web servers, or on the reverse proxy before them.",
        ),
        (_, _, Reason::NothingInCommon) => (
            You,
            "Set tls to compatible (SEND_IM_TLS) for Windows Server 2012 R2; if it is, the server's administrator must allow TLS 1.2 with ECDHE.",
        ),
        (_, _, Reason::ClosedInHandshake) => (
            You,
            "Check that the port in the server's URL is an https port. If it is, and the server is Windows Server 2012 R2, set tls to compatible (SEND_IM_TLS).",
        ),
        (_, _, Reason::WantsCertificate) => (
            PoolAdministrator,
            "Turn client certificates off for the pool's web services, or on the reverse proxy before them.",
        ),
        (_, _, Reason::BrokenTls) => (
            Network,
            "Exempt this host from what inspects TLS on the way, such as a firewall or a virus scanner.",
        ),
        (_, _, Reason::NoTls) => {
            (You, "Check the port in the server's URL; it is an https port that is needed.")
        }
        (_, _, Reason::NotThePool) => (
            Network,
            "Something in between answers in the pool's place: a proxy, a gateway or a sign-in page. Let these requests through unchanged.",
        ),
        (_, _, Reason::GatewayFailed) => (
            Network,
            "A proxy, a gateway or the reverse proxy of the pool gets no answer from behind it. Look at its log, and whether the pool's web services run (IIS on the front ends).",
        ),
        (CheckName::Discovery, _, Reason::NoAutodiscover) => (
            Network,
            "Check where the name leads, or the URL that is given as the server: what answers there is no autodiscover service. Publish the pool's web services there, or name another server (SEND_IM_SERVER).",
        ),
        (_, _, Reason::NotTrusted) => (
            You,
            "If the host is yours, name its domain as a trusted domain, or its URL as the server. If not, ask the pool's administrator why discovery leads there.",
        ),
        (_, _, Reason::NoPassword) => (
            PoolAdministrator,
            "Where UseWsFedPassiveAuth is True (Get-CsWebServiceConfiguration), Set-CsWebServiceConfiguration can turn it off. Where only Windows sign-in is offered, use an account of another pool, or a token of the program's.",
        ),
        (_, _, Reason::WebPageOnly) => (
            PoolAdministrator,
            "The pool signs in on a web page (Get-CsWebServiceConfiguration, UseWsFedPassiveAuth). Allow the account a pool without it, or give the program a token.",
        ),
        (_, _, Reason::WrongPassword) => (
            You,
            "Check user name and password. Some pools want DOMAIN\\user as the user name (SEND_IM_USERNAME). Each further try may lock the account.",
        ),
        (_, _, Reason::NameRests) => (You, "Wait a minute, then try once with the right password."),
        (_, _, Reason::UnknownAccount) => (
            PoolAdministrator,
            "Check the sender's address, and with Get-CsUser that the account is enabled and on which pool it is homed.",
        ),
        (_, _, Reason::NoToken) => {
            (You, "Look at the program's own token source; the server has not been asked.")
        }
        (_, _, Reason::CrossDomain) => {
            (Network, "Take the Origin header out that a proxy adds to these requests.")
        }
        (_, _, Reason::TooManySessions) => (
            You,
            "Close other sessions of this account, or wait 15 minutes. Each program needs an account of its own, or must sign out.",
        ),
        (CheckName::Application, _, Reason::NotPermitted) => (
            PoolAdministrator,
            "Allow the account with Grant-CsMobilityPolicy a policy whose EnableMobility is True, and check with Get-CsUser that it is enabled.",
        ),
        (_, _, Reason::NotPermitted) => {
            (PoolAdministrator, "Check with Get-CsUser that the account is enabled, and its policies.")
        }
        (_, _, Reason::Throttled) => (You, "Wait, and ask less often."),
        (CheckName::EventChannel, _, Reason::TooLate) | (_, _, Reason::TooLate) => (
            Network,
            "Find what holds the request up: a firewall or gateway that drops it, or a pool that is overloaded.",
        ),
        (_, _, Reason::ClocksDiffer) => (
            You,
            "Set this machine's clock by a time server. If it is right, the server's clock is wrong, and its administrator must set it.",
        ),
        (_, _, Reason::PoolFailed | Reason::NoAutodiscover | Reason::Other) => (
            PoolAdministrator,
            "Look at the pool's event log and at the IIS log of its web services for this request.",
        ),
    };
    Advice { what: what.to_owned(), who }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_short_advice_for_every_check_and_reason() {
        for check in CheckName::ALL {
            for reason in Reason::ALL {
                let what = advice(*check, None, *reason).what;
                assert!(what.ends_with('.') && what.len() < 220, "{check} {reason:?}: {what}");
            }
        }
    }

    #[test]
    fn whoever_can_do_something_is_told() {
        use AdviceOwner::{Network, PoolAdministrator, You};
        for (check, reason, who, word) in [
            (CheckName::Names, Reason::NoName, Network, "DNS"),
            (CheckName::Proxy, Reason::ProxySignIn, You, "user:password@"),
            (CheckName::Tls, Reason::CertificateExpired, PoolAdministrator, "Set-CsCertificate"),
            (CheckName::Tls, Reason::UnknownAuthority, You, "SEND_IM_CA_FILE"),
            (CheckName::Discovery, Reason::NotThePool, Network, "in between"),
            (CheckName::Discovery, Reason::NoAutodiscover, Network, "autodiscover"),
            (CheckName::Challenge, Reason::NoPassword, PoolAdministrator, "Set-CsWebServiceConfiguration"),
            (CheckName::SignIn, Reason::WrongPassword, You, "DOMAIN"),
            (CheckName::Application, Reason::NotPermitted, PoolAdministrator, "Grant-CsMobilityPolicy"),
            (CheckName::Application, Reason::TooManySessions, You, "15 minutes"),
            (CheckName::SignOut, Reason::PoolFailed, PoolAdministrator, "by itself"),
        ] {
            let told = advice(check, None, reason);
            assert_eq!(told.who, who, "{check} {reason:?}");
            assert!(told.what.contains(word), "{}", told.what);
        }
    }
}
