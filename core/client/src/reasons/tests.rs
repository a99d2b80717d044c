use super::*;

#[test]
fn every_documented_failure_has_its_kind() {
    use ErrorKind::*;
    for (code, subcode, kind) in [
        ("RemoteFailure", "Declined", Declined),
        ("LocalFailure", "Declined", Declined),
        ("RemoteFailure", "Timeout", NoAnswer),
        ("Timeout", "None", NoAnswer),
        ("Informational", "Missed", NoAnswer),
        ("RemoteFailure", "Busy", Busy),
        ("RemoteFailure", "DoNotDisturb", Busy),
        ("RemoteFailure", "TemporarilyUnavailable", RecipientUnavailable),
        ("Forbidden", "Unreachable", RecipientUnavailable),
        ("NotFound", "DestinationNotFound", RecipientNotFound),
        ("Forbidden", "FederationRequired", Forbidden),
        ("Conflict", "TooManyGroups", LimitReached),
        ("LocalFailure", "Canceled", Cancelled),
        ("EntityTooLarge", "None", InvalidInput),
        ("ServiceFailure", "CallbackChannelError", ServiceError),
        ("SomethingNew", "Unheard", ServiceError),
    ] {
        assert_eq!(kind_of_failure(&Reason::new(code, subcode)), kind, "{code}/{subcode}");
    }
}

#[test]
fn unknown_pairs_are_kept_as_they_came() {
    let error = failure(&Reason::new("SomethingNew", "Unheard"), "lenea@contoso.com");
    assert_eq!((error.code(), error.subcode()), (Some("SomethingNew"), Some("Unheard")));
    assert!(error.to_string().contains("SomethingNew/Unheard"), "{error}");
}

#[test]
fn every_refusal_has_its_kind() {
    use ErrorKind::*;
    for (status, code, subcode, kind) in [
        (400, "BadRequest", "CallbackUriUnreachable", InvalidInput),
        (401, "", "", SignInRefused),
        (403, "Forbidden", "", Forbidden),
        (403, "Forbidden", "LimitExceeded", LimitReached),
        (403, "Forbidden", "TooManyContacts", LimitReached),
        (403, "Forbidden", "Unreachable", RecipientUnavailable),
        (403, "Forbidden", "ModalityNotSupported", RecipientUnavailable),
        (404, "NotFound", "", ServiceError),
        (404, "NotFound", "DestinationNotFound", RecipientNotFound),
        (404, "NotFound", "ApplicationNotFound", Closed),
        (404, "", "", Protocol),
        (408, "ClientTimeout", "", Timeout),
        (409, "Conflict", "AlreadyExists", ServiceError),
        (409, "Conflict", "TooManyConversations", LimitReached),
        (409, "Conflict", "TooManyGroups", LimitReached),
        (409, "Conflict", "TooManyOnlineMeetings", LimitReached),
        (410, "Gone", "", Closed),
        (410, "Gone", "TooManyApplications", LimitReached),
        (413, "EntityTooLarge", "", InvalidInput),
        (429, "TooManyRequests", "", Throttled),
        (502, "", "", ServiceError),
        (504, "Timeout", "", ServiceError),
    ] {
        let reason = if code.is_empty() { Reason::default() } else { Reason::new(code, subcode) };
        assert_eq!(kind_of_refusal(&reason, status), kind, "{status} {}", reason.pair());
    }
}

#[test]
fn only_a_refusal_proves_that_a_message_was_not_shown() {
    let failed = |code, subcode| message_failure(&Reason::new(code, subcode), "lenea@contoso.com");
    for (code, subcode) in [("RemoteFailure", "Timeout"), ("SomethingNew", ""), ("LocalFailure", "Canceled")]
    {
        let error = failed(code, subcode);
        assert_eq!((error.kind(), error.sent()), (ErrorKind::OutcomeUnknown, Sent::Maybe), "{error}");
    }
    let declined = failed("RemoteFailure", "Declined");
    assert_eq!((declined.kind(), declined.sent()), (ErrorKind::Declined, Sent::No));
}

#[test]
fn an_informational_end_of_an_invitation_may_mean_that_its_text_arrived() {
    let failed = |code, subcode| inline_text_failure(&Reason::new(code, subcode), "lenea@contoso.com").sent();
    for subcode in ["AutoAccepted", "DerivedConversation", "MediaFallback", "Unheard", ""] {
        assert_eq!(failed("Informational", subcode), Sent::Maybe, "{subcode}");
    }
    for (code, subcode) in [
        ("Informational", "Missed"),
        ("Informational", "Canceled"),
        ("Informational", "Ended"),
        ("RemoteFailure", "Declined"),
        ("ServiceFailure", "CallbackChannelError"),
    ] {
        assert_eq!(failed(code, subcode), Sent::No, "{code}/{subcode}");
    }
}
