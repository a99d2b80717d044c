use super::*;

#[test]
fn the_sentence_is_the_text() {
    let error = Error::invalid_input("The recipient is empty.");
    assert_eq!(error.to_string(), "The recipient is empty.");
    assert_eq!(error.kind().as_str(), "invalid_input");
    assert_eq!(error.sent(), Sent::No);
}

#[test]
fn json_has_every_field_of_the_design() {
    let json = serde_json::to_value(Error::invalid_input("x").at(Step::Discover)).unwrap();
    let mut names: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    names.sort();
    assert_eq!(
        names,
        [
            "code",
            "detail",
            "diagnostics",
            "hops",
            "http_status",
            "kind",
            "retry_after",
            "sent",
            "step",
            "subcode"
        ]
    );
    assert_eq!(json["step"], "discover");
}

#[test]
fn the_first_step_named_is_kept() {
    assert_eq!(Error::invalid_input("x").at(Step::SignIn).at(Step::Invite).step(), Some(Step::SignIn));
}

#[tokio::test]
async fn a_failure_inside_says_whether_the_message_can_have_left() {
    for (sent, kind) in [(Sent::No, ErrorKind::Protocol), (Sent::Maybe, ErrorKind::OutcomeUnknown)] {
        let ended = tokio::spawn(async { panic!("as an error of ours would") }).await;
        let error = ended_early(&ended.unwrap_err(), sent);
        assert_eq!((error.kind(), error.sent()), (kind, sent));
        let stopped = tokio::spawn(std::future::pending::<()>());
        stopped.abort();
        let error = ended_early(&stopped.await.unwrap_err(), sent);
        assert_eq!((error.kind(), error.sent()), (ErrorKind::Cancelled, sent));
    }
}

#[test]
fn the_cause_is_the_source() {
    let io = std::io::Error::new(std::io::ErrorKind::ConnectionRefused, "refused");
    let error = Error::new(ErrorKind::Network, "No connection.").with_source(io).at(Step::Discover).clone();
    let source = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    assert_eq!(source.map(std::io::Error::kind), Some(std::io::ErrorKind::ConnectionRefused));
    assert!(Error::invalid_input("x").source().is_none());
}
