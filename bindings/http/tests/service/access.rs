//! Who may ask, and from where.

use crate::common::authority::Authority;
use crate::common::*;
use reqwest::{Certificate, Identity, RequestBuilder};
use send_im_http::Options;

fn with_tokens(options: Options) -> Options {
    options.tokens(tokens())
}

#[tokio::test]
async fn a_token_is_needed_and_has_to_be_the_right_one() {
    let world = World::options(with_tokens).await;
    for given in [None, Some("Bearer wrong-wrong-wrong"), Some(TOKEN), Some("Basic dDp0"), Some("Bearer")] {
        let request = world.message_to("lenea");
        let request = match given {
            Some(value) => request.header("Authorization", value),
            None => request,
        };
        let answer = answer(request).await;
        assert_eq!(answer.verdict(), verdict(401, "forbidden", "no"), "{given:?}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{given:?}");
        assert!(answer.json()["step"].is_null());
    }
    assert!(world.sandbox.journal().is_empty());
    assert_eq!(status(world.message_to("lenea").bearer_auth(TOKEN)).await, 200);
    assert_eq!(status(world.get("metrics")).await, 401);
    assert_eq!(status(world.get("metrics").bearer_auth(TOKEN)).await, 200);
    assert_eq!(status(world.get("healthz")).await, 200);
    assert_eq!(status(world.get("openapi.json")).await, 200);
}

#[tokio::test]
async fn credentials_in_a_url_are_refused_unless_they_are_allowed() {
    let query = "?recipient=lenea@contoso.com&message=hello&username=tosh@contoso.com&password=";
    let world = World::new().await;
    for request in [world.get(&format!("{query}{PASSWORD}")), world.post(&format!("{query}{PASSWORD}"))] {
        let answer = answer(request).await;
        assert_eq!(answer.verdict(), verdict(400, "invalid_input", "no"));
        assert!(!answer.text.contains(PASSWORD));
    }
    let in_halves = world
        .post("send?password=pa55word-of-tosh")
        .header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(
        status(in_halves.body("recipient=a@contoso.com&message=hello&username=tosh@contoso.com")).await,
        400
    );
    assert!(world.sandbox.journal().is_empty());

    let world = World::options(|options| options.query_credentials(true)).await;
    assert_eq!(status(world.get(&format!("{query}{PASSWORD}"))).await, 200);
    assert_eq!(world.texts(), ["hello"]);
}

