//! Discovery and signing in: challenges, tokens, split pools, trust, TLS.
#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::*;
use std::error::Error as _;

use send_im::{Account, BearerToken, Client, ErrorKind, Sent, Step};
use send_im_sandbox::{Action, ChallengeStyle, Fault, Layout, Route, Sandbox};

async fn with_style(style: ChallengeStyle) -> Result<Client, send_im::Error> {
    let sandbox = Sandbox::builder().challenge(style).start().await.unwrap();
    Client::sign_in(account(&sandbox)).await
}

#[tokio::test]
async fn every_form_of_the_challenge_is_answered() {
    for style in [
        ChallengeStyle::TwoLines,
        ChallengeStyle::Unquoted,
        ChallengeStyle::OneLine,
        ChallengeStyle::OnForbidden,
    ] {
        with_style(style).await.unwrap_or_else(|e| panic!("{style:?}: {e}"));
    }
    for style in [ChallengeStyle::WindowsOnly, ChallengeStyle::Passive] {
        let error = with_style(style).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.step()),
            (ErrorKind::SignInUnsupported, Some(Step::SignIn)),
            "{style:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_without_a_second_try() {
    let sandbox = Sandbox::builder().user("tosh@contoso.com", "right").start().await.unwrap();
    let error = Client::sign_in(account(&sandbox)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.sent(), error.http_status()),
        (ErrorKind::SignInRefused, Sent::No, Some(400))
    );
    assert!(!error.hops().is_empty());
    assert_eq!(sandbox.journal().iter().filter(|e| e.method == "POST").count(), 1);
}

#[tokio::test]
async fn every_layout_delivers() {
    for layout in [Layout::OnePool, Layout::TwoPools, Layout::Redirect] {
        let sandbox = Sandbox::builder().layout(layout).start().await.unwrap();
        for _ in 0..2 {
            send_im::send(&account(&sandbox), hello()).await.unwrap_or_else(|e| panic!("{layout}: {e}"));
        }
        assert_eq!(sandbox.messages().len(), 2);
        assert_eq!(sandbox.open_applications(), 0);
    }
}

