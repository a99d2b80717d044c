//! What monitoring systems post becomes a message, once.

use std::path::PathBuf;

use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::common::*;

const ALERTMANAGER: &str = include_str!("../bodies/alertmanager.json");
const GRAFANA: &str = include_str!("../bodies/grafana.json");
const APPRISE: &str = include_str!("../bodies/apprise.json");

fn posted(world: &World, hook: &str, body: impl ToString) -> RequestBuilder {
    world.post(&format!("hooks/{hook}")).header(CONTENT_TYPE, "application/json").body(body.to_string())
}

/// A body for LENE.
async fn hooked(world: &World, hook: &str, body: impl ToString) -> Answer {
    answer(posted(world, &format!("{hook}?recipient={LENE}"), body)).await
}

/// A service with an operator's file for the hook of this name; the file lives as long as the folder.
async fn with_file(name: &str, text: &str) -> (World, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("hook.toml");
    std::fs::write(&file, text).unwrap();
    (World::options(|options| options.hook(name, file)).await, folder)
}

#[tokio::test]
async fn bodies_of_each_system_become_short_texts() {
    let world = World::new().await;
    for (hook, body, text) in [
        (
            "alertmanager",
            ALERTMANAGER,
            "FIRING: InstanceDown\nweb1:9100: web1 has been down for 5 minutes\nhttp://alertmanager.contoso.com:9093/#/alerts?receiver=send-im",
        ),
        (
            "grafana",
            GRAFANA,
            "FIRING (1), RESOLVED (1): High memory use\nMemory of web1 is nearly full\nresolved: Memory of web2 is nearly full\nhttps://grafana.contoso.com/d/web?orgId=1&viewPanel=4",
        ),
        ("apprise", APPRISE, "Backup of db7\nNo space left on /backup."),
    ] {
        let answer = hooked(&world, hook, body).await;
        assert_eq!((answer.status, answer.json()["to"].as_str()), (200, Some(LENE)), "{}", answer.text);
        let message = world.sandbox.messages().pop().unwrap();
        assert_eq!((message.text.as_str(), message.importance.as_str()), (text, "Urgent"), "{hook}");
    }
}

#[tokio::test]
async fn the_url_says_more_than_the_body() {
    let world = World::new().await;
    let url =
        format!("alertmanager?recipient={LENE}&importance=emergency&subject=web&wait=submitted&timeout=5");
    let receipt = answer(posted(&world, &url, ALERTMANAGER)).await.json();
    assert_eq!(receipt["evidence"], "submitted");
    until("the message", || !world.texts().is_empty()).await;
    let message = world.sandbox.messages().pop().unwrap();
    assert_eq!((message.importance.as_str(), message.subject.as_deref()), ("Emergency", Some("web")));
}

#[tokio::test]
async fn an_operators_file_is_a_hook_of_its_own() {
    let text = "recipient = '{{ owner }}@contoso.com'\nsubject = 'disk'\nimportance = \"{{ 'urgent' if full > 90 else 'normal' }}\"\nmessage = '''\n<{{ host }}> is {{ full }} % full\n'''\n";
    let (world, _folder) = with_file("disk", text).await;
    let body = json!({"owner": "lenea", "host": "web&1", "full": 93});
    assert_eq!(answer(posted(&world, "disk", &body)).await.status, 200);
    let message = world.sandbox.messages().pop().unwrap();
    let told = (message.text.as_str(), message.importance.as_str(), message.subject.as_deref());
    assert_eq!(told, ("<web&1> is 93 % full", "Urgent", Some("disk")));
    let other = answer(posted(&world, "disk?recipient=echo@contoso.com", &body)).await;
    assert_eq!(other.json()["to"], "echo@contoso.com");

    let unfit = answer(posted(&world, "disk", json!({"owner": "lenea", "full": 1}))).await;
    assert_eq!(unfit.verdict(), verdict(422, "invalid_input", "no"));
    assert!(
        unfit
            .text
            .contains("line 1 of the template message refers to a member that the body does not have: host."),
        "{}",
        unfit.text
    );
}

#[tokio::test]
async fn a_file_names_the_recipient_of_a_known_body() {
    let (world, _folder) = with_file("grafana", "recipient = 'lenea@contoso.com'").await;
    assert_eq!(answer(posted(&world, "grafana", GRAFANA)).await.json()["to"], LENE);
}