#[tokio::test]
async fn a_service_may_send_as_itself_alone() {
    let world = World::options(|options| options.request_credentials(false)).await;
    let body = format!("recipient=a@contoso.com&message=hello&username=tosh@contoso.com&password={PASSWORD}");
    assert_eq!(answer(world.form(body)).await.verdict(), verdict(400, "invalid_input", "no"));
    assert_eq!(status(world.message_to("lenea")).await, 200);
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_is_refused() {
    let world = World::new().await;
    let named = |request: RequestBuilder, host: &str| request.header("Host", host.to_owned());
    for host in ["evil.example", "evil.example:8480", "localhost.evil.example", "127.0.0.1.evil.example"] {
        let answer = answer(named(world.message_to("lenea"), host)).await;
        assert_eq!(answer.verdict(), verdict(403, "forbidden", "no"), "{host}");
        assert_eq!(status(named(world.get("metrics"), host)).await, 403, "{host}");
    }
    assert!(world.sandbox.journal().is_empty());
    for host in ["localhost:8480", "127.0.0.1", "[::1]:8480"] {
        assert_eq!(status(named(world.message_to("lenea"), host)).await, 200, "{host}");
    }

    let world = World::options(|options| options.allow_host("im.contoso.com")).await;
    assert_eq!(status(named(world.message_to("lenea"), "IM.contoso.com:8480")).await, 200);
    assert_eq!(status(named(world.message_to("lenea"), "evil.example")).await, 403);

    let world = World::options(with_tokens).await;
    assert_eq!(status(named(world.message_to("lenea"), "im.contoso.com").bearer_auth(TOKEN)).await, 200);
    let world = World::options(|options| with_tokens(options).allow_host("im.contoso.com")).await;
    assert_eq!(status(named(world.message_to("lenea"), "evil.example").bearer_auth(TOKEN)).await, 403);
}

#[tokio::test]
async fn what_a_browser_sends_for_another_page_is_refused() {
    let anonymous = World::options(|options| options.allow_origin("https://intranet.contoso.com")).await;
    let token =
        World::options(|options| with_tokens(options).allow_origin("https://intranet.contoso.com")).await;
    for world in [&anonymous, &token] {
        for (origin, site, expected) in [
            (None, None, 200),
            (None, Some("same-origin"), 200),
            (None, Some("cross-site"), 403),
            (None, Some("same-site"), 403),
            // A link that somebody followed in a mail.
            (None, Some("none"), 403),
            (Some("https://evil.example"), Some("cross-site"), 403),
            (Some("https://evil.example"), None, 403),
            (Some("https://intranet.contoso.com.evil.example"), None, 403),
            (Some("http://intranet.contoso.com"), None, 403),
            (Some("null"), Some("cross-site"), 403),
            (Some("null"), None, 403),
            (Some(""), None, 403),
            (Some("https://intranet.contoso.com"), Some("cross-site"), 200),
            (Some("https://intranet.contoso.com"), None, 200),
            (Some(world.service.url().trim_end_matches('/')), None, 200),
        ] {
            for request in [
                world.message_to("lenea"),
                world.get("?recipient=lenea@contoso.com&message=hello"),
                world.get("metrics"),
            ] {
                let mut request = request.bearer_auth(TOKEN);
                if let Some(origin) = origin {
                    request = request.header("Origin", origin);
                }
                if let Some(site) = site {
                    request = request.header("Sec-Fetch-Site", site);
                }
                assert_eq!(status(request).await, expected, "{origin:?} {site:?}");
            }
        }
        assert_eq!(world.texts().len(), 10);
    }
}

#[tokio::test]
async fn what_only_a_browser_says_is_looked_at_whole() {
    let world = World::options(|options| options.allow_origin("https://intranet.contoso.com")).await;
    for headers in [
        &[("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Site", "none")][..],
        &[("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")],
        &[("Origin", "https://intranet.contoso.com"), ("Origin", "https://evil.example")],
    ] {
        let request =
            headers.iter().fold(world.message_to("lenea"), |r, (name, value)| r.header(*name, *value));
        assert_eq!(status(request).await, 403, "{headers:?}");
    }
    let same =
        world.message_to("lenea").header("Sec-Fetch-Mode", "cors").header("Sec-Fetch-Site", "same-origin");
    assert_eq!(status(same).await, 200);
    let of_node = world.message_to("lenea").header("Sec-Fetch-Mode", "cors");
    assert_eq!(status(of_node).await, 200);
}

#[tokio::test]
async fn a_proxy_needs_a_token() {
    let anonymous = World::new().await;
    let token = World::options(with_tokens).await;
    for header in [
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Anything-New",
        "X-Real-IP",
        "Via",
        "True-Client-IP",
        "CF-Connecting-IP",
        "CF-Ray",
        "X-Envoy-External-Address",
        "X-ARR-LOG-ID",
        "X-Original-URL",
        "X-Amzn-Trace-Id",
        "X-Client-IP",
        "Max-Forwards",
        "CDN-Loop",
        "X_Forwarded_For",
        "Forwarded-For",
        "X-NginX-Proxy",
        "Client-Cert",
        "Early-Data",
        "DO-Connecting-IP",
        "Tailscale-User-Login",
        "X-BlueCoat-Via",
    ] {
        assert_eq!(status(anonymous.message_to("lenea").header(header, "192.0.2.1")).await, 403, "{header}");
        let request = token.message_to("lenea").header(header, "192.0.2.1").bearer_auth(TOKEN);
        assert_eq!(status(request).await, 200, "{header}");
    }
    // What programs of this machine send of themselves is no proxy's.
    let request =
        anonymous.message_to("lenea").header("X-Request-Id", "1").header("traceparent", "00-1-1-00");
    assert_eq!(status(request.header("X-Requested-With", "XMLHttpRequest")).await, 200);
}

#[tokio::test]
async fn by_a_name_that_browsers_do_not_trust_a_get_sends_nothing() {
    let query = "?recipient=lenea@contoso.com&message=hello";
    let named = |request: RequestBuilder| request.header("Host", "im.contoso.com:8480");
    let world = World::options(|options| options.allow_host("im.contoso.com")).await;
    assert_eq!(answer(named(world.get(query))).await.verdict(), verdict(403, "forbidden", "no"));
    assert_eq!(status(named(world.message_to("lenea"))).await, 200);
    assert_eq!(status(named(world.get("metrics"))).await, 200);
    assert_eq!(status(world.get(query)).await, 200, "on loopback");

    // Over https a browser tells; a token no link can hold.
    let world = World::options(|options| with_tokens(options).allow_host("im.contoso.com")).await;
    assert_eq!(status(named(world.get(query)).bearer_auth(TOKEN)).await, 200);
    let authority = Authority::new();
    let (chain, key) = authority.server();
    let world = World::options(|options| options.allow_host("im.contoso.com").certificate(chain, key)).await;
    let address = world.address().parse().unwrap();
    let http =
        trusting(&authority).resolve("im.contoso.com", address).tls_danger_accept_invalid_hostnames(true);
    assert_eq!(status(http.build().unwrap().get(format!("https://im.contoso.com/{query}"))).await, 200);
}

#[tokio::test]
async fn a_service_may_take_messages_by_post_only() {
    let world = World::options(|options| options.post_only(true)).await;
    for path in ["", "index.html", "send"] {
        let answer = answer(world.get(&format!("{path}?recipient=lenea@contoso.com&message=hello"))).await;
        assert_eq!(answer.verdict(), verdict(405, "invalid_input", "no"), "{path}");
        assert_eq!(answer.header("allow"), "POST", "{path}");
    }
    assert_eq!(status(world.message_to("lenea")).await, 200);
    assert_eq!(status(world.get("metrics")).await, 200);
    assert_eq!(world.texts().len(), 1);
}

#[tokio::test]
async fn a_request_does_not_choose_the_server() {
    let body = |who: &str| format!("recipient=a@contoso.com&message=hello&password=x&{who}");
    let own = || send_im::Account::with_password("tosh@contoso.com", PASSWORD);
    for options in [Options::new().account(own()), Options::new().allow_domain("contoso.com")] {
        let service = send_im_http::Service::start(options).await.unwrap();
        for who in [
            "username=x@attacker.test",
            "username=tosh&address=x@attacker.test",
            "username=x@sub.contoso.com",
        ] {
            let request = client().post(format!("{}send", service.url())).body(body(who));
            let answer = answer(request.header("Content-Type", "application/x-www-form-urlencoded")).await;
            assert_eq!(answer.verdict(), verdict(403, "forbidden", "no"), "{who}");
            assert!(answer.json()["step"].is_null() && !answer.text.contains("attacker"), "{}", answer.text);
        }
        service.stop().await;
    }
    // With a server, whatever a request brings goes there.
    let world = World::with(|sandbox| sandbox.user("tosh@contoso.com", "x"), |options| options).await;
    assert_eq!(status(world.form(body("username=tosh@contoso.com"))).await, 200);
}

#[tokio::test]
async fn pages_of_listed_origins_may_ask_and_read() {
    let world =
        World::options(|options| with_tokens(options).allow_origin("https://intranet.contoso.com/")).await;
    let preflight = |origin: &str| {
        world
            .http
            .request("OPTIONS".parse().unwrap(), world.url("send"))
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization,content-type")
            .header("Access-Control-Request-Private-Network", "true")
    };
    let listed = answer(preflight("https://intranet.contoso.com")).await;
    assert_eq!(listed.header("access-control-allow-origin"), "https://intranet.contoso.com");
    assert_eq!(listed.header("access-control-allow-methods"), "GET,POST");
    assert_eq!(listed.header("access-control-allow-headers"), "authorization,content-type");
    assert_eq!(listed.header("access-control-allow-private-network"), "true");
    assert_eq!(listed.header("access-control-allow-credentials"), "");
    let other = answer(preflight("https://evil.example")).await;
    assert_eq!(other.header("access-control-allow-origin"), "");

    // A page has to be able to read refusals too.
    let origin = "https://intranet.contoso.com";
    let refused = answer(world.message_to("lenea").header("Origin", origin)).await;
    assert_eq!((refused.status, refused.header("access-control-allow-origin")), (401, origin));
    let sent = answer(world.message_to("lenea").header("Origin", origin).bearer_auth(TOKEN)).await;
    assert_eq!((sent.status, sent.header("access-control-allow-origin")), (200, origin));
}

fn trusting(authority: &Authority) -> reqwest::ClientBuilder {
    client();
    reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([Certificate::from_pem(authority.pem.as_bytes()).unwrap()])
}

fn identity(authority: &Authority) -> Identity {
    let (certificate, key) = authority.client();
    Identity::from_pem(format!("{certificate}{key}").as_bytes()).unwrap()
}

#[tokio::test]
async fn https_by_certificate_files() {
    let authority = Authority::new();
    let (chain, key) = authority.server();
    let world = World::options(|options| options.certificate(chain, key)).await;
    assert!(world.service.url().starts_with("https://127.0.0.1:"));
    let body = "recipient=lenea@contoso.com&message=hello";
    let post = |http: reqwest::Client| {
        http.post(world.url("send")).header("Content-Type", "application/x-www-form-urlencoded").body(body)
    };
    let both = trusting(&authority).build().unwrap();
    let response = post(both).send().await.unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (200, reqwest::Version::HTTP_2));
    let old = trusting(&authority).http1_only().build().unwrap();
    assert_eq!(status(post(old)).await, 200);
    assert!(
        post(client()).send().await.is_err(),
        "a client that does not know the authority talks to nobody"
    );
    assert_eq!(world.texts().len(), 2);
}

