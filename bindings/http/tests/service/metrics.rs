//! What a monitoring system reads.

use crate::common::*;

async fn metrics(world: &World) -> String {
    let answer = answer(world.get("metrics")).await;
    assert_eq!(answer.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(answer.text.ends_with("# EOF\n"));
    answer.text
}

fn value(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find(|line| line.starts_with(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {metrics}")).rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[tokio::test]
async fn counts_what_happens() {
    let world = World::new().await;
    let before = metrics(&world).await;
    assert_eq!(value(&before, "send_im_sends_total{kind=\"delivered\"}"), 0.0);
    assert_eq!(value(&before, "send_im_sessions"), 0.0);
    for (name, expected) in [("lenea", 200), ("lenea", 200), ("busy", 409)] {
        assert_eq!(status(world.message_to(name)).await, expected);
    }
    assert_eq!(status(world.form("recipient=silent@contoso.com&message=hello&wait=submitted")).await, 200);
    assert_eq!(status(world.get("?recipient=lenea")).await, 400);
    let after = metrics(&world).await;
    for (name, expected) in [
        ("send_im_sends_total{kind=\"delivered\"}", 2.0),
        ("send_im_sends_total{kind=\"submitted\"}", 1.0),
        ("send_im_sends_total{kind=\"busy\"}", 1.0),
        ("send_im_sends_total{kind=\"invalid_input\"}", 0.0),
        ("send_im_http_requests_total{path=\"/send\",method=\"POST\",status=\"200\"}", 3.0),
        ("send_im_http_requests_total{path=\"/\",method=\"GET\",status=\"400\"}", 1.0),
        ("send_im_http_request_duration_seconds_count{path=\"/send\"}", 4.0),
        ("send_im_send_duration_seconds_count", 4.0),
        ("send_im_sends_in_flight", 0.0),
        ("send_im_sessions", 1.0),
        ("send_im_sign_ins_total{kind=\"ok\"}", 1.0),
    ] {
        assert_eq!(value(&after, name), expected, "{name}");
    }
    world.service.give_up();
    world.service.stop().await;
}

#[tokio::test]
async fn knows_what_is_under_way() {
    let world = World::new().await;
    let ringing = tokio::spawn(answer(world.message_to("silent")));
    world.ringing().await;
    assert_eq!(value(&metrics(&world).await, "send_im_sends_in_flight"), 1.0);
    world.service.give_up();
    world.service.stop().await;
    ringing.await.unwrap();
}

#[tokio::test]
async fn strangers_cannot_make_it_grow() {
    let world = World::new().await;
    for n in 0..20 {
        status(world.get(&format!("path-{n}"))).await;
        status(world.get(&format!("hooks/any/path-{n}"))).await;
        status(world.post(&format!("hooks/path-{n}"))).await;
        status(world.http.request(format!("METHOD{n}").parse().unwrap(), world.url("send"))).await;
    }
    let metrics = metrics(&world).await;
    assert_eq!(
        value(&metrics, "send_im_http_requests_total{path=\"other\",method=\"GET\",status=\"404\"}"),
        40.0
    );
    assert_eq!(
        value(&metrics, "send_im_http_requests_total{path=\"/hooks\",method=\"POST\",status=\"404\"}"),
        20.0
    );
    assert_eq!(
        value(&metrics, "send_im_http_requests_total{path=\"/send\",method=\"other\",status=\"405\"}"),
        20.0
    );
    assert!(!metrics.contains("path-1") && !metrics.contains("METHOD"), "{metrics}");
}
