//! A message in every shape a caller may give it, and what comes back.

use crate::common::*;
use serde_json::json;

#[tokio::test]
async fn a_query_a_form_and_json_all_send_on_every_path() {
    let world = World::new().await;
    let query = "recipient=lenea@contoso.com&message=gr%C3%BC%C3%9Fe+%F0%9F%98%80";
    for path in ["", "index.html", "send"] {
        for request in [
            world.get(&format!("{path}?{query}")),
            world.post(&format!("{path}?{query}")),
            world.post(path).header("Content-Type", "application/x-www-form-urlencoded").body(query),
            world
                .post(path)
                .header("Content-Type", "application/json; charset=UTF-8")
                .body(json!({"recipient": LENE, "message": "grüße 😀"}).to_string()),
            world.post(path).header("Content-Type", "multipart/form-data; boundary=b").body(
                "--b\r\nContent-Disposition: form-data; name=\"recipient\"\r\n\r\nlenea@contoso.com\r\n\
                 --b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\ngrüße 😀\r\n--b--\r\n",
            ),
        ] {
            let answer = answer(request).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
            let receipt = answer.json();
            assert_eq!(receipt["accepted_by"], LENE);
            // The first went with the invitation, the others into the conversation.
            assert!(matches!(
                receipt["evidence"].as_str(),
                Some("invitation_accepted" | "message_confirmed")
            ));
        }
    }
    assert_eq!(world.texts(), vec!["grüße 😀"; 15]);
}

#[tokio::test]
async fn the_byte_order_mark_of_a_file_is_no_part_of_its_text() {
    let world = World::new().await;
    let json = r#"{"recipient":"lenea@contoso.com","message":"disk full"}"#;
    let utf16 = |first: &[u8], unit: fn(u16) -> [u8; 2]| {
        [first, &json.encode_utf16().flat_map(unit).collect::<Vec<_>>()].concat()
    };
    for (media, body) in [
        ("application/json", format!("\u{feff}{json}").into_bytes()),
        ("application/json", utf16(b"\xff\xfe", u16::to_le_bytes)),
        ("application/json; charset=utf-16", utf16(b"\xfe\xff", u16::to_be_bytes)),
        (
            "application/x-www-form-urlencoded",
            b"recipient=lenea@contoso.com&message=%EF%BB%BFdisk+full".to_vec(),
        ),
        (
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"recipient\"\r\n\r\nlenea@contoso.com\r\n\
             --b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n\u{feff}disk full\r\n--b--\r\n"
                .into(),
        ),
    ] {
        let answer = answer(world.post("send").header("Content-Type", media).body(body)).await;
        assert_eq!(answer.status, 200, "{media}: {}", answer.json());
    }
    assert_eq!(world.texts(), vec!["disk full"; 5]);
    let latin = [&b"{\"recipient\":\"lenea@contoso.com\",\"message\":\"gr\xfc\xdfe\"}"[..]].concat();
    let answer = answer(world.post("send").header("Content-Type", "application/json").body(latin)).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.json()["detail"].as_str().is_some_and(|detail| detail.contains("UTF-8")),
        "{}",
        answer.json()
    );
}

#[tokio::test]
async fn the_options_of_a_message_arrive() {
    let world = World::new().await;
    let body = json!({
        "recipient": "sip:lenea@contoso.com", "message": "<b>disk</b> full", "html": true, "subject": "db7",
        "importance": "urgent", "timeout": 30, "wait": "delivered",
    });
    let receipt = answer(world.json(&body)).await.json();
    assert_eq!(receipt["format"], "html");
    assert!(receipt["steps"].as_array().is_some_and(|steps| !steps.is_empty()), "{receipt}");
    let message = world.sandbox.messages().remove(0);
    assert_eq!((message.text.as_str(), message.subject.as_deref()), ("<b>disk</b> full", Some("db7")));
    assert_eq!((message.importance.as_str(), message.format.as_str()), ("Urgent", "text/html"));
}

#[tokio::test]
async fn a_submitted_message_is_not_waited_for() {
    let world = World::new().await;
    let receipt =
        answer(world.form("recipient=silent@contoso.com&message=hello&wait=submitted")).await.json();
    assert_eq!((&receipt["evidence"], &receipt["accepted_by"]), (&json!("submitted"), &json!(null)));
    world.service.give_up();
    world.service.stop().await;
    until("no session is left", || world.sandbox.open_applications() == 0).await;
}