#[tokio::test]
async fn a_name_is_looked_at_in_http_2_too() {
    let authority = Authority::new();
    let (chain, key) = authority.server();
    let world = World::options(|options| options.certificate(chain, key)).await;
    let address = world.address().parse().unwrap();
    // No certificate has that name; what is looked at is what the service does when one had.
    let http =
        trusting(&authority).resolve("evil.example", address).tls_danger_accept_invalid_hostnames(true);
    let http = http.build().unwrap();
    let request = http.get("https://evil.example/?recipient=lenea@contoso.com&message=hello");
    assert_eq!(answer(request).await.verdict(), verdict(403, "forbidden", "no"));
}

#[tokio::test]
async fn a_client_certificate_is_as_good_as_a_token() {
    let authority = Authority::new();
    let stranger = Authority::new();
    for tokens_too in [false, true] {
        let (chain, key) = authority.server();
        let world = World::options(|options| {
            let options = options.certificate(chain, key).client_ca(authority.file());
            if tokens_too { with_tokens(options) } else { options }
        })
        .await;
        let get = |http: reqwest::ClientBuilder| {
            http.build().unwrap().get(world.url("?recipient=lenea@contoso.com&message=hello"))
        };
        assert_eq!(status(get(trusting(&authority).identity(identity(&authority)))).await, 200);
        assert!(get(trusting(&authority).identity(identity(&stranger))).send().await.is_err());
        let bare = get(trusting(&authority)).send().await;
        match tokens_too {
            false => assert!(bare.is_err(), "without tokens, a connection without a certificate is not made"),
            true => {
                assert_eq!(bare.unwrap().status().as_u16(), 401);
                assert_eq!(status(get(trusting(&authority)).bearer_auth(TOKEN)).await, 200);
            }
        }
        // A browser shows the certificate for any page.
        let page =
            get(trusting(&authority).identity(identity(&authority))).header("Sec-Fetch-Site", "cross-site");
        assert_eq!(status(page).await, 403);
        assert_eq!(world.texts().len(), 1 + usize::from(tokens_too));
    }
}

