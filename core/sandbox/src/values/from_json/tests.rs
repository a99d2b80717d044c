use std::time::Duration;

use super::*;
use crate::values::fault::Route;

const ROUTES: &str = "the routes are discovery, user, token, applications, events, start_messaging, send_message, stop_messaging, delete_application, any";
const ACTIONS: &str = "the actions are status, delay, delay_answer, gateway_error, drop_before, drop_after, reset_before, reset_after, reset_stream, go_away, then_refuse, then_distrust, cut_body, html_instead, wrong_content_type, oversized, duplicate_events, delay_events, bare_events, early_events, skip_states";

fn refused(json: &str) -> String {
    faults(json.as_bytes()).expect_err(json)
}

#[test]
fn what_is_no_json_or_no_fault_is_refused() {
    for (json, why) in [
        ("", "it is not JSON, see line 1 column 0"),
        ("drop_after", "it is not JSON, see line 1 column 1"),
        (r#"{"route": "any","#, "it is not JSON, see line 1 column 16"),
        ("{\n'route': 'any'}", "it is not JSON, see line 2 column 1"),
        ("null", "it is not an object with route and action"),
        (r#""drop_after""#, "it is not an object with route and action"),
        ("7", "it is not an object with route and action"),
        ("[7]", "in number 1 of the list it is not an object with route and action"),
    ] {
        assert_eq!(refused(json), why, "{json}");
    }
    assert_eq!(faults(b"[]"), Ok(Vec::new()));
}

#[test]
fn an_unknown_route_action_or_member_is_named_with_the_known_ones() {
    for (json, why) in [
        (r#"{"route": "nowhere", "action": "drop_after"}"#, format!("there is no route `nowhere`; {ROUTES}")),
        (r#"{"route": "Any", "action": "drop_after"}"#, format!("there is no route `Any`; {ROUTES}")),
        (r#"{"route": 7, "action": "drop_after"}"#, format!("the route is not a name; {ROUTES}")),
        (r#"{"action": "drop_after"}"#, format!("there is no route; {ROUTES}")),
        (r#"{"route": "any"}"#, format!("there is no action; {ACTIONS}")),
        (r#"{"route": "any", "action": "explode"}"#, format!("there is no action `explode`; {ACTIONS}")),
        (r#"{"route": "any", "action": {"explode": {}}}"#, format!("there is no action `explode`; {ACTIONS}")),
        (r#"{"route": "any", "action": {"type": "explode"}}"#, format!("there is no action `explode`; {ACTIONS}")),
        (r#"{"route": "any", "action": {}}"#, "the action is not a name, and not an object with one name".to_owned()),
        (r#"{"route": "any", "action": ["drop_after"]}"#, format!("the action is not a name; {ACTIONS}")),
        (
            r#"{"route": "any", "action": {"delay": {"ms": 1}, "drop_after": {}}}"#,
            "the action is not a name, and not an object with one name".to_owned(),
        ),
        (r#"{"route": "any", "action": {"delay": 50}}"#, "what `delay` holds is not an object".to_owned()),
        (
            r#"{"route": "any", "time": 2, "action": "drop_after"}"#,
            "a fault has no member `time`; its members are route, skip, times, action".to_owned(),
        ),
        (
            r#"{"route": "any", "action": {"status": {"htp": 503}}}"#,
            "the action status has no member `htp`; its members are http, code, subcode, retry_after, body, diagnostics".to_owned(),
        ),
        (
            r#"{"route": "any", "action": {"type": "delay", "seconds": 1}}"#,
            "the action delay has no member `seconds`; its members are ms".to_owned(),
        ),
        (
            r#"{"route": "any", "action": {"drop_after": {"ms": 1}}}"#,
            "the action drop_after has no members, and here it has `ms`".to_owned(),
        ),
        (
            r#"{"route": "any", "action": {"status": {"http": 503, "body": "xml"}}}"#,
            "there is no body `xml`; the bodies are json, html, text".to_owned(),
        ),
        (
            r#"[{"route": "any", "action": "drop_after"}, {"route": "a\nb", "action": "drop_after"}]"#,
            format!("in number 2 of the list there is no route `ab`; {ROUTES}"),
        ),
    ] {
        assert_eq!(refused(json), why, "{json}");
    }
}

#[test]
fn a_member_of_the_wrong_type_is_named() {
    let max = 1_u64 << 40;
    for (action, why) in [
        (r#"{"status": {}}"#, "http is not a whole number from 100 to 999".to_owned()),
        (r#"{"status": null}"#, "http is not a whole number from 100 to 999".to_owned()),
        (r#"{"status": {"http": "503"}}"#, "http is not a whole number from 100 to 999".to_owned()),
        (r#"{"gateway_error": {"http": 99}}"#, "http is not a whole number from 100 to 999".to_owned()),
        (r#"{"status": {"http": 503, "code": 7}}"#, "code is not a text".to_owned()),
        (
            r#"{"status": {"http": 503, "retry_after": -1}}"#,
            format!("retry_after is not a whole number from 0 to {max}"),
        ),
        (r#"{"delay": {"ms": 1.5}}"#, format!("ms is not a whole number from 0 to {max}")),
        (r#"{"oversized": {}}"#, format!("bytes is not a whole number from 0 to {max}")),
        (
            r#"{"then_distrust": {"connections": 4294967296}}"#,
            "connections is not a whole number from 0 to 4294967295".to_owned(),
        ),
    ] {
        assert_eq!(refused(&format!(r#"{{"route": "any", "action": {action}}}"#)), why, "{action}");
    }
    for count in ["-1", "1.0", "\"1\"", "null", "4294967296"] {
        for name in ["skip", "times"] {
            assert_eq!(
                refused(&format!(r#"{{"route": "any", "{name}": {count}, "action": "drop_after"}}"#)),
                format!("{name} is not a whole number from 0 to 4294967295")
            );
        }
    }
}

#[test]
fn every_action_is_read_and_written_with_its_members() {
    for &name in names::<Action>() {
        let value = |member: &&str| match *member {
            "body" => json!("html"),
            "processed" => json!(false),
            "code" | "subcode" | "diagnostics" => json!("x"),
            _ => json!(500),
        };
        let members: Members = members_of(name).iter().map(|m| ((*m).to_owned(), value(m))).collect();
        let fault = fault(json!({ "route": "any", "action": { name: members } })).unwrap();
        let action = serde_json::to_value(&fault.action).unwrap();
        let written = if members.is_empty() { json!(name) } else { json!({ name: members }) };
        assert_eq!(action, written);
    }
}

#[test]
fn a_behaviour_and_a_challenge_are_refused_the_same_way() {
    const BEHAVIOURS: &str = "the behaviours are accept, accept_after, decline, no_answer, busy, offline, unknown, forward_to, drop, echo";
    const HOLD: &str = "accept_after holds milliseconds, forward_to an address, and the others nothing";
    for (json, why) in [
        (r#""sleepy""#, format!("there is no behaviour `sleepy`; {BEHAVIOURS}")),
        (r#"{"forward": "amy@contoso.com"}"#, format!("there is no behaviour `forward`; {BEHAVIOURS}")),
        ("{}", format!("the behaviour is not a name; {BEHAVIOURS}")),
        ("busy", "it is not JSON, see line 1 column 1".to_owned()),
        (r#""forward_to""#, HOLD.to_owned()),
        (r#"{"accept_after": "3s"}"#, HOLD.to_owned()),
        (r#"{"busy": 3}"#, HOLD.to_owned()),
    ] {
        assert_eq!(behaviour(json.as_bytes()).unwrap_err(), why, "{json}");
    }
    assert_eq!(
        challenge(br#""three-lines""#).unwrap_err(),
        "there is no challenge `three-lines`; the challenges are two-lines, unquoted, one-line, on-403-28055, windows-only, passive"
    );
    assert_eq!(challenge(b"").unwrap_err(), "it is not JSON, see line 1 column 0");
}

#[test]
fn an_action_is_read_in_every_form() {
    for text in [r#""drop_after""#, r#"{"drop_after":{}}"#, r#"{"type":"drop_after"}"#] {
        let json = format!(r#"{{"route":"send_message","action":{text}}}"#);
        let fault: Fault = serde_json::from_str(&json).unwrap();
        assert_eq!(fault, Fault::on(Route::SendMessage, Action::DropAfter), "{text}");
    }
    for text in [r#"{"delay":{"ms":50}}"#, r#"{"type":"delay","ms":50}"#] {
        let json = format!(r#"{{"route":"any","times":3,"action":{text}}}"#);
        let fault: Fault = serde_json::from_str(&json).unwrap();
        assert_eq!(fault.action, Action::Delay { time: Duration::from_millis(50) });
    }
    assert!(serde_json::from_str::<Fault>(r#"{"route":"any","action":"explode"}"#).is_err());
}

#[test]
fn a_fault_reads_back_what_it_writes() {
    let status = Action::Status {
        http: 503,
        code: None,
        subcode: Some("None".to_owned()),
        retry_after: Some(2),
        body: ErrorBody::Html,
        diagnostics: None,
    };
    for action in [
        status,
        Action::DropBefore,
        Action::Oversized { bytes: 9 },
        Action::ThenRefuse { time: Duration::from_millis(9) },
        Action::ResetStream { error: 7, processed: false },
        Action::GoAway { error: 0, processed: true },
        Action::ThenDistrust { connections: 2 },
    ] {
        let fault = Fault::on(Route::Events, action).skip(2).times(0);
        let json = serde_json::to_string(&fault).unwrap();
        assert_eq!(serde_json::from_str::<Fault>(&json).unwrap(), fault);
    }
}
