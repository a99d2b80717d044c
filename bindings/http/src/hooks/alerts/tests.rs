use serde_json::json;

use super::*;

fn group(alerts: Value) -> Value {
    json!({
        "version": "4", "groupKey": "{}:{alertname=\"InstanceDown\"}", "truncatedAlerts": 0, "status": "firing",
        "receiver": "send im", "groupLabels": {"alertname": "InstanceDown"}, "commonLabels": {"alertname": "InstanceDown"},
        "commonAnnotations": {}, "externalURL": "http://alertmanager.contoso.com:9093", "alerts": alerts,
    })
}

fn alert(status: &str, instance: &str, summary: &str) -> Value {
    json!({
        "status": status, "labels": {"alertname": "InstanceDown", "instance": instance, "severity": "critical"},
        "annotations": {"summary": summary}, "startsAt": "2026-01-02T03:04:05Z", "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.contoso.com:9090/graph", "fingerprint": "c6eadffa33fcdf37",
    })
}

fn text(body: Value) -> String {
    let fields = fields(body, System::Alertmanager).unwrap();
    fields.into_iter().find(|(name, _)| *name == "message").unwrap().1
}

fn importance(body: Value) -> String {
    let fields = fields(body, System::Alertmanager).unwrap();
    fields.into_iter().find(|(name, _)| *name == "importance").unwrap().1
}

const LINK: &str = "http://alertmanager.contoso.com:9093/#/alerts?receiver=send+im";

#[test]
fn one_alert() {
    let body = group(json!([alert("firing", "web1:9100", "down for\n 5 minutes")]));
    assert_eq!(text(body), format!("FIRING: InstanceDown\nweb1:9100: down for 5 minutes\n{LINK}"));
    let body = group(json!([alert("resolved", "web1:9100", "web1:9100 is down")]));
    assert_eq!(text(body), format!("RESOLVED: InstanceDown\nweb1:9100 is down\n{LINK}"));
}

#[test]
fn those_that_fire_come_first() {
    let alerts = [("resolved", "web1"), ("firing", "web2"), ("firing", "web3")];
    let body = group(alerts.map(|(status, instance)| alert(status, instance, "down")).as_slice().into());
    let lines = "FIRING (2), RESOLVED (1): InstanceDown\nweb2: down\nweb3: down\nresolved: web1: down\n";
    assert_eq!(text(body), format!("{lines}{LINK}"));
}

#[test]
fn what_has_no_room_is_counted() {
    let alerts: Vec<Value> =
        (0..100).map(|n| alert("firing", &format!("web{n}"), &"down ".repeat(50))).collect();
    let mut body = group(alerts.into());
    body["truncatedAlerts"] = 7.into();
    let text = text(body);
    assert!(units(&text) <= ROOM, "{}", units(&text));
    let told = text.lines().filter(|line| line.starts_with("web")).count();
    assert!(told > 2 && text.contains(&format!("\nand {} more\n", 107 - told)), "{text}");
    assert!(text.lines().all(|line| units(line) <= MAX_LINE), "{text}");
}

#[test]
fn one_long_alert_has_all_the_room() {
    let text = text(group(json!([alert("firing", "web1", &"😀".repeat(2000))])));
    assert!((ROOM - 2 * REST..=ROOM).contains(&units(&text)), "{}", units(&text));
    assert!(text.contains("…\nhttp://") && !text.contains("more"), "{text}");
}

#[test]
fn alerts_of_several_names_are_named_each() {
    let mut body = group(json!([
        {"status": "firing", "labels": {"alertname": "DiskFull", "mountpoint": "/var", "team": "a"}, "annotations": {}},
        {"status": "firing", "labels": {"alertname": "Down", "team": "a"}},
    ]));
    body["commonLabels"] = json!({"team": "a"});
    body["groupLabels"] = json!({"cluster": "eu", "env": "prod"});
    assert_eq!(text(body), format!("FIRING (2): eu, prod\nDiskFull: mountpoint=/var\nDown\n{LINK}"));
    let bare = json!({"status": "firing", "alerts": [{"status": "firing", "labels": {}}]});
    assert_eq!(text(bare), "FIRING: alerts\nno labels");
}

#[test]
fn the_worst_of_those_that_fire_says_how_urgent_it_is() {
    for (severities, wanted) in [
        (&[("firing", "warning")][..], "normal"),
        (&[("firing", "info"), ("firing", "Critical")], "urgent"),
        (&[("firing", "disaster"), ("firing", "page")], "emergency"),
        (&[("firing", "info"), ("resolved", "critical")], "normal"),
    ] {
        let alerts = severities.iter().map(|(status, severity)| {
            let mut alert = alert(status, "web1", "down");
            alert["labels"]["severity"] = (*severity).into();
            alert
        });
        assert_eq!(importance(group(alerts.collect())), wanted, "{severities:?}");
    }
}

#[test]
fn a_message_of_grafana_ends_before_grafana_hangs_up() {
    let timeout = |system| {
        let fields = fields(group(json!([alert("firing", "web1", "down")])), system).unwrap();
        fields.into_iter().find(|(name, _)| *name == "timeout").map(|(_, value)| value)
    };
    assert_eq!((timeout(System::Grafana).as_deref(), timeout(System::Alertmanager)), (Some("25"), None));
}

#[test]
fn grafana_leads_to_the_panel() {
    let mut body = group(json!([alert("firing", "web1", "down")]));
    let link = |body: &Value| {
        let fields = fields(body.clone(), System::Grafana).unwrap();
        fields[0].1.lines().last().unwrap().to_owned()
    };
    assert_eq!(link(&body), "http://alertmanager.contoso.com:9093");
    body["alerts"][0]["panelURL"] = "".into();
    body["alerts"][0]["dashboardURL"] = "https://grafana.contoso.com/d/abc".into();
    assert_eq!(link(&body), "https://grafana.contoso.com/d/abc");
}

#[test]
fn what_does_not_fit_is_named_and_not_repeated() {
    let mut cases = Vec::new();
    for (pointer, value, why) in [
        ("/status", json!("s3cret"), "its member status must be `firing` or `resolved`."),
        ("/alerts", json!("s3cret"), "its member alerts must be a sequence."),
        ("/alerts/0/labels/severity", json!(5), "its member alerts[0].labels must be an object of strings."),
        ("/alerts/0/labels", json!(null), "its member alerts[0].labels must be an object of strings."),
        ("/truncatedAlerts", json!("s3cret"), "its member truncatedAlerts must be u64."),
    ] {
        let mut body = group(json!([alert("firing", "web1", "down")]));
        *body.pointer_mut(pointer).unwrap() = value;
        cases.push((body, why));
    }
    for (place, name, why) in [
        ("", "alerts", "its member alerts is missing."),
        ("/alerts/0", "status", "its member alerts[0].status is missing."),
    ] {
        let mut body = group(json!([alert("firing", "web1", "down")]));
        body.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(name);
        cases.push((body, why));
    }
    cases.push((json!({}), "its members status and alerts are missing."));
    let many = "its members alerts[0].status, alerts[0].labels, alerts[1].status, alerts[1].labels, alerts[2].status and 3 more are missing.";
    cases.push((
        json!({"status": "firing", "alerts": [{}, {}, {}, {"status": "firing"}, {"labels": {}}]}),
        many,
    ));
    for (body, why) in cases {
        assert_eq!(
            fields(body, System::Alertmanager).unwrap_err(),
            format!("The body does not fit this hook: {why}")
        );
    }
}
