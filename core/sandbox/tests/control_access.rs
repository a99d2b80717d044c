//! The control interface is for programs and for pages of its own origin.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use reqwest::{Method, RequestBuilder, Response};
use send_im_sandbox::Sandbox;
use serde_json::{Value, json};
use support::{Session, http, json_of};

const PATHS: [(&str, &str); 12] = [
    ("GET", "messages"),
    ("GET", "messages/wait?count=0"),
    ("DELETE", "messages"),
    ("GET", "journal"),
    ("DELETE", "journal"),
    ("GET", "faults"),
    ("DELETE", "faults"),
    ("PUT", "faults"),
    ("POST", "faults"),
    ("PUT", "recipients/bob@contoso.com"),
    ("GET", "state"),
    ("POST", "actions/revoke-tokens"),
];

/// A request that is answered with 2xx unless something is added to it.
fn request(sandbox: &Sandbox, method: &str, path: &str) -> RequestBuilder {
    let request = http().request(method.parse().unwrap(), format!("{}sandbox/api/{path}", sandbox.url()));
    let body = match path {
        _ if !["PUT", "POST"].contains(&method) => return request,
        "faults" => json!([]),
        "recipients/bob@contoso.com" => json!("accept"),
        _ => return request,
    };
    request.header("content-type", "application/json; charset=utf-8").body(body.to_string())
}

/// The status. Also checks that the response is JSON or empty, and that a browser may not cache, sniff or frame it.
async fn status(answer: Response) -> u16 {
    let header = |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().unwrap());
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
    let (status, kind) = (answer.status().as_u16(), header("content-type").to_owned());
    let body = answer.text().await.unwrap();
    match status {
        204 => assert_eq!((kind.as_str(), body.as_str()), ("", "")),
        _ => {
            assert_eq!(kind, "application/json");
            serde_json::from_str::<Value>(&body).unwrap();
        }
    }
    status
}

#[tokio::test]
async fn every_answer_is_json_that_a_browser_does_not_interpret() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let script = "<script>alert(1)</script><img src=x onerror=alert(2)>";
    session.invite_with("bob@contoso.com", script).await;
    let answer = request(&sandbox, "GET", "messages").header("accept", "text/html").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(json_of(answer).await[0]["text"], script);
    for (method, path) in PATHS {
        assert!(status(request(&sandbox, method, path).send().await.unwrap()).await < 300, "{method} {path}");
    }
    let path = "actions/%3Cscript%3Ealert(1)%3C/script%3E";
    assert_eq!(status(request(&sandbox, "POST", path).send().await.unwrap()).await, 404);
    let torn = request(&sandbox, "PUT", "faults").body(script).send().await.unwrap();
    assert_eq!(status(torn).await, 400);
}

#[tokio::test]
async fn a_page_of_another_origin_neither_reads_nor_changes() {
    let sandbox = Sandbox::start().await.unwrap();
    let own = sandbox.url().trim_end_matches('/').to_owned();
    let same_host = own.replace("http:", "https:");
    for (method, path) in PATHS {
        let asked = async |headers: &[(&str, &str)]| {
            let request = request(&sandbox, method, path);
            let request =
                headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            status(request.send().await.unwrap()).await
        };
        for origin in ["https://evil.example", "null", "http://localhost", &same_host] {
            assert_eq!(asked(&[("origin", origin)]).await, 403, "{method} {path} {origin}");
        }
        for site in ["cross-site", "same-site", "sideways"] {
            assert_eq!(asked(&[("sec-fetch-site", site)]).await, 403, "{method} {path} {site}");
        }
        assert_eq!(asked(&[("origin", &own), ("sec-fetch-site", "cross-site")]).await, 403);
        let mine = asked(&[("origin", &own), ("sec-fetch-site", "same-origin")]).await;
        assert!(mine < 300, "{method} {path}: {mine}");
        // The user typed the URL: that may read and not change.
        let typed = asked(&[("sec-fetch-site", "none")]).await;
        assert_eq!(typed < 300, method == "GET", "{method} {path}: {typed}");
    }
    let preflight = http().request(Method::OPTIONS, format!("{own}/sandbox/api/faults"));
    let answer = preflight.header("origin", "https://evil.example").send().await.unwrap();
    assert!(!answer.headers().keys().any(|name| name.as_str().starts_with("access-control")));
    assert_eq!(status(answer).await, 403);
}

#[tokio::test]
async fn a_name_that_can_be_made_to_point_here_is_not_answered() {
    let on_loopback = Sandbox::builder().host_name("sandbox.example").start().await.unwrap();
    let everywhere = Sandbox::builder().listen("0.0.0.0:0".parse().unwrap()).start().await.unwrap();
    let named = Sandbox::builder().listen("127.0.0.3:0".parse().unwrap()).start().await.unwrap();
    let asked = async |sandbox: &Sandbox, address: &str, host: &str| {
        let port = sandbox.url().trim_end_matches('/').rsplit(':').next().unwrap();
        let request = http().get(format!("http://{address}:{port}/sandbox/api/messages"));
        status(request.header("host", host).send().await.unwrap()).await
    };
    for host in ["127.0.0.1:1", "127.9.8.7", "localhost", "LOCALHOST:80", "[::1]:80", "Sandbox.Example:80"] {
        assert_eq!(asked(&on_loopback, "127.0.0.1", host).await, 200, "{host}");
    }
    let strangers = [
        "evil.example",
        "localhost.",
        "a.localhost",
        "127.0.0.1.nip.example",
        "127.1",
        "2130706433",
        "a b",
        "",
    ];
    for host in strangers {
        for (sandbox, address) in
            [(&on_loopback, "127.0.0.1"), (&everywhere, "127.0.0.1"), (&named, "127.0.0.3")]
        {
            assert_eq!(asked(sandbox, address, host).await, 403, "{host}");
        }
    }
    for host in ["10.0.0.5:80", "0.0.0.0:80", "[::ffff:127.0.0.1]:80", "[fd00::2]"] {
        assert_eq!(asked(&on_loopback, "127.0.0.1", host).await, 403, "{host}");
        assert_eq!(asked(&everywhere, "127.0.0.1", host).await, 200, "{host}");
    }
    let refused = http().get(format!("{}sandbox/api/messages", everywhere.url())).header("host", "buildbox");
    let why = json_of(refused.send().await.unwrap()).await["error"].as_str().unwrap().to_owned();
    assert!(why.contains("--host-name"), "{why}");
}

#[tokio::test]
async fn a_body_is_json_by_its_own_word() {
    let sandbox = Sandbox::start().await.unwrap();
    let put = async |kind: Option<&str>| {
        let request = http().put(format!("{}sandbox/api/faults", sandbox.url())).body("[]");
        let request = match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        };
        status(request.send().await.unwrap()).await
    };
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("text/plain; a=application/json"),
    ] {
        assert_eq!(put(kind).await, 415, "{kind:?}");
    }
    for kind in ["application/json", "Application/JSON; charset=utf-8"] {
        assert_eq!(put(Some(kind)).await, 204, "{kind}");
    }
}
