/* What an error says, and what is refused. */
#include "check.h"

static void an_error_has_every_field(void) {
    place here = place_new(NULL);
    CHECK_OK(send_im_sandbox_add_fault(here.sandbox,
                                       "{\"route\": \"applications\", \"times\": 99, \"action\": {\"status\": {\"http\": 429, "
                                       "\"code\": \"TooManyRequests\", \"retry_after\": 600}}}"));
    send_im_receipt *receipt = (send_im_receipt *)here.options;
    send_im_error *error = send_im(here.options, "lenea@contoso.com", "the text of the message", &receipt);
    CHECK(receipt == NULL);
    CHECK(send_im_error_kind(error) == SEND_IM_KIND_THROTTLED);
    CHECK(send_im_error_step(error) == SEND_IM_STEP_OPEN_SESSION);
    CHECK(send_im_error_sent(error) == SEND_IM_SENT_NO);
    CHECK_TEXT(send_im_error_code(error), "TooManyRequests");
    CHECK(send_im_error_http_status(error) == 429);
    CHECK(send_im_error_retry_after_ms(error) == 600000);
    CHECK(send_im_error_exit_code(error) == 5);
    const char *json = send_im_error_to_json(error);
    CHECK(strstr(json, "\"exit_code\":5") && strstr(json, "\"retry_after\":600.0") && strstr(json, send_im_error_detail(error)));
    CHECK(!strstr(json, "s3cret-of-tosh") && !strstr(json, "the text of the message"));
    send_im_error_free(error);
    place_free(here);
}

static void hops_tell_the_way(void) {
    place here = place_new(NULL);
    CHECK_OK(send_im_options_set(here.options, "server", "http://127.0.0.1:1/"));
    CHECK_OK(send_im_options_set(here.options, "timeout_ms", "3000"));
    send_im_error *error = send_im(here.options, "lenea@contoso.com", "hello", NULL);
    CHECK(send_im_error_kind(error) == SEND_IM_KIND_DISCOVERY_FAILED);
    CHECK(send_im_error_hop_count(error) >= 1);
    CHECK(send_im_error_hop_url(error, 0) && strstr(send_im_error_hop_url(error, 0), "127.0.0.1:1"));
    CHECK(send_im_error_hop_outcome(error, 0) != NULL);
    CHECK(send_im_error_hop_url(error, 99) == NULL && send_im_error_hop_outcome(error, 99) == NULL);
    send_im_error_free(error);
    place_free(here);
}

static void options_are_checked(void) {
    send_im_options *options = send_im_options_new();
    CHECK_KIND(send_im_options_set(options, "adress", "x"), INVALID_INPUT);
    CHECK_KIND(send_im_options_set(options, "timeout_ms", "soon"), INVALID_INPUT);
    CHECK_KIND(send_im_options_set(options, "html", "yes"), INVALID_INPUT);
    CHECK_KIND(send_im_options_set(options, "importance", "huge"), INVALID_INPUT);
    CHECK_KIND(send_im_options_set(options, "wait", "forever"), INVALID_INPUT);
    CHECK_KIND(send_im_options_set(options, "tls", "old"), INVALID_INPUT);
    CHECK_OK(send_im_options_set(options, "tls", "compatible"));
    CHECK_OK(send_im_options_set(options, "subject", "db7"));
    send_im_client *client = NULL;
    send_im_error *error = send_im_client_sign_in(options, &client);
    CHECK(error && strstr(send_im_error_detail(error), "The option subject is one of a message"));
    CHECK_KIND(error, INVALID_INPUT);
    CHECK(client == NULL);
    CHECK_OK(send_im_options_set(options, "subject", NULL));
    CHECK_OK(send_im_options_set(options, "password", "x"));
    error = send_im(options, "lenea@contoso.com", "hello", NULL);
    CHECK(error && strstr(send_im_error_detail(error), "address"));
    CHECK(send_im_error_step(error) == SEND_IM_STEP_NONE);
    CHECK_KIND(error, INVALID_INPUT);
    send_im_options_free(options);
}

static void a_test_of_a_program_can_make_errors_and_receipts(void) {
    send_im_error *error = send_im_error_new(SEND_IM_KIND_OUTCOME_UNKNOWN, "It may have arrived.", true);
    CHECK(send_im_error_kind(error) == SEND_IM_KIND_OUTCOME_UNKNOWN);
    CHECK_TEXT(send_im_error_detail(error), "It may have arrived.");
    CHECK(send_im_error_sent(error) == SEND_IM_SENT_MAYBE);
    CHECK(send_im_error_exit_code(error) == 6 && send_im_error_cause(error) == 0 && !send_im_error_step(error));
    send_im_error_free(error);
    error = send_im_error_new(SEND_IM_KIND_BUSY, "Lene is busy.", false);
    CHECK(send_im_error_sent(error) == SEND_IM_SENT_NO);
    CHECK_KIND(error, BUSY);
    CHECK(!send_im_error_new(SEND_IM_KIND_NONE, "x", false) && !send_im_error_new((send_im_kind)999, "x", false));
    CHECK(!send_im_error_new(SEND_IM_KIND_BUSY, NULL, false) && !send_im_error_new(SEND_IM_KIND_BUSY, "\xff", false));

    send_im_receipt *receipt = send_im_receipt_new("lenea@contoso.com");
    CHECK_TEXT(send_im_receipt_to(receipt), "lenea@contoso.com");
    CHECK_TEXT(send_im_receipt_accepted_by(receipt), "lenea@contoso.com");
    CHECK(send_im_receipt_evidence(receipt) == SEND_IM_EVIDENCE_INVITATION_ACCEPTED);
    CHECK(send_im_receipt_format(receipt) == SEND_IM_FORMAT_PLAIN);
    CHECK(!send_im_receipt_thread_id(receipt) && send_im_receipt_step_count(receipt) == 0);
    send_im_receipt_free(receipt);
    CHECK(!send_im_receipt_new(NULL) && !send_im_receipt_new("\xff"));
}

static void every_number_has_its_name(void) {
    CHECK_TEXT(send_im_kind_name(SEND_IM_KIND_RECIPIENT_NOT_FOUND), "recipient_not_found");
    CHECK_TEXT(send_im_step_name(SEND_IM_STEP_OPEN_SESSION), "open_session");
    CHECK_TEXT(send_im_sent_name(SEND_IM_SENT_MAYBE), "maybe");
    CHECK_TEXT(send_im_evidence_name(SEND_IM_EVIDENCE_SUBMITTED), "submitted");
    CHECK_TEXT(send_im_format_name(SEND_IM_FORMAT_HTML), "html");
    CHECK_TEXT(send_im_importance_name(SEND_IM_IMPORTANCE_EMERGENCY), "emergency");
    CHECK_TEXT(send_im_wait_name(SEND_IM_WAIT_SUBMITTED), "submitted");
    CHECK_TEXT(send_im_tls_name(SEND_IM_TLS_COMPATIBLE), "compatible");
    CHECK_TEXT(send_im_layout_name(SEND_IM_LAYOUT_TWO_POOLS), "two-pools");
    int number = 0;
    while (send_im_kind_name((send_im_kind)(number + 1))) number++;
    CHECK(number == SEND_IM_KIND_CLOSED);
    CHECK(!send_im_kind_name(SEND_IM_KIND_NONE) && !send_im_kind_name((send_im_kind)-1));
}

void errors(void) {
    RUN(every_number_has_its_name);
    RUN(an_error_has_every_field);
    RUN(hops_tell_the_way);
    RUN(options_are_checked);
    RUN(a_test_of_a_program_can_make_errors_and_receipts);
}