#[tokio::test]
async fn a_file_that_is_not_usable_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hook.toml");
    std::fs::write(&file, "message = '{{ host'").unwrap();
    let account = send_im::Account::with_password("tosh@contoso.com", PASSWORD);
    let options = send_im_http::Options::new().account(account).hook("disk", &file);
    let error = send_im_http::Service::start(options).await.unwrap_err();
    assert!(error.detail().contains("hook.toml") && error.detail().contains("syntax error"), "{error}");
}

#[tokio::test]
async fn a_body_that_does_not_fit_is_a_422_that_names_the_member() {
    let world = World::new().await;
    let mut alerts: Value = serde_json::from_str(ALERTMANAGER).unwrap();
    alerts["alerts"][0].as_object_mut().unwrap().remove("labels");
    for (hook, body, member) in [
        ("alertmanager", alerts, "member alerts[0].labels is missing"),
        ("grafana", json!({"version": "1"}), "members status and alerts are missing"),
        ("apprise", json!({"title": "t"}), "member message (or body) is missing"),
        ("apprise", json!({"message": 5}), "member message must be a string"),
    ] {
        let answer = hooked(&world, hook, body).await;
        assert_eq!(answer.verdict(), verdict(422, "invalid_input", "no"), "{hook}");
        assert!(answer.text.contains(member), "{}", answer.text);
    }
    for (hook, media, body, status) in [
        ("apprise", "application/json", "{\"message\": ", 400),
        ("apprise", "application/x-www-form-urlencoded", "message=m", 415),
        ("zabbix", "application/json", "{}", 404),
        ("apprise", "application/json", "{\"message\": \"\"}", 400),
    ] {
        let request =
            world.post(&format!("hooks/{hook}?recipient={LENE}")).header(CONTENT_TYPE, media).body(body);
        assert_eq!(answer(request).await.verdict(), verdict(status, "invalid_input", "no"), "{hook} {body}");
    }
    let nobody = answer(posted(&world, "apprise", APPRISE)).await;
    assert_eq!(nobody.verdict(), verdict(400, "invalid_input", "no"));
    for parameter in ["html=true", "message=x"] {
        let answer = answer(posted(&world, &format!("apprise?recipient={LENE}&{parameter}"), APPRISE)).await;
        assert_eq!(answer.verdict(), verdict(400, "invalid_input", "no"), "{parameter}");
    }
    assert_eq!(status(world.get("hooks/apprise")).await, 405);
    assert!(world.texts().is_empty());
}

#[tokio::test]
async fn who_may_not_send_may_not_hook() {
    let world = World::options(|options| options.tokens(tokens())).await;
    assert_eq!(hooked(&world, "apprise", APPRISE).await.verdict(), verdict(401, "forbidden", "no"));
    let request = posted(&world, &format!("apprise?recipient={LENE}"), APPRISE);
    assert_eq!(status(request.bearer_auth(TOKEN)).await, 200);
    let world = World::new().await;
    let page = posted(&world, &format!("apprise?recipient={LENE}"), APPRISE);
    assert_eq!(status(page.header("Origin", "https://attacker.test")).await, 403);
    assert!(world.texts().is_empty());
}

#[tokio::test]
async fn too_often_is_a_503_to_a_hook() {
    let world = World::options(|options| options.rate(1)).await;
    let all = futures_util::future::join_all((0..60).map(|_| hooked(&world, "apprise", "{}"))).await;
    assert!(all.iter().all(|answer| matches!(answer.status, 422 | 503)));
    let refused = all.iter().find(|answer| answer.status == 503).expect("none of sixty was one too many");
    assert_eq!(refused.verdict(), verdict(503, "throttled", "no"));
    assert_eq!(refused.header("retry-after"), "1");
}

#[tokio::test]
async fn what_the_pool_throttles_is_a_503_and_what_may_have_arrived_a_409() {
    let world = World::new().await;
    assert_eq!(hooked(&world, "apprise", APPRISE).await.status, 200);
    let fault = |action: Value| {
        serde_json::from_value(json!({"route": "start_messaging", "times": 0, "action": action})).unwrap()
    };
    let url = format!("apprise?recipient={LENE}&timeout=5&subject=other");
    world.sandbox.set_faults(vec![fault(json!({"status": {"http": 429, "retry_after": 600}}))]);
    let throttled = answer(posted(&world, &url, APPRISE)).await;
    assert_eq!(throttled.verdict(), verdict(503, "throttled", "no"));
    assert_eq!(throttled.header("retry-after"), "600");
    world.sandbox.set_faults(vec![fault(json!({"status": {"http": 500}}))]);
    let unknown = answer(posted(&world, &url, APPRISE)).await;
    assert_eq!(unknown.verdict(), verdict(409, "outcome_unknown", "maybe"));
}
