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
    CHECK_TEXT(send_im_error_kind(error), "throttled");
    CHECK_TEXT(send_im_error_step(error), "open_session");
    CHECK_TEXT(send_im_error_sent(error), "no");
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
    CHECK_TEXT(send_im_error_kind(error), "discovery_failed");
    CHECK(send_im_error_hop_count(error) >= 1);
    CHECK(send_im_error_hop_url(error, 0) && strstr(send_im_error_hop_url(error, 0), "127.0.0.1:1"));
    CHECK(send_im_error_hop_outcome(error, 0) != NULL);
    CHECK(send_im_error_hop_url(error, 99) == NULL && send_im_error_hop_outcome(error, 99) == NULL);
    send_im_error_free(error);
    place_free(here);
}

static void a_refused_password_is_not_told(void) {
    place here = place_new("{\"users\": [{\"address\": \"tosh@contoso.com\", \"password\": \"another\"}]}");
    send_im_error *error = send_im(here.options, "lenea@contoso.com", "hello", NULL);
    CHECK_TEXT(send_im_error_kind(error), "sign_in_refused");
    CHECK(send_im_error_exit_code(error) == 3);
    CHECK(!strstr(send_im_error_to_json(error), "s3cret-of-tosh"));
    send_im_error_free(error);
    place_free(here);
}

static void options_are_checked(void) {
    send_im_options *options = send_im_options_new();
    CHECK_KIND(send_im_options_set(options, "adress", "x"), "invalid_input");
    CHECK_KIND(send_im_options_set(options, "timeout_ms", "soon"), "invalid_input");
    CHECK_KIND(send_im_options_set(options, "html", "yes"), "invalid_input");
    CHECK_KIND(send_im_options_set(options, "importance", "huge"), "invalid_input");
    CHECK_KIND(send_im_options_set(options, "wait", "forever"), "invalid_input");
    CHECK_KIND(send_im_options_set(options, "tls", "old"), "invalid_input");
    CHECK_OK(send_im_options_set(options, "tls", "compatible"));
    CHECK_OK(send_im_options_set(options, "subject", "db7"));
    send_im_client *client = NULL;
    CHECK_KIND(send_im_client_sign_in(options, &client), "invalid_input");
    CHECK(client == NULL);
    CHECK_OK(send_im_options_set(options, "subject", NULL));
    CHECK_OK(send_im_options_set(options, "password", "x"));
    send_im_error *error = send_im(options, "lenea@contoso.com", "hello", NULL);
    CHECK(error && strstr(send_im_error_detail(error), "address"));
    CHECK_TEXT(send_im_error_step(error), NULL);
    CHECK_KIND(error, "invalid_input");
    send_im_options_free(options);
}

static void a_test_of_a_program_can_make_errors_and_receipts(void) {
    send_im_error *error = send_im_error_new("outcome_unknown", "It may have arrived.", true);
    CHECK_TEXT(send_im_error_kind(error), "outcome_unknown");
    CHECK_TEXT(send_im_error_detail(error), "It may have arrived.");
    CHECK_TEXT(send_im_error_sent(error), "maybe");
    CHECK(send_im_error_exit_code(error) == 6 && send_im_error_cause(error) == 0 && !send_im_error_step(error));
    send_im_error_free(error);
    error = send_im_error_new("busy", "Lene is busy.", false);
    CHECK_TEXT(send_im_error_sent(error), "no");
    CHECK_KIND(error, "busy");
    CHECK(!send_im_error_new("no such kind", "x", false) && !send_im_error_new(NULL, "x", false));
    CHECK(!send_im_error_new("busy", NULL, false) && !send_im_error_new("busy", "\xff", false));

    send_im_receipt *receipt = send_im_receipt_new("lenea@contoso.com");
    CHECK_TEXT(send_im_receipt_to(receipt), "lenea@contoso.com");
    CHECK_TEXT(send_im_receipt_accepted_by(receipt), "lenea@contoso.com");
    CHECK_TEXT(send_im_receipt_evidence(receipt), "invitation_accepted");
    CHECK_TEXT(send_im_receipt_format(receipt), "plain");
    CHECK(!send_im_receipt_thread_id(receipt) && send_im_receipt_step_count(receipt) == 0);
    send_im_receipt_free(receipt);
    CHECK(!send_im_receipt_new(NULL) && !send_im_receipt_new("\xff"));
}

void errors(void) {
    RUN(an_error_has_every_field);
    RUN(hops_tell_the_way);
    RUN(a_refused_password_is_not_told);
    RUN(options_are_checked);
    RUN(a_test_of_a_program_can_make_errors_and_receipts);
}