#[tokio::test]
async fn a_revoked_certificate_is_not_taken() {
    let authority = Authority::new();
    for revoked in [false, true] {
        let (chain, key) = authority.server();
        let list = authority.revocation_list(revoked);
        let world = World::options(|options| {
            options.certificate(chain, key).client_ca(authority.file()).client_crl(list)
        })
        .await;
        let http = trusting(&authority).identity(identity(&authority)).build().unwrap();
        let sent = http.get(world.url("?recipient=lenea@contoso.com&message=hello")).send().await;
        assert_eq!(sent.is_ok_and(|response| response.status() == 200), !revoked);
        assert_eq!(world.texts().len(), usize::from(!revoked));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_that_everybody_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let authority = Authority::new();
    let (chain, key) = authority.server();
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let account = send_im::Account::with_password("tosh@contoso.com", PASSWORD);
    let error = send_im_http::Service::start(Options::new().account(account).certificate(chain, key)).await;
    let error = error.unwrap_err();
    assert!(error.detail().contains("chmod 600") && error.detail().contains("private key"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_certificate_that_is_no_file_is_refused_and_not_waited_for() {
    let authority = Authority::new();
    let (_, key) = authority.server();
    let pipe = authority.folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    let account = send_im::Account::with_password("tosh@contoso.com", PASSWORD);
    let error = send_im_http::Service::start(Options::new().account(account).certificate(pipe, key)).await;
    assert_eq!(error.unwrap_err().kind().as_str(), "invalid_input");
}

#[tokio::test]
async fn an_unsafe_start_is_refused() {
    let account = || send_im::Account::with_password("tosh@contoso.com", PASSWORD);
    let public = || Options::new().account(account()).listen("0.0.0.0:0".parse().unwrap());
    for options in [
        public(),
        public().plain_http(true),
        public().tokens(tokens()),
        Options::new().account(account()).certificate("/nowhere/a.pem", "/nowhere/a.key"),
    ] {
        let error = send_im_http::Service::start(options).await.unwrap_err();
        assert_eq!(error.kind().as_str(), "invalid_input", "{error}");
    }
    let service = send_im_http::Service::start(public().tokens(tokens()).plain_http(true)).await.unwrap();
    service.stop().await;
}
