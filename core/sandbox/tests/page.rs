//! The page of the sandbox, its events, and what it asks besides.
#![allow(clippy::unwrap_used)] // In the helpers too, a failure is a failed test.

mod support;

use reqwest::{Client, Response};
use send_im_sandbox::{Action, Fault, Route, Sandbox};
use serde_json::{Value, json};
use support::{PATIENCE, Session, http, json_of, until};

/// The paths of the page, with their media types: every file of its folder is served.
fn files() -> Vec<(String, &'static str)> {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/page")).unwrap();
    let names = folder.map(|file| file.unwrap().file_name().into_string().unwrap());
    let known = names.map(|name| match name.rsplit_once('.') {
        Some(("index", "html")) => ("/".to_owned(), "text/html; charset=utf-8"),
        Some((_, "css")) => (format!("/{name}"), "text/css; charset=utf-8"),
        Some((_, "js")) => (format!("/{name}"), "text/javascript; charset=utf-8"),
        _ => panic!("{name} is no file of a page"),
    });
    known.chain([(String::new(), "text/html; charset=utf-8")]).collect()
}

async fn asked(sandbox: &Sandbox, path: &str) -> Response {
    asked_by(&http(), sandbox, path).await
}

async fn asked_by(client: &Client, sandbox: &Sandbox, path: &str) -> Response {
    client.get(format!("{}sandbox{path}", sandbox.url())).send().await.unwrap()
}

async fn get(sandbox: &Sandbox, path: &str) -> (u16, Value) {
    let answer = asked(sandbox, &format!("/api/{path}")).await;
    (answer.status().as_u16(), json_of(answer).await)
}

async fn change(sandbox: &Sandbox, method: &str, path: &str, body: Option<Value>) -> u16 {
    let request = http().request(method.parse().unwrap(), format!("{}sandbox/api/{path}", sandbox.url()));
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(body.to_string()),
        None => request,
    };
    request.send().await.unwrap().status().as_u16()
}

/// The events of a sandbox, as they come.
struct Events(Response, String);

impl Events {
    async fn of(sandbox: &Sandbox) -> Self {
        let answer = asked(sandbox, "/api/events").await;
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["content-type"]),
            (200, &"text/event-stream".parse().unwrap())
        );
        assert_eq!(answer.headers()["cache-control"], "no-store");
        Self(answer, String::new())
    }

    /// Name and data of the next one; none once the stream has ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            if let Some((event, rest)) = self.1.split_once("\n\n") {
                let line =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap().to_owned();
                let event = (line("event: "), serde_json::from_str(&line("data: ")).unwrap());
                self.1 = rest.to_owned();
                return Some(event);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.0.chunk()).await.unwrap().ok()??;
            self.1.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The data of the next one of this name that is like that.
    async fn find(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let (found, data) = self.next().await.unwrap();
            if found == name && fits(&data) {
                return data;
            }
        }
    }
}

#[tokio::test]
async fn the_files_load_nothing_from_elsewhere_and_run_nothing_inline() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut bytes = 0;
    let files = files();
    assert!(files.len() > 4, "{files:?}");
    for (path, kind) in files {
        let answer = asked(&sandbox, &path).await;
        assert_eq!(answer.status(), 200, "{path}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
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
        assert_eq!(rules, strict);
        assert_eq!(
            [
                "content-type",
                "x-content-type-options",
                "cache-control",
                "cross-origin-opener-policy",
                "cross-origin-resource-policy",
                "referrer-policy"
            ]
            .map(header),
            [kind, "nosniff", "no-store", "same-origin", "same-origin", "no-referrer"]
        );
        let text = answer.text().await.unwrap();
        for elsewhere in ["http://", "https://", "<script>", " style=", " onclick=", "innerHTML"] {
            assert!(!text.contains(elsewhere), "{path}: {elsewhere}");
        }
        bytes += if path.is_empty() { 0 } else { text.len() };
    }
    assert!(bytes < 100_000, "{bytes}");
    let posted = http().post(format!("{}sandbox/", sandbox.url())).send().await.unwrap();
    assert_eq!(posted.status(), 405);
    assert!(sandbox.journal().is_empty(), "the page is no request of a client");
}

#[tokio::test]
async fn a_link_may_lead_to_the_page_but_no_rebound_name() {
    let sandbox = Sandbox::start().await.unwrap();
    for (name, value, status) in [
        ("sec-fetch-site", "cross-site", 200),
        ("sec-fetch-site", "none", 200),
        ("host", "localhost:1", 200),
        ("host", "evil.example", 403),
    ] {
        let request = http().get(format!("{}sandbox/", sandbox.url())).header(name, value);
        assert_eq!(request.send().await.unwrap().status(), status, "{name} {value}");
    }
}

