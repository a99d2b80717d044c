//! The way from a URL to a token.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use std::time::Duration;

use reqwest::{Client, Response};
use send_im_sandbox::{ChallengeStyle, Layout, Sandbox};
use serde_json::json;
use support::{Session, challenges, get_json, href, http, json_of};

const FORM: &str = "application/x-www-form-urlencoded;charset='utf-8'";

async fn token_request(http: &Client, origin: &str, content_type: &str, body: &str) -> Response {
    let request = http.post(format!("{origin}/webticket/oauthtoken"));
    request.header("content-type", content_type).body(body.to_owned()).send().await.unwrap()
}

fn origin(sandbox: &Sandbox) -> String {
    sandbox.url().trim_end_matches('/').to_owned()
}

#[tokio::test]
async fn the_root_leads_to_the_user_resource_and_keeps_the_domain() {
    let sandbox = Sandbox::start().await.unwrap();
    let http = http();
    let plain = get_json(&http, sandbox.url()).await;
    assert!(href(&plain, "user").starts_with(sandbox.url()));
    for query in ["originalDomain=contoso.com", "sipuri=sip:lenea@contoso.com"] {
        let url = format!("{}autodiscover/AUTODISCOVERSERVICE.svc/Root?{query}", sandbox.url());
        let root = get_json(&http, &url).await;
        assert!(href(&root, "user").ends_with("/root/oauth/user?originalDomain=contoso.com"), "{query}");
    }
    let answer = http.get(sandbox.url()).send().await.unwrap();
    for (name, value) in [
        ("server", "Microsoft-IIS/7.5"),
        ("cache-control", "no-cache"),
        ("x-powered-by", "ASP.NET"),
        ("x-aspnet-version", "4.0.30319"),
        ("expires", "-1"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(answer.headers()[name], value, "{name}");
    }
    assert!(answer.headers().contains_key("x-ms-server-fqdn"));
    assert_eq!(http.get(format!("{}nowhere", sandbox.url())).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn without_a_token_the_user_resource_answers_with_a_page_and_a_challenge() {
    let sandbox = Sandbox::start().await.unwrap();
    let http = http();
    let user = href(&get_json(&http, sandbox.url()).await, "user");
    let service = format!("{}/WebTicket/oauthtoken", origin(&sandbox));
    let expected = [
        (ChallengeStyle::TwoLines, 2, format!("MsRtcOAuth href=\"{service}\",")),
        (ChallengeStyle::Unquoted, 1, format!("MsRtcOAuth href={service},grant_type=")),
        (ChallengeStyle::OneLine, 1, format!("\",MsRtcOAuth href=\"{service}\"")),
        (ChallengeStyle::WindowsOnly, 2, "grant_type=\"urn:microsoft.rtc:windows\"".to_owned()),
        (ChallengeStyle::Passive, 2, "urn:microsoft.rtc:passive".to_owned()),
    ];
    for (style, lines, part) in expected {
        sandbox.set_challenge(style);
        let answer = http.get(&user).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.headers()["content-type"], "text/html");
        let challenges = challenges(&answer);
        assert_eq!(challenges.len(), lines, "{style:?}");
        assert!(challenges.last().unwrap().contains(&part), "{style:?}: {challenges:?}");
    }
    let head = http.head(&user).send().await.unwrap();
    assert_eq!((head.status().as_u16(), challenges(&head).len()), (401, 2));
}

#[tokio::test]
async fn a_token_is_had_with_every_form_of_the_request() {
    let sandbox = Sandbox::start().await.unwrap();
    let http = http();
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n\
                     --b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\nlenea@contoso.com\r\n\
                     --b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\npass@word1\r\n--b--\r\n";
    for (kind, body) in [
        (FORM, "grant_type=password&username=lenea%40contoso.com&password=pass%40word1&resource=x"),
        (FORM, "grant_type=password&username=lenea@contoso.com&password=pass@word1"),
        (FORM, "grant_type=password&username=CONTOSO%5Clenea&password=x"),
        ("multipart/form-data; boundary=b", multipart),
    ] {
        let answer = token_request(&http, &origin(&sandbox), kind, body).await;
        assert_eq!(answer.status(), 200, "{body}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let token = json_of(answer).await;
        assert!(token["access_token"].as_str().unwrap().starts_with("cwt="));
        assert_eq!((&token["token_type"], &token["expires_in"]), (&json!("Bearer"), &json!(28800)));
        assert_eq!(token["ms_rtc_identityscope"], "local");
        let user = format!("{}/autodiscover/autodiscoverservice.svc/root/oauth/user", origin(&sandbox));
        let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
        let user = http.get(user).header("authorization", bearer).send().await.unwrap();
        assert!(href(&json_of(user).await, "applications").ends_with("/ucwa/oauth/v1/applications"));
    }
}

#[tokio::test]
async fn a_refused_grant_says_why_in_the_form_of_oauth() {
    let sandbox = Sandbox::builder().user("lenea@contoso.com", "right").start().await.unwrap();
    let http = http();
    let cases = [
        (
            ChallengeStyle::TwoLines,
            "grant_type=password&username=lenea@contoso.com&password=wrong",
            "invalid_grant",
            "28020",
        ),
        (
            ChallengeStyle::TwoLines,
            "grant_type=password&username=bob@contoso.com&password=right",
            "invalid_grant",
            "28020",
        ),
        (ChallengeStyle::TwoLines, "grant_type=password&username=lenea@contoso.com", "invalid_request", ""),
        (ChallengeStyle::TwoLines, "grant_type=telepathy", "unsupported_grant_type", "28029"),
        (ChallengeStyle::TwoLines, "", "unsupported_grant_type", "28029"),
        (
            ChallengeStyle::TwoLines,
            "grant_type=urn:microsoft.rtc:anonmeeting&password=5LB7MRBC",
            "invalid_grant",
            "28020",
        ),
        (
            ChallengeStyle::WindowsOnly,
            "grant_type=password&username=lenea@contoso.com&password=right",
            "unsupported_grant_type",
            "28029",
        ),
        (ChallengeStyle::Passive, "grant_type=urn:microsoft.rtc:passive", "invalid_grant", "28020"),
    ];
    for (style, body, error, diagnostics) in cases {
        sandbox.set_challenge(style);
        let answer = token_request(&http, &origin(&sandbox), FORM, body).await;
        assert_eq!(answer.status(), 400, "{body}");
        let shown = answer.headers().get("x-ms-diagnostics").map_or("", |value| value.to_str().unwrap());
        assert!(shown.starts_with(diagnostics), "{body}: {shown}");
        let answer = json_of(answer).await;
        assert_eq!(answer["error"], error, "{body}");
        assert_eq!(answer.get("ms_rtc_passiveauthuri").is_some(), style == ChallengeStyle::Passive);
    }
    sandbox.set_challenge(ChallengeStyle::TwoLines);
    let right = "grant_type=password&username=CONTOSO\\lenea&password=right";
    assert_eq!(token_request(&http, &origin(&sandbox), FORM, right).await.status(), 200);
    let windows = token_request(&http, &origin(&sandbox), FORM, "grant_type=urn:microsoft.rtc:windows").await;
    assert_eq!(
        (windows.status().as_u16(), challenges(&windows)),
        (401, vec!["Negotiate".into(), "NTLM".into()])
    );
    assert!(!format!("{:?}", Sandbox::builder().user("a@b", "hidden")).contains("hidden"));
}

#[tokio::test]
async fn a_token_ends_by_age_and_by_revocation() {
    let short = Sandbox::builder().token_lifetime(Duration::ZERO).start().await.unwrap();
    let http = http();
    let body = "grant_type=password&username=a@b.c&password=x";
    let token = json_of(token_request(&http, &origin(&short), FORM, body).await).await;
    let user = href(&get_json(&http, short.url()).await, "user");
    let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
    assert_eq!(http.get(&user).header("authorization", bearer).send().await.unwrap().status(), 401);

    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let brought =
        Session { token: format!("Bearer {}", sandbox.issue_token("lenea@contoso.com")), ..session.clone() };
    assert_eq!(brought.get(&session.self_href()).await.status(), 200);
    sandbox.revoke_tokens();
    for session in [&session, &brought] {
        let refused = session.get(&session.self_href()).await;
        assert_eq!((refused.status().as_u16(), challenges(&refused).len()), (401, 2));
    }
    sandbox.set_challenge(ChallengeStyle::OnForbidden);
    let refused = session.get(&session.self_href()).await;
    assert_eq!((refused.status().as_u16(), challenges(&refused).len()), (403, 2));
    let diagnostics = refused.headers()["x-ms-diagnostics"].to_str().unwrap();
    assert!(diagnostics.starts_with("28055;") && diagnostics.contains("faultcode="));
    assert!(refused.headers()["warning"].to_str().unwrap().ends_with("\"InvalidToken\""));
}

#[tokio::test]
async fn with_two_pools_a_ticket_is_good_on_its_own_pool_only() {
    let sandbox = Sandbox::builder().layout(Layout::TwoPools).start().await.unwrap();
    let http = http();
    let user = href(&get_json(&http, sandbox.url()).await, "user");
    let first = support::token(&http, &user, "lenea@contoso.com").await;
    let user = json_of(http.get(&user).header("authorization", &first).send().await.unwrap()).await;
    let applications = href(&user, "applications");
    assert!(!applications.starts_with(&origin(&sandbox)), "the applications live elsewhere");

    let input = json!({ "userAgent": "t", "endpointId": "e", "culture": "en-US" }).to_string();
    let post = |token: String| {
        let request = http.post(&applications).header("authorization", token);
        request.header("content-type", "application/json").body(input.clone()).send()
    };
    let refused = post(first.clone()).await.unwrap();
    assert_eq!(refused.status(), 500);
    assert_eq!(refused.headers()["content-type"], "text/html");
    let diagnostics = refused.headers()["x-ms-diagnostics"].to_str().unwrap();
    assert!(
        diagnostics.starts_with("28032;source=\"")
            && diagnostics.ends_with("reason=\"The web ticket is invalid.\"")
    );

    let challenge = http.get(&applications).send().await.unwrap();
    assert_eq!(challenge.status(), 401);
    let home = applications.split("/ucwa").next().unwrap();
    assert!(challenges(&challenge)[1].contains(&format!("{home}/WebTicket/oauthtoken")));
    let second = support::token(&http, &applications, "lenea@contoso.com").await;
    assert_eq!(post(second).await.unwrap().status(), 201);
    let free = format!("Bearer {}", sandbox.issue_token("bob@contoso.com"));
    assert_eq!(post(free).await.unwrap().status(), 201);
    let pools: Vec<usize> = sandbox.journal().iter().map(|exchange| exchange.pool).collect();
    assert_eq!(pools, [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
}

#[tokio::test]
async fn a_redirect_leads_to_another_root() {
    let sandbox = Sandbox::builder().layout(Layout::Redirect).start().await.unwrap();
    let http = http();
    let root = get_json(&http, &format!("{}?originalDomain=contoso.com", sandbox.url())).await;
    assert_eq!(root["_links"].as_object().unwrap().len(), 1);
    let next = href(&root, "redirect");
    assert!(next.ends_with("?originalDomain=contoso.com") && !next.starts_with(&origin(&sandbox)));
    let root = get_json(&http, &next).await;
    let user = href(&root, "user");
    let token = support::token(&http, &user, "lenea@contoso.com").await;
    let user = json_of(http.get(&user).header("authorization", token).send().await.unwrap()).await;
    assert!(href(&user, "applications").starts_with(next.split("/Autodiscover").next().unwrap()));

    let elsewhere = Sandbox::builder().redirect_to("https://evil.example/root?x=1").start().await.unwrap();
    let root = get_json(&http, elsewhere.url()).await;
    assert_eq!(root, json!({ "_links": { "redirect": { "href": "https://evil.example/root?x=1" } } }));

    let asked = format!("{}sandbox/redirect?to=https%3A%2F%2Fevil.example%2Froot%3Fx%3D1", sandbox.url());
    assert_eq!(get_json(&http, &asked).await, root);
}

#[tokio::test]
async fn a_port_is_taken_once() {
    let sandbox = Sandbox::start().await.unwrap();
    let port = origin(&sandbox).rsplit(':').next().unwrap().parse().unwrap();
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    assert!(Sandbox::builder().listen(address).start().await.is_err());
    sandbox.stop().await;
    let second = Sandbox::builder().listen(address).start().await.unwrap();
    assert_eq!(second.url(), format!("http://{address}/"));
}
