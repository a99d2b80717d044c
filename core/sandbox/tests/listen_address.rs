//! A sandbox that listens on another address than 127.0.0.1: its URL, its links and its certificate lead to it.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use reqwest::{Certificate, Client, Version};
use send_im_sandbox::{Builder, Layout, Sandbox};
use support::{challenges, get_json, href, http, json_of, token};

async fn at(address: &str, builder: Builder) -> Sandbox {
    builder.listen(address.parse().unwrap()).start().await.unwrap()
}

fn port(url: &str) -> u16 {
    url.trim_end_matches('/').rsplit(':').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_url_is_one_that_a_client_can_use() {
    for (listens, host) in [
        ("0.0.0.0:0", "127.0.0.1"),
        ("[::]:0", "[::1]"),
        ("127.0.0.3:0", "127.0.0.3"),
        #[cfg(not(windows))] // where an IPv6 socket takes no IPv4
        ("[::ffff:127.0.0.1]:0", "127.0.0.1"),
    ] {
        let sandbox = at(listens, Sandbox::builder().layout(Layout::TwoPools)).await;
        let url = sandbox.url().to_owned();
        assert_eq!(url, format!("http://{host}:{}/", port(&url)), "{listens}");
        let user = href(&get_json(&http(), &url).await, "user");
        assert!(user.starts_with(&url), "{listens}: {user}");
    }
    let named = Sandbox::builder().host_name("2001:db8::1").start().await.unwrap();
    assert_eq!(named.url(), format!("http://[2001:db8::1]:{}/", port(named.url())));
}

/// The links a client follows from a discovery root: user, token service, applications.
async fn ways(http: &Client, root: &str) -> [String; 3] {
    let user = href(&get_json(http, root).await, "user");
    let refused = http.get(&user).send().await.unwrap();
    let ticket = challenges(&refused)[1].split('"').nth(1).unwrap().to_owned();
    let token = token(http, &user, "lenea@contoso.com").await;
    let answer = json_of(http.get(&user).header("authorization", token).send().await.unwrap()).await;
    [user, ticket, href(&answer, "applications")]
}

#[tokio::test]
async fn links_lead_to_where_the_client_asked() {
    let sandbox = at("0.0.0.0:0", Sandbox::builder().layout(Layout::TwoPools)).await;
    let local = ([127, 0, 0, 1], port(sandbox.url())).into();
    support::tls();
    let named = Client::builder().no_proxy().resolve("buildbox.example", local).build().unwrap();
    for host in ["127.0.0.1", "127.0.0.2", "localhost", "buildbox.example"] {
        let root = sandbox.url().replace("127.0.0.1", host);
        let [user, ticket, applications] = ways(&named, &root).await;
        assert!(user.starts_with(&root) && ticket.starts_with(&root), "{user} {ticket}");
        assert!(applications.starts_with(&format!("http://{host}:")), "{applications}");
        assert_ne!(
            port(applications.split("/ucwa").next().unwrap()),
            port(&root),
            "the second pool has its own"
        );
    }
    // A forwarded port is in the client's links too.
    let asked = async |host: &str| {
        let request = http().get(sandbox.url()).header("host", host);
        href(&json_of(request.send().await.unwrap()).await, "user")
    };
    assert!(asked("10.0.0.5:9000").await.starts_with("http://10.0.0.5:9000/"));
    assert!(asked("[2001:db8::1]").await.starts_with("http://[2001:db8::1]/"));
    for strange in ["a@b", "a'b", "a(b)", "", "[::1", "*"] {
        assert!(asked(strange).await.starts_with(sandbox.url()), "{strange}");
    }
}

#[tokio::test]
async fn links_have_the_given_address_or_name() {
    for builder in [Sandbox::builder(), Sandbox::builder().host_name("sandbox.example")] {
        let fixed = builder.start().await.unwrap();
        let url = format!("http://127.0.0.1:{}/", port(fixed.url()));
        let answer = http().get(url).header("host", "elsewhere.example").send().await.unwrap();
        assert!(href(&json_of(answer).await, "user").starts_with(fixed.url()));
    }
}

#[tokio::test]
async fn the_certificate_covers_each_address_it_is_reached_by() {
    let secure = || Sandbox::builder().https(true);
    for (listens, hosts) in [
        ("127.0.0.3:0", &["127.0.0.3"][..]),
        ("0.0.0.0:0", &["127.0.0.1", "127.0.0.2", "localhost"]),
        ("[::]:0", if cfg!(windows) { &["[::1]"] } else { &["[::1]", "127.0.0.2"] }),
    ] {
        let sandbox = at(listens, secure()).await;
        let ca = Certificate::from_pem(sandbox.ca_pem().unwrap().as_bytes()).unwrap();
        support::tls();
        let client = Client::builder().no_proxy().tls_certs_only([ca]).build().unwrap();
        assert!(client.get(sandbox.url()).send().await.is_ok(), "{}", sandbox.url());
        for host in hosts {
            let root = format!("https://{host}:{}/", port(sandbox.url()));
            let answer = client.get(&root).send().await.unwrap_or_else(|error| panic!("{root}: {error:?}"));
            assert_eq!(answer.version(), Version::HTTP_2);
            let user = href(&json_of(answer).await, "user");
            assert!(user.starts_with(&root), "{user}");
        }
    }
    assert!(secure().host_name("nämlich.example").start().await.is_err());
}

#[cfg(not(target_os = "macos"))] // which queues 128 at most, whoever asks for more
#[test]
fn a_burst_of_connections_waits_until_it_is_accepted() {
    const BURST: usize = 400;
    // Nothing is accepted while nobody runs this runtime.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for listen in [free, "127.0.0.1:0".parse().unwrap()] {
        let sandbox = runtime.block_on(Sandbox::builder().listen(listen).start()).unwrap();
        let address = sandbox.url().trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
        let connected: Vec<_> = (0..BURST)
            .map_while(|_| std::net::TcpStream::connect_timeout(&address, support::PATIENCE).ok())
            .collect();
        assert_eq!(connected.len(), BURST, "{listen}");
        runtime.block_on(sandbox.stop());
    }
}