#[tokio::test]
async fn events_are_for_programs_and_for_this_origin() {
    let sandbox = Sandbox::start().await.unwrap();
    let own = sandbox.url().trim_end_matches('/').to_owned();
    for (name, value, status) in [
        ("origin", "https://evil.example", 403),
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("x-ms-origin", "https://evil.example", 403),
        ("host", "evil.example", 403),
        ("sec-fetch-site", "same-origin", 200),
        ("origin", own.as_str(), 200),
    ] {
        for path in ["events", "messages/1", "journal/1", "recipients"] {
            let request = http().get(format!("{}sandbox/api/{path}", sandbox.url())).header(name, value);
            let told = request.send().await.unwrap().status().as_u16();
            assert_eq!(told == 403, status == 403, "{path} {name} {value}: {told}");
        }
    }
    assert!(sandbox.request("GET", "events", None).await.is_err(), "it would never end");
}

#[tokio::test]
async fn what_happens_is_told_as_it_happens() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let mut events = Events::of(&sandbox).await;
    session.invite_with("bob@contoso.com", "hello").await;
    let message = events.find("message", |_| true).await;
    assert_eq!((&message["text"], &message["number"]), (&json!("hello"), &json!(1)));
    let mut events = Events::of(&sandbox).await;
    session.get("/ucwa/nowhere").await;
    let exchange = events.find("exchange", |_| true).await;
    assert_eq!((&exchange["path"], &exchange["status"]), (&json!("/ucwa/nowhere"), &json!(404)));
    let changed = |name: &'static str| move |data: &Value| data == name;
    sandbox.add_fault(Fault::on(Route::Any, Action::DropBefore).skip(1).times(0));
    events.find("changed", changed("faults")).await;
    // A request that passes counts, too.
    session.get("/ucwa/nowhere").await;
    events.find("changed", changed("faults")).await;
    assert_eq!(sandbox.faults()[0].skip, 0);
    sandbox.clear_faults();
    events.find("changed", changed("faults")).await;
    sandbox.clear_messages();
    events.find("changed", changed("messages")).await;
    sandbox.clear_journal();
    events.find("changed", changed("journal")).await;
    assert_eq!(change(&sandbox, "PUT", "recipients/bob@contoso.com", Some(json!("busy"))).await, 204);
    events.find("changed", changed("recipients")).await;
    sandbox.stop().await;
    while events.next().await.is_some() {}
}

#[tokio::test]
async fn so_many_may_watch_and_one_that_falls_behind_is_let_go() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let client = http();
    let watch = async || asked_by(&client, &sandbox, "/api/events").await;
    let mut watchers = Vec::new();
    for _ in 0..32 {
        watchers.push(watch().await);
    }
    assert!(watchers.iter().all(|answer| answer.status() == 200));
    assert_eq!(watch().await.status(), 503);
    drop(watchers);
    let mut watcher = loop {
        // The server notices by and by that connections were closed.
        let answer = watch().await;
        if answer.status() == 200 {
            break Events(answer, String::new());
        }
    };
    // In one thread, the stream has no turn meanwhile.
    (0..300).for_each(|_| sandbox.clear_faults());
    while watcher.next().await.is_some() {}
    session.get("/ucwa/nowhere").await;
}

#[tokio::test]
async fn behaviours_are_listed_and_taken_back() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    assert_eq!(get(&sandbox, "recipients").await, (200, json!({})));
    for (address, behaviour) in
        [("Bob@contoso.com", json!("busy")), ("amy@contoso.com", json!({ "accept_after": 5 }))]
    {
        assert_eq!(change(&sandbox, "PUT", &format!("recipients/{address}"), Some(behaviour)).await, 204);
    }
    let set = json!({ "amy@contoso.com": { "accept_after": 5 }, "bob@contoso.com": "busy" });
    assert_eq!(get(&sandbox, "recipients").await, (200, set));
    assert_eq!(change(&sandbox, "DELETE", "recipients/sip:BOB@contoso.com", None).await, 204);
    session.invite_with("bob@contoso.com", "hi").await;
    assert_eq!(sandbox.inbox("bob@contoso.com").len(), 1);
    assert_eq!(change(&sandbox, "DELETE", "recipients", None).await, 204);
    assert_eq!(get(&sandbox, "recipients").await.1, json!({}));
}

