/* Sending, and what the receipt says. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static void one_call_sends_and_signs_out(void) {
    place here = place_new(NULL);
    send_im_receipt *receipt = NULL;
    CHECK_OK(send_im(here.options, "sip:lenea@contoso.com", "Gr\xc3\xb6\xc3\x9f" "e", &receipt));
    CHECK_TEXT(send_im_receipt_to(receipt), "lenea@contoso.com");
    CHECK_TEXT(send_im_receipt_accepted_by(receipt), "lenea@contoso.com");
    CHECK(send_im_receipt_evidence(receipt) == SEND_IM_EVIDENCE_INVITATION_ACCEPTED);
    CHECK(send_im_receipt_format(receipt) == SEND_IM_FORMAT_PLAIN);
    CHECK(send_im_receipt_thread_id(receipt) != NULL);
    CHECK(strstr(send_im_receipt_to_json(receipt), "\"accepted_by\":\"lenea@contoso.com\"") != NULL);
    send_im_receipt_free(receipt);
    char *inbox = NULL;
    CHECK_OK(send_im_sandbox_inbox(here.sandbox, "lenea@contoso.com", &inbox));
    CHECK(count_of(inbox, "\"text\":\"Gr\xc3\xb6\xc3\x9f" "e\"") == 1);
    send_im_string_free(inbox);
    CHECK(open_sessions(here.sandbox) == 0);
    place_free(here);
}

static void a_receipt_has_its_steps(void) {
    place here = place_new(getenv("SEND_IM_NO_TLS") ? NULL : "{\"https\": true}");
    send_im_receipt *receipt = NULL;
    CHECK_OK(send_im(here.options, "lenea@contoso.com", "hello", &receipt));
    CHECK(send_im_receipt_step_count(receipt) >= 5);
    const send_im_step_record *first = send_im_receipt_step(receipt, 0);
    CHECK(send_im_step_record_step(first) == SEND_IM_STEP_DISCOVER);
    CHECK(send_im_step_record_status(first) == 200 && send_im_step_record_elapsed_ms(first) > 0);
    CHECK(strstr(send_im_sandbox_url(here.sandbox), send_im_step_record_host(first)) != NULL);
    CHECK(send_im_receipt_step(receipt, 99) == NULL);
    send_im_receipt_free(receipt);
    place_free(here);
}

static void the_account_may_come_from_the_environment(void) {
    place here = place_new(NULL);
    setenv("SEND_IM_ADDRESS", "tosh@contoso.com", 1);
    setenv("SEND_IM_PASSWORD", "x", 1);
    setenv("SEND_IM_SERVER", send_im_sandbox_url(here.sandbox), 1);
    CHECK_OK(send_im(NULL, "lenea@contoso.com", "hello", NULL));
    unsetenv("SEND_IM_ADDRESS");
    unsetenv("SEND_IM_PASSWORD");
    unsetenv("SEND_IM_SERVER");
    CHECK(delivered(here.sandbox) == 1);
    place_free(here);
}

static void a_token_may_take_the_place_of_the_password(void) {
    place here = place_new("{\"layout\": \"two-pools\"}");
    char *token = issued_token(here.sandbox);
    CHECK_OK(send_im_options_set(here.options, "token", token));
    CHECK_KIND(send_im(here.options, "lenea@contoso.com", "hello", NULL), INVALID_INPUT);
    CHECK_OK(send_im_options_set(here.options, "password", NULL));
    CHECK_OK(send_im(here.options, "lenea@contoso.com", "hello", NULL));
    CHECK_OK(send_im_sandbox_request(here.sandbox, "POST", "actions/revoke-tokens", NULL, NULL));
    send_im_error *error = send_im(here.options, "lenea@contoso.com", "hello", NULL);
    CHECK(error && strstr(send_im_error_detail(error), "rejects the token") && !strstr(send_im_error_to_json(error), token));
    CHECK_KIND(error, SIGN_IN_REFUSED);
    CHECK_OK(send_im_options_set(here.options, "address", NULL));
    CHECK_KIND(send_im(here.options, "lenea@contoso.com", "hello", NULL), INVALID_INPUT);
    CHECK(delivered(here.sandbox) == 1);
    free(token);
    place_free(here);
}

static void a_client_sends_with_every_option(void) {
    place here = place_new(NULL);
    send_im_client *client = NULL;
    CHECK_OK(send_im_client_sign_in(here.options, &client));
    send_im_options *message = send_im_options_new();
    CHECK_OK(send_im_options_set(message, "subject", "db7"));
    CHECK_OK(send_im_options_set(message, "importance", send_im_importance_name(SEND_IM_IMPORTANCE_URGENT)));
    CHECK_OK(send_im_options_set(message, "html", "true"));
    CHECK_OK(send_im_options_set(message, "timeout_ms", "30000"));
    CHECK_OK(send_im_options_set(message, "wait", "delivered"));
    send_im_receipt *receipt = NULL;
    CHECK_OK(send_im_client_send(client, message, "lenea@contoso.com", "<b>disk full</b>", &receipt));
    CHECK(send_im_receipt_format(receipt) == SEND_IM_FORMAT_HTML);
    send_im_receipt_free(receipt);
    char *inbox = NULL;
    CHECK_OK(send_im_sandbox_wait_for(here.sandbox, 1, 30000, &inbox));
    CHECK(count_of(inbox, "\"subject\":\"db7\"") == 1 && count_of(inbox, "\"Urgent\"") == 1);
    send_im_string_free(inbox);
    send_im_options_free(message);
    CHECK(open_sessions(here.sandbox) == 1);
    CHECK_OK(send_im_client_sign_out(client, -1));
    CHECK_OK(send_im_client_sign_out(client, -1));
    CHECK(open_sessions(here.sandbox) == 0);
    CHECK_KIND(send_im_client_send(client, NULL, "lenea@contoso.com", "late", NULL), CLOSED);
    send_im_client_free(client);
    place_free(here);
}

static void many_messages_have_a_result_each(void) {
    place here = place_new(NULL);
    send_im_client *client = NULL;
    CHECK_OK(send_im_client_sign_in(here.options, &client));
    send_im_messages *messages = send_im_messages_new();
    CHECK_OK(send_im_messages_add(messages, NULL, "lenea@contoso.com", "one"));
    CHECK_OK(send_im_messages_add(messages, NULL, "busy@contoso.com", "two"));
    CHECK_OK(send_im_messages_add(messages, NULL, "three", "three"));
    send_im_results *results = NULL;
    CHECK_OK(send_im_client_send_all(client, messages, &results));
    send_im_messages_free(messages);
    CHECK(send_im_results_count(results) == 3);
    CHECK_TEXT(send_im_receipt_to(send_im_results_receipt(results, 0)), "lenea@contoso.com");
    CHECK(send_im_results_error(results, 0) == NULL && send_im_results_receipt(results, 1) == NULL);
    CHECK(send_im_error_kind(send_im_results_error(results, 1)) == SEND_IM_KIND_BUSY);
    CHECK(send_im_error_kind(send_im_results_error(results, 2)) == SEND_IM_KIND_INVALID_INPUT);
    CHECK(send_im_results_error(results, 3) == NULL);
    send_im_results_free(results);
    CHECK_OK(send_im_client_sign_out(client, -1));
    send_im_client_free(client);
    place_free(here);
}

static void a_client_that_is_freed_signs_out(void) {
    place here = place_new(NULL);
    send_im_client *client = NULL;
    CHECK_OK(send_im_client_sign_in(here.options, &client));
    send_im_client_free(client);
    int turns;
    for (turns = 0; turns < 400 && open_sessions(here.sandbox) != 0; turns++) {
        send_im_error_free(send_im_sandbox_wait_for(here.sandbox, 1, 25, NULL));
    }
    CHECK(open_sessions(here.sandbox) == 0);
    place_free(here);
}

void sends(void) {
    RUN(one_call_sends_and_signs_out);
    RUN(a_receipt_has_its_steps);
    RUN(the_account_may_come_from_the_environment);
    RUN(a_token_may_take_the_place_of_the_password);
    RUN(a_client_sends_with_every_option);
    RUN(many_messages_have_a_result_each);
    RUN(a_client_that_is_freed_signs_out);
}
