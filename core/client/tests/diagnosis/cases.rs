//! The faults, each with the account that meets it and what has to be kept alive meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use send_im::{Account, Shared};
use send_im_sandbox::{Action, Builder, ChallengeStyle, Fault, GatewayBody, Layout, Route, Sandbox};
use tokio::net::TcpListener;

use crate::PASSWORD;
use crate::common::{coded, status};

/// A fault that is set up.
pub(crate) struct Case {
    pub(crate) account: Account,
    pub(crate) sandbox: Sandbox,
}

/// Every fault, in the order of the file.
pub(crate) const NAMES: &[&str] = &[
    "none",
    "none_https",
    "none_two_pools",
    "none_redirect",
    "none_domain",
    "no_name",
    "nothing_listens",
    "one_name_is_dead",
    "points_elsewhere",
    "tls_on_no_tls_port",
    "unknown_authority",
    "expired",
    "expires_soon",
    "not_yet_valid",
    "other_name",
    "pool_distrusted",
    "discovery_page",
    "discovery_404",
    "discovery_502",
    "discovery_503",
    "discovery_drops",
    "leads_elsewhere",
    "user_502",
    "user_page",
    "unknown_account",
    "windows_only",
    "passive",
    "wrong_password",
    "name_rests",
    "token_502",
    "token_503",
    "no_token",
    "forbidden",
    "too_many_sessions",
    "session_502",
    "session_page",
    "events_502",
    "events_once_502",
    "events_drop",
    "events_gone",
    "clock_ahead",
    "clock_behind",
    "delete_500",
    "nobody",
    "nobody_windows_only",
    "nobody_other_name",
];

fn every(route: Route, action: Action) -> Option<Fault> {
    Some(Fault::on(route, action).times(0))
}

fn gateway(http: u16) -> Action {
    Action::GatewayError { http, body: GatewayBody::Html, processed: false }
}

fn tosh() -> Account {
    Account::with_password("tosh@contoso.com", PASSWORD)
}

fn https(builder: Builder) -> Builder {
    builder.https(true)
}

/// The account of tosh at this sandbox.
fn at(sandbox: &Sandbox) -> Account {
    let account = tosh().server(sandbox.url());
    sandbox.ca_file().into_iter().fold(account, Account::ca_file)
}

/// Both names of the domain, at these addresses.
fn by_domain(account: Account, inside: SocketAddr, outside: SocketAddr) -> Account {
    account.resolve("lyncdiscoverinternal.contoso.com", inside).resolve("lyncdiscover.contoso.com", outside)
}

fn address(sandbox: &Sandbox) -> SocketAddr {
    let port = sandbox.url().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// An address where nothing listens.
async fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

pub(crate) async fn set_up(name: &str) -> Case {
    let builder = Sandbox::builder();
    let named = |builder: Builder| {
        https(builder).host_name("lyncdiscoverinternal.contoso.com").host_name("lyncdiscover.contoso.com")
    };
    let builder = match name {
        "none_https" | "unknown_authority" => https(builder),
        "none_two_pools" => https(builder).layout(Layout::TwoPools),
        "pool_distrusted" => https(builder).layout(Layout::TwoPools),
        "none_redirect" => https(builder).layout(Layout::Redirect),
        "none_domain" | "one_name_is_dead" | "nobody" => named(builder),
        "points_elsewhere" | "nobody_other_name" => https(builder),
        "expired" => https(builder).certificate_days(-400, -10),
        "expires_soon" => https(builder).certificate_days(-400, 10),
        "not_yet_valid" => https(builder).certificate_days(10, 400),
        "other_name" => https(builder),
        "leads_elsewhere" => builder.redirect_to("https://lync.evil.test/"),
        "windows_only" => builder.challenge(ChallengeStyle::WindowsOnly),
        "nobody_windows_only" => named(builder).challenge(ChallengeStyle::WindowsOnly),
        "passive" => builder.challenge(ChallengeStyle::Passive),
        "wrong_password" | "name_rests" => builder.user("tosh@contoso.com", "an-0ther-word"),
        "clock_ahead" => builder.clock_ahead(3600),
        "clock_behind" => builder.clock_ahead(-3600),
        _ => builder,
    };
    let sandbox = builder.start().await.unwrap();
    let fault = match name {
        "pool_distrusted" => {
            Some(Fault::on(Route::Applications, Action::ThenDistrust { connections: 1_000_000 }))
        }
        "discovery_page" => every(Route::Discovery, Action::HtmlInstead),
        "discovery_404" => every(Route::Discovery, gateway(404)),
        "discovery_502" => every(Route::Discovery, gateway(502)),
        "discovery_503" => every(Route::Discovery, status(503)),
        "discovery_drops" => every(Route::Discovery, Action::DropBefore),
        "user_502" => every(Route::User, gateway(502)),
        "user_page" => every(Route::User, Action::HtmlInstead),
        // The first request is challenged, and whoever it is then is not known.
        "unknown_account" => Some(Fault::on(Route::User, status(404)).skip(1).times(0)),
        "token_502" => every(Route::Token, gateway(502)),
        "token_503" => every(Route::Token, status(503)),
        "forbidden" => every(Route::Applications, status(403)),
        "too_many_sessions" => every(Route::Applications, coded(410, "Gone", "TooManyApplications")),
        "session_502" => every(Route::Applications, gateway(502)),
        "session_page" => every(Route::Applications, Action::HtmlInstead),
        "events_502" => every(Route::Events, gateway(502)),
        "events_once_502" => Some(Fault::on(Route::Events, gateway(502))),
        "events_drop" => every(Route::Events, Action::DropBefore),
        "events_gone" => every(Route::Events, coded(404, "NotFound", "ApplicationNotFound")),
        "delete_500" => every(Route::DeleteApplication, status(500)),
        _ => None,
    };
    fault.into_iter().for_each(|fault| sandbox.add_fault(fault));
    let here = address(&sandbox);
    let trusting = |account: Account| sandbox.ca_file().into_iter().fold(account, Account::ca_file);
    let account = match name {
        "none_domain" => trusting(by_domain(tosh(), here, here)),
        "no_name" => tosh().server("https://lync.contoso.invalid/"),
        "nothing_listens" => by_domain(tosh(), nowhere().await, nowhere().await),
        "one_name_is_dead" => trusting(by_domain(tosh(), nowhere().await, here)),
        "points_elsewhere" => trusting(by_domain(tosh(), here, here)),
        "tls_on_no_tls_port" => tosh().server(sandbox.url().replace("http:", "https:")),
        "unknown_authority" => tosh().server(sandbox.url()),
        "other_name" => trusting(tosh().server(format!("https://lync.contoso.com:{}/", here.port())))
            .resolve("lync.contoso.com", here),
        "no_token" => {
            Account::with_token("tosh@contoso.com", |_| async { Err("the vault is sealed".into()) })
                .server(sandbox.url())
        }
        "nobody" | "nobody_windows_only" | "nobody_other_name" => {
            trusting(by_domain(Account::without_credentials("contoso.com"), here, here))
        }
        _ => at(&sandbox),
    };
    let account = account.shared(Arc::new(Shared::new())).timeout(Duration::from_secs(20));
    if name == "name_rests" {
        for guess in ["one", "two", "three"] {
            let guessing = account.other_sender("tosh@contoso.com", guess);
            send_im::send_im(&guessing, "lenea@contoso.com", "hello").await.unwrap_err();
        }
    }
    if name == "pool_distrusted" {
        // Its first request brings the other certificate about.
        drop(account.diagnose().await);
    }
    Case { account, sandbox }
}