/// What each exchange of a message was, and whether its answer is known.
fn paths(story: &Value) -> Vec<(String, String, bool)> {
    let exchanges = story["exchanges"].as_array().unwrap().iter();
    let last = |path: &Value| {
        path.as_str().unwrap().split(['/', '?']).rfind(|s| !s.contains('=')).unwrap().to_owned()
    };
    exchanges
        .map(|one| {
            (one["method"].as_str().unwrap().to_owned(), last(&one["path"]), one["answer"].is_object())
        })
        .collect()
}

#[tokio::test]
async fn a_message_has_its_evidence_and_its_exchanges() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    // Events without their resources tell no less.
    sandbox.add_fault(Fault::on(Route::StartMessaging, Action::BareEvents));
    session.invite_with("bob@contoso.com", "first").await;
    let (_, story) = get(&sandbox, "messages/1").await;
    assert_eq!((&story["evidence"], &story["message"]["text"]), (&json!("submitted"), &json!("first")));
    let mut events = session.events();
    let completed = events.find("messagingInvitation", "completed").await;
    let (_, story) = get(&sandbox, "messages/1").await;
    assert_eq!(story["evidence"], "invitation_accepted");
    let post = &story["exchanges"][0];
    assert_eq!((&post["status"], &post["method"]), (&json!(201), &json!("POST")));
    assert!(post["request"]["body"].as_str().unwrap().contains("first"));
    assert!(paths(&story).contains(&("GET".to_owned(), "events".to_owned(), true)), "{story}");

    let invitation = session.read(completed["link"]["href"].as_str().unwrap()).await;
    let conversation = invitation["_links"]["conversation"]["href"].as_str().unwrap().to_owned();
    let say = async |text: &str| {
        let request = session.request(reqwest::Method::POST, &format!("{conversation}/messaging/messages"));
        request.header("content-type", "text/plain").body(text.to_owned()).send().await.unwrap()
    };
    assert_eq!(say("second").await.status(), 201);
    assert_eq!(get(&sandbox, "messages/2").await.1["evidence"], "submitted");
    events.find("message", "completed").await;
    let (_, story) = get(&sandbox, "messages/2").await;
    assert_eq!(story["evidence"], "message_confirmed");
    assert_eq!(story["exchanges"][0]["request"]["body"], "second");
    assert!(!story.to_string().contains("first"), "that is another message's");

    // Of another message of the conversation nothing is known by that.
    assert_eq!(say("third").await.status(), 201);
    assert_eq!(get(&sandbox, "messages/3").await.1["evidence"], "submitted");

    // The answer gets lost, so the sender knows nothing.
    sandbox.add_fault(Fault::on(Route::SendMessage, Action::DropAfter));
    let request = session.request(reqwest::Method::POST, &format!("{conversation}/messaging/messages"));
    assert!(request.header("content-type", "text/plain").body("fourth").send().await.is_err());
    let (_, story) = get(&sandbox, "messages/4").await;
    assert_eq!((&story["evidence"], paths(&story).len()), (&json!("none"), 1));
    sandbox.clear_journal();
    let (_, story) = get(&sandbox, "messages/4").await;
    assert_eq!((&story["evidence"], &story["exchanges"]), (&Value::Null, &json!([])));
    assert_eq!(get(&sandbox, "messages/5").await.0, 404);
    for (query, numbers) in [
        ("last=1", json!([4])),
        ("last=9", json!([1, 2, 3, 4])),
        ("to=bob@contoso.com&last=2", json!([3, 4])),
    ] {
        let (_, list) = get(&sandbox, &format!("messages?{query}")).await;
        let seen: Vec<_> = list.as_array().unwrap().iter().map(|message| message["number"].clone()).collect();
        assert_eq!(json!(seen), numbers, "{query}");
    }
    assert_eq!(get(&sandbox, "messages?last=x").await.0, 400);
}

#[tokio::test]
async fn the_request_that_brought_a_message_stands_before_an_older_one_that_told_of_it() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let asks = session.clone();
    let poll = tokio::spawn(async move { asks.get(&support::href(&asks.application, "events")).await });
    until("the request waits", || sandbox.pending_gets() > 0).await;
    session.invite_with("bob@contoso.com", "hello").await;
    assert_eq!(poll.await.unwrap().status(), 200);
    session.events().find("messagingInvitation", "completed").await;
    let (_, story) = get(&sandbox, "messages/1").await;
    let [post, gets @ ..] = story["exchanges"].as_array().unwrap().as_slice() else { panic!("{story}") };
    assert_eq!(
        (&post["method"], post["request"]["body"].to_string().contains("hello")),
        (&json!("POST"), true)
    );
    let numbers: Vec<_> = gets.iter().map(|one| one["number"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted() && numbers[0] < post["number"].as_u64().unwrap(), "{numbers:?}");
}

