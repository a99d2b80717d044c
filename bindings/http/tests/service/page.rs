//! The page for browsers, which takes nothing from programs and nothing from what guards the service.

use crate::common::*;
use reqwest::{Method, RequestBuilder};

/// What a browser says it takes when somebody opens a URL.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

fn browser(request: RequestBuilder) -> RequestBuilder {
    request.header("accept", BROWSER)
}

fn is_page(answer: &Answer) -> bool {
    answer.status == 200 && answer.header("content-type") == "text/html; charset=utf-8"
}

#[tokio::test]
async fn a_browser_gets_the_page_and_programs_what_they_always_got() {
    let world = World::new().await;
    for path in ["", "index.html", "index.html?"] {
        assert!(is_page(&answer(browser(world.get(path))).await), "{path}");
        for accept in ["*/*", "application/json", "application/json, text/javascript, */*; q=0.01"] {
            let told = answer(world.get(path).header("accept", accept)).await;
            assert_eq!(told.verdict(), verdict(400, "invalid_input", "no"), "{path} {accept}");
        }
        assert_eq!(answer(world.get(path)).await.status, 400);
    }
    // With parameters it is a send, whatever is accepted, and so is a POST.
    let sent = answer(browser(world.get("?recipient=lenea@contoso.com&message=got"))).await;
    assert_eq!((sent.status, sent.json()["to"].as_str()), (200, Some(LENE)));
    let posted = browser(world.post("").header("content-type", "application/x-www-form-urlencoded"));
    assert_eq!(status(posted.body("recipient=lenea@contoso.com&message=posted")).await, 200);
    assert_eq!(world.texts(), ["got", "posted"]);
    assert_eq!(answer(browser(world.get("send"))).await.status, 400);
    assert_eq!(status(browser(world.http.request(Method::HEAD, world.url("")))).await, 405);
}

#[tokio::test]
async fn its_files_load_nothing_from_elsewhere_and_run_nothing_inline() {
    let world = World::new().await;
    let mut bytes = 0;
    for (path, kind) in [
        ("", "text/html; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
    ] {
        let told = answer(browser(world.get(path))).await;
        let policy = told.header("content-security-policy").to_owned();
        let mut rules: Vec<&str> = policy.split("; ").collect();
        rules.sort_unstable();
        let strict = [
            "base-uri 'none'",
            "connect-src 'self'",
            "default-src 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "script-src 'self'",
            "style-src 'self'",
        ];
        assert_eq!((told.status, rules), (200, strict.to_vec()));
        let headers = [
            "content-type",
            "x-content-type-options",
            "cache-control",
            "cross-origin-opener-policy",
            "cross-origin-resource-policy",
            "referrer-policy",
        ];
        assert_eq!(
            headers.map(|name| told.header(name)),
            [kind, "nosniff", "no-store", "same-origin", "same-origin", "no-referrer"]
        );
        for elsewhere in
            ["http://", "https://", "<script>", " style=", " onclick=", "innerHTML", "sessionStorage"]
        {
            assert!(!told.text.contains(elsewhere), "{path}: {elsewhere}");
        }
        bytes += told.text.len();
    }
    assert!(bytes < 50_000, "{bytes}");
    // Answers of other paths keep their policy.
    assert_eq!(
        answer(world.get("healthz")).await.header("content-security-policy"),
        "default-src 'none'; frame-ancestors 'none'"
    );
}

#[tokio::test]
async fn without_a_token_the_page_is_there_and_sends_nothing() {
    let world = World::options(|options| options.tokens(tokens())).await;
    assert!(is_page(&answer(browser(world.get(""))).await));
    // As the page asks whether a token is needed, and as it sends.
    let own = world.url("").trim_end_matches('/').to_owned();
    let page =
        |request: RequestBuilder| request.header("origin", &own).header("sec-fetch-site", "same-origin");
    assert_eq!(status(page(world.http.head(world.url("metrics")))).await, 401);
    let events =
        |request: RequestBuilder| page(request).header("accept", "text/event-stream, application/json");
    let refused = answer(events(world.message_to("lenea"))).await;
    assert_eq!(refused.verdict(), verdict(401, "forbidden", "no"));
    assert!(world.sandbox.journal().is_empty());
    let sent = answer(events(world.message_to("lenea")).bearer_auth(TOKEN)).await;
    assert_eq!((sent.status, sent.header("content-type")), (200, "text/event-stream"));
    assert!(sent.text.contains("event: step\n") && sent.text.contains("event: receipt\n"), "{}", sent.text);
}

#[tokio::test]
async fn a_link_may_lead_to_the_page_and_still_to_no_message() {
    let world = World::new().await;
    for site in ["none", "cross-site", "same-site", "same-origin"] {
        assert!(is_page(&answer(browser(world.get("").header("sec-fetch-site", site))).await), "{site}");
        let send = world.get("?recipient=lenea@contoso.com&message=forged").header("sec-fetch-site", site);
        assert_eq!(status(browser(send)).await, if site == "same-origin" { 200 } else { 403 }, "{site}");
    }
    assert_eq!(world.texts(), ["forged"]);
    let elsewhere = world
        .message_to("lenea")
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site");
    assert_eq!(answer(browser(elsewhere)).await.verdict(), verdict(403, "forbidden", "no"));
    assert_eq!(
        answer(world.get("page.js").header("origin", "https://evil.example"))
            .await
            .header("access-control-allow-origin"),
        ""
    );
}

#[tokio::test]
async fn no_rebound_name_and_no_proxy_shows_the_page() {
    let world = World::options(|options| options.allow_host("im.contoso.com")).await;
    for path in ["", "page.css", "page.js"] {
        for (name, value, shown) in [
            ("host", "im.contoso.com", 200),
            ("host", "localhost:1", 200),
            ("host", "rebound.example", 403),
            ("host", "0.0.0.0", 403),
            ("x-forwarded-for", "10.0.0.5", 403),
        ] {
            let told = status(browser(world.get(path).header(name, value))).await;
            assert_eq!(told, shown, "{path} {name} {value}");
        }
    }
    // By such a name a page may post, and a GET with parameters still sends nothing.
    let get = world.get("?recipient=lenea@contoso.com&message=forged").header("host", "im.contoso.com");
    assert_eq!(status(browser(get)).await, 403);
    let post =
        world.message_to("lenea").header("host", "im.contoso.com").header("origin", "http://im.contoso.com");
    assert_eq!(status(post).await, 200);
}

#[tokio::test]
async fn the_page_uses_up_no_allowance_of_programs() {
    let world = World::options(|options| options.rate(10)).await;
    let mut shown = 0;
    for _ in 0..200 {
        shown += u32::from(is_page(&answer(browser(world.get(""))).await));
    }
    assert!((10..200).contains(&shown), "{shown}");
    assert_eq!(status(world.message_to("lenea")).await, 200);
}

#[tokio::test]
async fn it_can_be_turned_off_and_needs_no_get_that_sends() {
    let world = World::options(|options| options.page(false)).await;
    assert_eq!(answer(browser(world.get(""))).await.verdict(), verdict(400, "invalid_input", "no"));
    assert_eq!(status(browser(world.get("page.js"))).await, 404);
    let world = World::options(|options| options.post_only(true)).await;
    assert!(is_page(&answer(browser(world.get(""))).await));
    assert_eq!(status(world.get("")).await, 405);
    assert_eq!(status(browser(world.get("?recipient=lenea@contoso.com&message=got"))).await, 405);
}