#[tokio::test]
async fn what_is_not_usable_costs_no_request() {
    let world = World::new().await;
    for (body, words) in [
        ("message=hello", "no recipient"),
        ("recipient=lenea@contoso.com", "no message"),
        ("recipient=lenea@contoso.com&message=", "The message is empty."),
        ("recipient=lenea&message=hello", "no @"),
        ("recipient=lenea@contoso.com&message=a%00b", "control character"),
        ("recipient=lenea@contoso.com&message=hello&importance=huge", "urgent"),
        ("recipient=lenea@contoso.com&message=hello&wait=never", "submitted"),
        ("recipient=lenea@contoso.com&message=hello&html=perhaps", "html"),
        ("recipient=lenea@contoso.com&message=hello&timeout=0", "timeout"),
        ("recipient=lenea@contoso.com&message=hello&timeuot=5", "none of recipient"),
        ("recipient=lenea@contoso.com&message=hello&message=hello", "twice"),
        ("recipient=lenea@contoso.com&message=hello&password=x", "together"),
        ("recipient=lenea@contoso.com&message=hello&username=tosh@contoso.com", "together"),
        ("recipient=lenea@contoso.com&message=hello&address=tosh@contoso.com", "together"),
        ("recipient=lenea@contoso.com&message=hello&username=CONTOSO%5Csmith&password=x", "address"),
    ] {
        let answer = answer(world.form(body)).await;
        assert_eq!(answer.verdict(), verdict(400, "invalid_input", "no"), "{body}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(words), "{body}: {}", answer.text);
    }
    assert!(world.sandbox.journal().is_empty());
}

#[tokio::test]
async fn empty_parameters_are_as_good_as_none() {
    let world = World::new().await;
    let body = "recipient=lenea@contoso.com&message=hello&username=&password=&subject=&importance=&html=&wait=&timeout=";
    assert_eq!(status(world.form(body)).await, 200);
    assert_eq!(status(world.get(&format!("?{body}"))).await, 200);
    assert_eq!(world.texts(), ["hello"; 2]);
}

#[tokio::test]
async fn a_request_may_bring_its_own_sender() {
    let world = World::with(|sandbox| sandbox.user("lenea@contoso.com", "x"), |options| options).await;
    for body in [
        json!({"recipient": "a@contoso.com", "message": "1", "username": "lenea@contoso.com", "password": "x"}),
        json!({"recipient": "a@contoso.com", "message": "2", "username": "sip:lenea@contoso.com", "password": "x"}),
        json!({"recipient": "a@contoso.com", "message": "3", "username": "lenea@contoso.com", "address": "lenea@contoso.com", "password": "x"}),
    ] {
        assert_eq!(status(world.json(&body)).await, 200, "{body}");
    }
    assert!(world.sandbox.messages().iter().all(|message| message.from == "lenea@contoso.com"));
    assert_eq!(status(world.message_to("a")).await, 200);
    assert_eq!(world.sandbox.messages().last().unwrap().from, "tosh@contoso.com");
}

#[tokio::test]
async fn a_service_without_an_account_needs_credentials_and_may_have_a_server() {
    let sandbox = send_im_sandbox::Sandbox::builder().https(true).start().await.unwrap();
    let options = send_im_http::Options::new().server(sandbox.url()).ca_file(sandbox.ca_file().unwrap());
    let service = send_im_http::Service::start(options).await.unwrap();
    let post = |body: &'static str| {
        client()
            .post(format!("{}send", service.url()))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body)
    };
    let refused = answer(post("recipient=a@contoso.com&message=hello")).await;
    assert_eq!(refused.verdict(), verdict(400, "invalid_input", "no"));
    assert!(refused.text.contains("username"), "{}", refused.text);
    let body = "recipient=a@contoso.com&message=hello&username=tosh@contoso.com&password=x";
    assert_eq!(status(post(body)).await, 200);
    assert_eq!(sandbox.messages().len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn only_get_and_post_send() {
    let world = World::new().await;
    let query = "?recipient=lenea@contoso.com&message=hello";
    for path in ["", "index.html", "send"] {
        let url = world.url(&format!("{path}{query}"));
        for method in ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let request = world.http.request(method.parse().unwrap(), &url);
            let expected = if method == "OPTIONS" { 200 } else { 405 };
            let answer = answer(request).await;
            assert_eq!(answer.status, expected, "{method} {url}");
            assert!(method == "OPTIONS" || answer.header("allow").contains("POST"), "{method} {url}");
        }
    }
    assert_eq!(
        answer(world.get(&format!("elsewhere{query}"))).await.verdict(),
        verdict(404, "invalid_input", "no")
    );
    assert!(world.texts().is_empty());
}

#[tokio::test]
async fn nothing_is_kept_by_a_cache() {
    let world = World::new().await;
    for request in [world.message_to("lenea"), world.message_to("busy"), world.get("healthz")] {
        let answer = answer(request).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}