#[tokio::test]
async fn a_request_without_an_answer_says_who_closed_it() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let mut events = Events::of(&sandbox).await;
    let asks = session.clone();
    let poll = tokio::spawn(async move { asks.get(&support::href(&asks.application, "events")).await });
    until("the request waits", || sandbox.pending_gets() > 0).await;
    let open = sandbox.journal().pop().unwrap();
    assert_eq!((open.status, open.closed_by), (None, None));
    poll.abort();
    let closed = events.find("exchange", |one| one["number"] == open.number).await;
    assert_eq!((&closed["status"], &closed["closed_by"]), (&Value::Null, &json!("client")));
    sandbox.add_fault(Fault::on(Route::Any, Action::DropBefore));
    assert!(session.request(reqwest::Method::GET, "/ucwa/nowhere").send().await.is_err());
    let closed = events.find("exchange", |one| one["path"] == "/ucwa/nowhere").await;
    assert_eq!((&closed["status"], &closed["closed_by"]), (&Value::Null, &json!("sandbox")));
    session.get("/ucwa/nowhere").await;
    let answered = events.find("exchange", |one| one["path"] == "/ucwa/nowhere").await;
    assert_eq!((&answered["status"], &answered["closed_by"]), (&json!(404), &Value::Null));
}

#[tokio::test]
async fn an_exchange_is_shown_without_its_secrets() {
    let (sandbox, session) = Session::on(Sandbox::builder()).await;
    let form = |path: &str| {
        let request = http().post(format!("{}{path}", sandbox.url()));
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").header("cookie", "hidden");
        request.body("grant_type=password&username=tosh@contoso.com&password=hidden")
    };
    for path in ["WebTicket/oauthtoken", "nowhere", "webticket//OAuthToken?password=hidden"] {
        form(path).send().await.unwrap();
    }
    session.invite_with("bob@contoso.com", "hello").await;
    session.events().find("messagingInvitation", "completed").await;
    let all = sandbox.journal();
    let mut shown = String::new();
    for exchange in &all {
        let (status, whole) = get(&sandbox, &format!("journal/{}", exchange.number)).await;
        assert_eq!((status, &whole["path"]), (200, &json!(exchange.path)));
        shown.push_str(&whole.to_string());
    }
    let token = session.token.strip_prefix("Bearer ").unwrap_or(&session.token);
    for secret in ["hidden", "cwt=", "access_token", token] {
        assert!(!shown.contains(secret), "{secret}");
    }
    assert!(
        shown.contains("[\"authorization\",null]") && shown.contains("MsRtcOAuth") && shown.contains("hello")
    );
    assert_eq!(get(&sandbox, "journal/999").await.0, 404);
    assert_eq!(get(&sandbox, "journal?last=2").await.1.as_array().unwrap().len(), 2);
    assert_eq!(get(&sandbox, "journal?last=x").await.0, 400);
}

/// The choices of the page's forms are ones that the sandbox takes.
#[tokio::test]
async fn the_forms_offer_what_the_sandbox_takes() {
    let sandbox = Sandbox::start().await.unwrap();
    let page = asked(&sandbox, "/").await.text().await.unwrap();
    let options = |name: &str| -> Vec<String> {
        let (_, from) = page.split_once(&format!("<select name=\"{name}\">")).unwrap();
        let (list, _) = from.split_once("</select>").unwrap();
        let values = list.split("<option value=").skip(1);
        values.map(|rest| rest[1..].split(&rest[..1]).next().unwrap().to_owned()).collect()
    };
    for route in options("route") {
        let fault = json!({ "route": route, "action": "drop_after" });
        assert_eq!(change(&sandbox, "POST", "faults", Some(fault)).await, 204, "{route}");
    }
    for action in options("action") {
        let fault = json!({ "route": "any", "action": serde_json::from_str::<Value>(&action).unwrap() });
        assert_eq!(change(&sandbox, "POST", "faults", Some(fault)).await, 204, "{action}");
    }
    for behaviour in options("behaviour") {
        let body = serde_json::from_str(&behaviour).unwrap();
        assert_eq!(
            change(&sandbox, "PUT", "recipients/bob@contoso.com", Some(body)).await,
            204,
            "{behaviour}"
        );
    }
    assert!(sandbox.faults().len() > 20);
}
