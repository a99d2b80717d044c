//! TLS with the sandbox's own certificate authority.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use reqwest::{Certificate, Client, Version};
use send_im_sandbox::{Action, Fault, Layout, Route, Sandbox};
use support::{challenges, get_json, href, json_of};

fn trusting(sandbox: &Sandbox) -> reqwest::ClientBuilder {
    support::tls();
    let ca = Certificate::from_pem(sandbox.ca_pem().unwrap().as_bytes()).unwrap();
    Client::builder().no_proxy().tls_certs_only([ca])
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_gets_in_with_http_2_and_1() {
    let sandbox = Sandbox::builder().https(true).layout(Layout::TwoPools).start().await.unwrap();
    assert!(sandbox.url().starts_with("https://127.0.0.1:"));
    let two = trusting(&sandbox).build().unwrap();
    let answer = two.get(sandbox.url()).send().await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    let user = href(&json_of(answer).await, "user");
    assert!(user.starts_with("https://"));
    let one = trusting(&sandbox).http1_only().build().unwrap();
    let answer = one.get(sandbox.url().replace("127.0.0.1", "localhost")).send().await.unwrap();
    assert_eq!((answer.version(), answer.status().as_u16()), (Version::HTTP_11, 200));
    let token = support::token(&one, &user, "lenea@contoso.com").await;
    let user = json_of(one.get(&user).header("authorization", token).send().await.unwrap()).await;
    let second = one.get(href(&user, "applications")).send().await.unwrap();
    assert_eq!(second.status(), 401, "the same authority vouches for the second pool");
}

#[tokio::test]
async fn a_client_that_does_not_trust_it_stays_out() {
    let sandbox = Sandbox::builder().https(true).start().await.unwrap();
    let other = Sandbox::builder().https(true).start().await.unwrap();
    assert!(trusting(&other).build().unwrap().get(sandbox.url()).send().await.is_err());
    assert!(trusting(&sandbox).build().unwrap().get(sandbox.url()).send().await.is_ok());
    assert!(Sandbox::start().await.unwrap().ca_pem().is_none());
}

#[tokio::test]
async fn a_host_name_is_in_the_certificate_and_in_the_links() {
    let named = Sandbox::builder().https(true).host_name("lyncdiscover.contoso.com").start().await.unwrap();
    assert!(named.url().starts_with("https://lyncdiscover.contoso.com:"));
    let port: u16 = named.url().trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap();
    let local = ([127, 0, 0, 1], port).into();
    let client = trusting(&named).resolve("lyncdiscover.contoso.com", local).build().unwrap();
    let root = json_of(client.get(named.url()).send().await.unwrap()).await;
    assert!(href(&root, "user").starts_with(named.url()));
    let wrong = trusting(&named).resolve("other.contoso.com", local).build().unwrap();
    let url = named.url().replace("lyncdiscover", "other");
    assert!(wrong.get(url).send().await.is_err(), "the certificate does not carry that name");
}

#[tokio::test]
async fn a_lost_answer_over_http_2_is_an_error_and_the_next_request_works() {
    let sandbox = Sandbox::builder().https(true).start().await.unwrap();
    let client = trusting(&sandbox).build().unwrap();
    for action in [Action::DropBefore, Action::DropAfter, Action::CutBody] {
        sandbox.add_fault(Fault::on(Route::Discovery, action.clone()));
        let text = async { client.get(sandbox.url()).send().await?.text().await };
        assert!(text.await.is_err(), "{action:?}");
        assert_eq!(client.get(sandbox.url()).send().await.unwrap().version(), Version::HTTP_2);
    }
}

#[tokio::test]
async fn a_stream_is_refused_and_a_connection_goes_away_over_http_2_alone() {
    let sandbox = Sandbox::builder().https(true).start().await.unwrap();
    let client = trusting(&sandbox).retry(reqwest::retry::never()).build().unwrap();
    let classic = trusting(&sandbox).http1_only().build().unwrap();
    for (action, said) in [
        (Action::ResetStream { error: 7, processed: false }, Some(h2::Reason::REFUSED_STREAM)),
        (Action::GoAway { error: 11, processed: false }, Some(h2::Reason::ENHANCE_YOUR_CALM)),
        // The stream is not above the last one, so the frame leaves its outcome open.
        (Action::GoAway { error: 11, processed: true }, None),
    ] {
        client.get(sandbox.url()).send().await.unwrap();
        sandbox.add_fault(Fault::on(Route::Discovery, action.clone()));
        let error = client.get(sandbox.url()).send().await.unwrap_err();
        let mut causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
        let found = causes.find_map(|cause| cause.downcast_ref::<h2::Error>()?.reason());
        assert_eq!(found, said, "{action:?}: {error:?}");
        sandbox.add_fault(Fault::on(Route::Discovery, action));
        classic.get(sandbox.url()).send().await.unwrap();
    }
}

#[tokio::test]
async fn the_given_number_of_connections_get_an_untrusted_certificate() {
    let sandbox = Sandbox::builder().https(true).http2(false).start().await.unwrap();
    let client = trusting(&sandbox).build().unwrap();
    let answered = async || client.get(sandbox.url()).send().await.map(|answer| answer.version());
    sandbox.add_fault(Fault::on(Route::Discovery, Action::ThenDistrust { connections: 2 }));
    assert_eq!(answered().await.unwrap(), Version::HTTP_11, "this answer still comes");
    for _ in 0..2 {
        assert!(answered().await.unwrap_err().is_connect());
    }
    assert!(answered().await.is_ok());
    sandbox.distrust_connections(0, u32::MAX);
    let refused = async { while answered().await.is_ok() {} };
    tokio::time::timeout(support::PATIENCE, refused).await.expect("open connections are closed");
    sandbox.clear_faults();
    assert!(answered().await.is_ok());
}

#[tokio::test]
async fn header_names_have_the_capitals_that_http_1_has_room_for() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let sandbox = Sandbox::start().await.unwrap();
    let address = sandbox.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut wire = tokio::net::TcpStream::connect(&address).await.unwrap();
    let asked = format!("GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    wire.write_all(asked.as_bytes()).await.unwrap();
    let mut answer = String::new();
    wire.read_to_string(&mut answer).await.unwrap();
    for name in ["Content-Type", "Cache-Control", "Server", "X-Powered-By"] {
        assert!(answer.contains(&format!("\r\n{name}: ")), "{name} in {answer}");
    }
}

#[tokio::test]
async fn a_head_is_answered_without_a_body_over_either_version() {
    for http2 in [true, false] {
        let sandbox = Sandbox::builder().https(true).http2(http2).start().await.unwrap();
        let client = trusting(&sandbox).build().unwrap();
        let user = href(&get_json(&client, sandbox.url()).await, "user");
        let got = client.get(&user).send().await.unwrap();
        let answer = client.head(&user).send().await.unwrap();
        assert_eq!(answer.version() == Version::HTTP_2, http2);
        assert_eq!((answer.status().as_u16(), challenges(&answer)), (401, challenges(&got)));
        let length = answer.headers()["content-length"].to_str().unwrap().to_owned();
        assert_eq!(answer.bytes().await.unwrap().len(), 0);
        assert_eq!(length, got.bytes().await.unwrap().len().to_string());
    }
}

#[tokio::test]
async fn the_file_with_the_certificate_is_closed_and_goes_with_the_sandbox() {
    let sandbox = Sandbox::builder().https(true).start().await.unwrap();
    let file = sandbox.ca_file().unwrap().to_owned();
    // A rename needs a file that nobody has open, on Windows.
    let elsewhere = file.with_extension("moved");
    std::fs::rename(&file, &elsewhere).unwrap();
    std::fs::rename(&elsewhere, &file).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), sandbox.ca_pem().unwrap());
    sandbox.stop().await;
    assert!(!file.exists());
    assert!(Sandbox::start().await.unwrap().ca_file().is_none());
}

#[tokio::test]
async fn a_clock_or_a_certificate_out_of_bounds_is_refused_with_the_bound() {
    let century = 36_500;
    for days in [(-century, century), (10, 11)] {
        let builder = Sandbox::builder().https(true).certificate_days(days.0, days.1);
        builder.clock_ahead(century * 86_400).start().await.unwrap();
    }
    for (builder, why) in [
        (Sandbox::builder().certificate_days(-century - 1, 0), "36500 days"),
        (Sandbox::builder().certificate_days(0, i64::MAX), "36500 days"),
        (Sandbox::builder().certificate_days(5, 5), "the first day is before the last"),
        (Sandbox::builder().clock_ahead(century * 86_400 + 1), "36500 days"),
        (Sandbox::builder().clock_ahead(i64::MIN), "36500 days"),
    ] {
        let error = builder.https(true).start().await.err().unwrap();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
        assert!(error.to_string().contains(why), "{error}");
    }
}