#[tokio::test]
async fn a_token_rejected_in_any_disguise_is_replaced_once() {
    for rejection in [
        diagnosed(401, "28000"),
        diagnosed(
            403,
            r#"28055;source="fe";reason="The OAuth token is invalid.";faultcode="wsse:FailedAuthentication""#,
        ),
        diagnosed(500, r#"28032;source="fe";reason="The web ticket is invalid."#),
    ] {
        for route in [
            Route::User,
            Route::Applications,
            Route::Events,
            Route::StartMessaging,
            Route::SendMessage,
            Route::DeleteApplication,
        ] {
            let sandbox = Sandbox::start().await.unwrap();
            let client = Client::sign_in(account(&sandbox)).await.unwrap();
            client.send(hello()).await.unwrap();
            sandbox.add_fault(Fault::on(route, rejection.clone()));
            client.send(long()).await.unwrap_or_else(|e| panic!("{route:?} {rejection:?}: {e}"));
            client.send(hello()).await.unwrap();
            client.sign_out().await.unwrap_or_else(|e| panic!("{route:?} {rejection:?}: {e}"));
            assert_eq!((sandbox.messages().len(), sandbox.open_applications()), (3, 0));
        }
    }
}

#[tokio::test]
async fn revoked_and_expired_tokens_are_renewed() {
    let sandbox = Sandbox::builder().token_lifetime(Duration::from_millis(300)).start().await.unwrap();
    let client = Client::sign_in(account(&sandbox)).await.unwrap();
    for _ in 0..3 {
        client.send(hello()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    sandbox.revoke_tokens();
    client.send(hello()).await.unwrap();
    client.sign_out().await.unwrap();
    assert_eq!(sandbox.messages().len(), 4);
}

#[tokio::test]
async fn a_token_that_stays_rejected_is_told() {
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_fault(Fault::on(Route::Applications, diagnosed(401, "28000")).times(0));
    let error = Client::sign_in(account(&sandbox)).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (ErrorKind::SignInRefused, Some(401)), "{error:?}");
}

#[tokio::test]
async fn a_program_may_supply_the_token() {
    let sandbox = Arc::new(Sandbox::start().await.unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let source = {
        let (sandbox, asked) = (sandbox.clone(), asked.clone());
        move |request: send_im::TokenRequest| {
            let n = asked.fetch_add(1, Ordering::SeqCst);
            assert_eq!(request.rejected, n > 0);
            assert_eq!(format!("{}/", request.origin), sandbox.url());
            let token = sandbox.issue_token("tosh@contoso.com");
            async move { Ok(BearerToken::new(token)) }
        }
    };
    let client =
        Client::sign_in(Account::with_token("tosh@contoso.com", source).server(sandbox.url())).await.unwrap();
    client.send(hello()).await.unwrap();
    sandbox.revoke_tokens();
    client.send(hello()).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2);

    let refuses = Account::with_token("tosh@contoso.com", |_| async { Err("no entry\nfor tosh".into()) })
        .server(sandbox.url());
    let error = Client::sign_in(refuses).await.unwrap_err();
    assert_eq!((error.kind(), error.step()), (ErrorKind::CredentialUnavailable, Some(Step::SignIn)));
    assert!(error.to_string().ends_with("no entry for tosh"), "{error}");
    assert_eq!(error.source().unwrap().to_string(), "no entry\nfor tosh");
}

#[tokio::test]
async fn an_untrusted_redirect_gets_no_credentials() {
    for to in [
        "https://evil.test/root",
        "http://contoso.com/root",
        "https://contoso.com.evil.test/",
        "https://a:b@contoso.com/",
    ] {
        let sandbox = Sandbox::builder().redirect_to(to).start().await.unwrap();
        let error = Client::sign_in(account(&sandbox)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.step()),
            (ErrorKind::UntrustedHost, Some(Step::Discover)),
            "{to}: {error:?}"
        );
        assert_eq!(sandbox.journal().len(), 1);
    }
}

#[tokio::test]
async fn a_redirect_that_never_ends_is_a_failed_discovery() {
    let first = Sandbox::start().await.unwrap();
    let endless = Sandbox::builder().redirect_to(first.url()).start().await.unwrap();
    let url = first.url().to_owned();
    first.stop().await;
    let back = Sandbox::builder()
        .listen(url.trim_start_matches("http://").trim_end_matches('/').parse().unwrap())
        .redirect_to(endless.url())
        .start()
        .await
        .unwrap();
    let error = Client::sign_in(account(&back)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DiscoveryFailed, "{error:?}");
    assert!(error.hops().len() > 5);
}

#[tokio::test]
async fn nobody_there_is_a_failed_discovery() {
    let url = {
        let sandbox = Sandbox::start().await.unwrap();
        sandbox.url().to_owned()
    };
    let error =
        Client::sign_in(Account::with_password("tosh@contoso.com", "x").server(url)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.sent(), error.hops().len()),
        (ErrorKind::DiscoveryFailed, Sent::No, 1),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_web_page_is_no_server() {
    let (result, _) = send_with(Route::Discovery, Action::HtmlInstead, hello()).await;
    // The bare root led nowhere; the autodiscover service of the same host did.
    result.unwrap();
    let sandbox = Sandbox::start().await.unwrap();
    sandbox.add_fault(Fault::on(Route::Discovery, Action::HtmlInstead).times(0));
    let error = Client::sign_in(account(&sandbox)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DiscoveryFailed, "{error:?}");
    assert!(error.to_string().contains("HTML"), "{error}");
}

#[tokio::test]
async fn a_private_authority_must_be_named() {
    let sandbox = Sandbox::builder().https(true).start().await.unwrap();
    let error = Client::sign_in(account(&sandbox)).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Tls, Sent::No), "{error:?}");
    assert!(error.to_string().contains("ca_file"), "{error}");
    assert!(error.source().is_some_and(|source| source.is::<rustls::Error>()), "{error:?}");

    let file = sandbox.ca_file().unwrap();
    let client = Client::sign_in(account(&sandbox).ca_file(file)).await.unwrap();
    client.send(hello()).await.unwrap();
    client.sign_out().await.unwrap();
}

