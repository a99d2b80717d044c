/* Sending, and what the receipt says. */
#include "check.h"

static void one_call_sends_and_signs_out(void) {
    place here = place_new(getenv("SEND_IM_NO_TLS") ? NULL : "{\"https\": true}");
    send_im_receipt *receipt = NULL;
    CHECK_OK(send_im(here.options, "sip:lenea@contoso.com", "Gr\xc3\xb6\xc3\x9f" "e", &receipt));
    CHECK_TEXT(send_im_receipt_to(receipt), "lenea@contoso.com");
    CHECK_TEXT(send_im_receipt_accepted_by(receipt), "lenea@contoso.com");
    CHECK(send_im_receipt_evidence(receipt) == SEND_IM_EVIDENCE_INVITATION_ACCEPTED);
    CHECK(send_im_receipt_format(receipt) == SEND_IM_FORMAT_PLAIN);
    CHECK(send_im_receipt_thread_id(receipt) != NULL);
    CHECK(strstr(send_im_receipt_to_json(receipt), "\"accepted_by\":\"lenea@contoso.com\"") != NULL);
    const send_im_step_record *first = send_im_receipt_step(receipt, 0);
    CHECK(send_im_receipt_step_count(receipt) >= 5 && send_im_receipt_step(receipt, 99) == NULL);
    CHECK(send_im_step_record_step(first) == SEND_IM_STEP_DISCOVER && send_im_step_record_status(first) == 200);
    CHECK(send_im_step_record_elapsed_ms(first) > 0);
    CHECK(strstr(send_im_sandbox_url(here.sandbox), send_im_step_record_host(first)) != NULL);
    send_im_receipt_free(receipt);
    char *inbox = NULL, *all = NULL;
    CHECK_OK(send_im_sandbox_inbox(here.sandbox, "lenea@contoso.com", &inbox));
    CHECK(count_of(inbox, "\"text\":\"Gr\xc3\xb6\xc3\x9f" "e\"") == 1);
    CHECK_OK(send_im_sandbox_wait_for(here.sandbox, 1, 30000, &all));
    CHECK_TEXT(all, inbox);
    send_im_string_free(inbox);
    send_im_string_free(all);
    CHECK(open_sessions(here.sandbox) == 0);
    place_free(here);
}

static void many_messages_have_a_result_each(void) {
    place here = place_new(NULL);
    send_im_client *client = signed_in(here);
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
    sign_out(client);
    place_free(here);
}

void sends(void) {
    RUN(one_call_sends_and_signs_out);
    RUN(many_messages_have_a_result_each);
}
