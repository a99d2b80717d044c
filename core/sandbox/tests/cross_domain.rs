//! Web pages, and programs that name an origin: who is answered, and how the xframe page sends requests for others.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use reqwest::{Method, RequestBuilder, Response};
use send_im_sandbox::{Layout, Sandbox};
use serde_json::Value;
use support::{Session, get_json, href, http, json_of, token};

const HEADERS: [&str; 2] = ["Origin", "X-Ms-Origin"];

/// The user resource, requested with a token.
async fn user(sandbox: &Sandbox) -> Value {
    let user = href(&get_json(&http(), sandbox.url()).await, "user");
    let token = token(&http(), &user, "lenea@contoso.com").await;
    json_of(http().get(&user).header("authorization", token).send().await.unwrap()).await
}

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.unwrap().status().as_u16()
}

fn diagnostics(answer: &Response) -> String {
    answer.headers()["x-ms-diagnostics"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn any_page_is_answered_where_no_list_is_given() {
    let (_sandbox, session) = Session::on(Sandbox::builder()).await;
    for header in HEADERS {
        for origin in ["http://localhost", "http://app.fabrikam.com", "null"] {
            let asked = |href: &str| session.request(Method::GET, href).header(header, origin);
            assert_eq!(status(asked(&session.origin)).await, 200, "{header}: {origin}");
            assert_eq!(status(asked(&session.self_href())).await, 200, "{header}: {origin}");
        }
    }
}

#[tokio::test]
async fn a_list_lets_in_what_stands_on_it_and_the_sandbox_itself() {
    let listed = Sandbox::builder().layout(Layout::TwoPools);
    let listed = listed.allow_origin("https://App.Contoso.com").allow_origin("http://localhost:8080/");
    let sandbox = listed.start().await.unwrap();
    let applications = href(&user(&sandbox).await, "applications");
    let second = applications.split("/ucwa").next().unwrap();
    let asked = |header: &str, origin: &str| http().get(sandbox.url()).header(header, origin);
    let first = sandbox.url().trim_end_matches('/').to_owned();
    let by_name = first.replace("127.0.0.1", "localhost");
    for header in HEADERS {
        for origin in ["https://app.contoso.com", "https://app.contoso.com:443", "http://localhost:8080"] {
            assert_eq!(status(asked(header, origin)).await, 200, "{header}: {origin}");
        }
        for origin in [first.as_str(), second] {
            assert_eq!(status(asked(header, origin)).await, 200, "{header}: {origin}");
        }
        let reached = http().get(&by_name).header(header, &by_name);
        assert_eq!(status(reached).await, 200, "{header}: {by_name}");
        for origin in
            ["http://app.contoso.com", "https://app.contoso.com:8443", "http://localhost", "null", ""]
        {
            let refused = asked(header, origin).send().await.unwrap();
            assert_eq!(refused.status(), 403, "{header}: {origin}");
            let reason = diagnostics(&refused);
            assert!(reason.starts_with("28070;") && reason.contains("cross domain request"), "{reason}");
        }
    }
    // DNS rebinding: the name resolves to the sandbox since the page was loaded.
    let port = first.rsplit(':').next().unwrap();
    let rebound = asked("Origin", &format!("http://evil.example:{port}"))
        .header("Host", format!("evil.example:{port}"));
    assert_eq!(status(rebound).await, 403);
    let both = asked("Origin", &first).header("X-Ms-Origin", "https://evil.example");
    assert_eq!(status(both).await, 403, "each of them counts");
    assert_eq!(status(http().get(sandbox.url())).await, 200, "programs name no origin");
}

#[tokio::test]
async fn an_entry_that_is_no_origin_fails_the_start() {
    for entry in ["app.contoso.com", "https://app.contoso.com/page", "*", ""] {
        let why = Sandbox::builder().allow_origin(entry).start().await.unwrap_err().to_string();
        assert!(why.contains(entry) && why.contains("https://app.contoso.com"), "{why}");
    }
}

#[tokio::test]
async fn a_browsers_preflight_is_answered_as_a_pool_does() {
    for builder in [Sandbox::builder(), Sandbox::builder().allow_origin("https://app.contoso.com")] {
        let sandbox = builder.start().await.unwrap();
        let options = http().request(Method::OPTIONS, format!("{}WebTicket/oauthtoken", sandbox.url()));
        let options = options.header("Origin", "https://webdir.nnylync.info");
        let answer = options.header("Access-Control-Request-Method", "POST").send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let reason = diagnostics(&answer);
        assert!(reason.starts_with("28020;") && reason.contains("No valid security token."), "{reason}");
        assert!(!answer.headers().keys().any(|name| name.as_str().starts_with("access-control")));
    }
}

#[tokio::test]
async fn the_xframe_links_lead_to_a_page_that_may_stand_in_a_frame() {
    let sandbox = Sandbox::builder().layout(Layout::TwoPools).start().await.unwrap();
    let root = get_json(&http(), sandbox.url()).await;
    let user = user(&sandbox).await;
    let short = format!("{}xframe", sandbox.url());
    for page in [href(&root, "xframe"), href(&user, "xframe"), short] {
        let answer = http().get(&page).send().await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"text/html".parse().unwrap()),
            "{page}"
        );
        assert!(!answer.headers().contains_key("x-frame-options"));
        assert!(answer.text().await.unwrap().contains("postMessage"));
    }
}

#[tokio::test]
async fn the_sandboxs_own_interface_stays_closed_to_what_comes_through_the_xframe() {
    let sandbox = Sandbox::builder().allow_origin("https://app.contoso.com").start().await.unwrap();
    let own = sandbox.url().trim_end_matches('/');
    // What a browser sends for the xframe page, which is of this origin.
    for origin in ["https://app.contoso.com", own] {
        let asked = http().get(format!("{own}/sandbox/api/messages")).header("X-Ms-Origin", origin);
        assert_eq!(status(asked.header("Sec-Fetch-Site", "same-origin")).await, 403, "{origin}");
    }
}