#[tokio::test]
async fn the_networks_error_is_the_source() {
    let sandbox = Sandbox::start().await.unwrap();
    let gone = account(&sandbox);
    drop(sandbox);
    let error = Client::sign_in(gone).await.unwrap_err();
    let source = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    assert_eq!(source.map(std::io::Error::kind), Some(std::io::ErrorKind::ConnectionRefused), "{error:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_that_nobody_writes_to_is_no_profile_and_no_ca_file() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&pipe).status().unwrap().success());
    let sandbox = Sandbox::builder().https(true).start().await.unwrap();
    for error in [
        Account::from_profile(&pipe).unwrap_err(),
        Client::sign_in(account(&sandbox).ca_file(&pipe)).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.detail().contains("is no file but"), "{error}");
    }
}

#[tokio::test]
async fn the_sign_in_domain_leads_to_its_server() {
    let sandbox = Sandbox::builder()
        .https(true)
        .host_name("lyncdiscoverinternal.contoso.com")
        .host_name("lyncdiscover.contoso.com")
        .start()
        .await
        .unwrap();
    let file = sandbox.ca_file().unwrap();
    let address = address_of(&sandbox);
    let nowhere = "127.0.0.1:1".parse().unwrap();
    for (internal, external) in [(address, nowhere), (nowhere, address)] {
        let account = Account::with_password("tosh@contoso.com", "x")
            .ca_file(file)
            .resolve("lyncdiscoverinternal.contoso.com", internal)
            .resolve("lyncdiscover.contoso.com", external);
        let client = Client::sign_in(account).await.unwrap();
        client.send(hello()).await.unwrap();
        client.sign_out().await.unwrap();
    }
    // A server that is overloaded for a moment is one all the same.
    let inside_only = Account::with_password("tosh@contoso.com", "x")
        .ca_file(file)
        .resolve("lyncdiscoverinternal.contoso.com", address)
        .resolve("lyncdiscover.contoso.com", nowhere)
        .shared(Arc::default());
    sandbox.add_fault(Fault::on(Route::Discovery, status(503)));
    Client::sign_in(inside_only.clone()).await.unwrap().sign_out().await.unwrap();
    sandbox.add_fault(Fault::on(Route::Discovery, status(503)).times(0));
    let error = Client::sign_in(inside_only.timeout(Duration::from_secs(2))).await.unwrap_err();
    assert_eq!((error.kind(), error.http_status()), (ErrorKind::ServiceError, Some(503)), "{error:?}");
    let account = Account::with_password("tosh@contoso.com", "x")
        .resolve("lyncdiscoverinternal.contoso.com", nowhere)
        .resolve("lyncdiscover.contoso.com", nowhere);
    let error = Client::sign_in(account).await.unwrap_err();
    assert_eq!((error.kind(), error.hops().len()), (ErrorKind::DiscoveryFailed, 2), "{error:?}");
    assert!(error.to_string().contains("contoso.com"));
}

/// A web server that answers every request with a redirect.
async fn redirecting_to(location: String) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 2048];
            while stream.read(&mut request).await.is_ok_and(|n| n > 0) {
                let answer =
                    format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    });
    url
}

#[tokio::test]
async fn an_http_redirect_is_followed_within_the_domain_only() {
    let sandbox = Sandbox::start().await.unwrap();
    let near = redirecting_to(sandbox.url().to_owned()).await;
    send_im::send(&Account::with_password("tosh@contoso.com", "x").server(near), hello()).await.unwrap();

    for far in ["https://evil.test/", "https://contoso.com.evil.test/", "http://pool.contoso.com/"] {
        let near = redirecting_to(far.to_owned()).await;
        let error =
            Client::sign_in(Account::with_password("tosh@contoso.com", "x").server(near)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::DiscoveryFailed, "{far}: {error:?}");
    }
}

#[tokio::test]
async fn a_slow_server_meets_the_deadline() {
    for route in [Route::Discovery, Route::User, Route::Token, Route::Applications] {
        let sandbox = Sandbox::start().await.unwrap();
        sandbox.add_fault(Fault::on(route, Action::Delay { time: Duration::from_secs(60) }).times(0));
        let error =
            send_im::send(&account(&sandbox), hello().timeout(Duration::from_millis(300))).await.unwrap_err();
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Timeout, Sent::No), "{route:?}: {error:?}");
        assert!(error.step().is_some());
    }
}

/// Where the sandbox listens, whatever name its URL holds.
fn address_of(sandbox: &Sandbox) -> std::net::SocketAddr {
    let port = sandbox.url().trim_end_matches('/').rsplit(':').next().unwrap();
    format!("127.0.0.1:{port}").parse().unwrap()
}
