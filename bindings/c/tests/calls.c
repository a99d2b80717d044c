/* Calls under way: their end, their result, cancellation; steps and tokens. */
#include "check.h"

static void count(void *times) { COUNT(*(int *)times); }

static void a_call_has_its_result_once(void) {
    place here = place_new(NULL);
    send_im_call *call = NULL;
    send_im_client *client = NULL;
    send_im_receipt *receipt = NULL;
    send_im_results *results = NULL, *none = NULL;
    CHECK_OK(send_im_begin(here.options, "lenea@contoso.com", "one call", &call));
    CHECK(ENDED(call));
    CHECK_OK(send_im_call_take_receipt(call, &receipt));
    CHECK_TEXT(send_im_receipt_accepted_by(receipt), "lenea@contoso.com");
    send_im_receipt_free(receipt);
    CHECK_KIND(send_im_call_take_receipt(call, &receipt), INVALID_INPUT);
    CHECK(receipt == NULL);
    send_im_call_free(call);

    CHECK_OK(send_im_client_sign_in_begin(here.options, &call));
    CHECK(ENDED(call));
    CHECK_OK(send_im_call_take_client(call, &client));
    send_im_call_free(call);

    CHECK_OK(send_im_client_send_begin(client, NULL, "busy@contoso.com", "by the client", &call));
    CHECK(ENDED(call));
    CHECK_KIND(send_im_call_take_receipt(call, &receipt), BUSY);
    CHECK(receipt == NULL);
    send_im_call_free(call);

    send_im_messages *messages = send_im_messages_new();
    CHECK_OK(send_im_messages_add(messages, NULL, "lenea@contoso.com", "first of two"));
    CHECK_OK(send_im_messages_add(messages, NULL, "lenea@contoso.com", "second of two"));
    CHECK_OK(send_im_client_send_all_begin(client, messages, &call));
    send_im_messages_free(messages);
    CHECK(ENDED(call));
    CHECK_OK(send_im_call_take_results(call, &results));
    CHECK(send_im_results_count(results) == 2);
    send_im_results_free(results);
    send_im_call_free(call);

    CHECK_OK(send_im_client_send_begin(client, NULL, "lenea@contoso.com", "the last", &call));
    CHECK(ENDED(call));
    CHECK_KIND(send_im_call_take_results(call, &none), INVALID_INPUT);
    CHECK(none == NULL);
    send_im_call_free(call);

    CHECK_OK(send_im_client_sign_out_begin(client, -1, &call));
    CHECK_OK(outcome_of(call));
    CHECK(delivered(here.sandbox) == 4 && open_sessions(here.sandbox) == 0);
    send_im_client_free(client);
    place_free(here);
}

static void a_diagnosis_is_json(void) {
    place here = place_new(NULL);
    send_im_call *call = NULL;
    char *told = NULL;
    CHECK_OK(send_im_diagnose(here.options, &told));
    CHECK(told && strstr(told, "\"name\":\"sign_out\",\"outcome\":\"passed\"") != NULL);
    CHECK(strstr(told, "cwt=") == NULL);
    send_im_string_free(told);

    CHECK_OK(send_im_options_set(here.options, "password", "wrong"));
    CHECK_OK(send_im_diagnose_begin(here.options, &call));
    CHECK(ENDED(call));
    CHECK_OK(send_im_call_take_diagnosis(call, &told));
    CHECK(told && strstr(told, "\"outcome\":\"failed\"") && strstr(told, "\"kind\":\"sign_in_refused\""));
    send_im_string_free(told);
    CHECK_KIND(send_im_call_take_diagnosis(call, &told), INVALID_INPUT);
    CHECK(told == NULL);
    send_im_call_free(call);

    CHECK_KIND(send_im_diagnose(here.options, NULL), INVALID_INPUT);
    CHECK(delivered(here.sandbox) == 0 && open_sessions(here.sandbox) == 0);
    place_free(here);
}

static void the_end_is_told_once(void) {
    place here = place_new(NULL);
    send_im_call *call = NULL;
    int early = 0, second = 0, late = 0, of_freed = 0;
    CHECK_OK(send_im_begin(here.options, "lenea@contoso.com", "first", &call));
    send_im_call_on_end(call, count, &early);
    send_im_call_on_end(call, count, &second);
    CHECK(READ(early) <= send_im_call_wait(call, 0));
    CHECK(ENDED(call));
    /* It has ended: told before this returns. */
    send_im_call_on_end(call, count, &late);
    CHECK(late == 1);
    CHECK_OK(outcome_of(call));
    CHECK_OK(send_im_begin(here.options, "lenea@contoso.com", "second", &call));
    send_im_call_on_end(call, count, &of_freed);
    send_im_call_free(call);
    UNTIL(READ(of_freed));
    CHECK(delivered(here.sandbox) == 2);
    CHECK(READ(early) == 1 && READ(second) == 1 && late == 1 && READ(of_freed) == 1);
    place_free(here);
}

static void a_cancelled_call_ends_once_and_leaves_no_session(void) {
    place here = place_new(NULL);
    send_im_call *call = NULL;
    int times = 0;
    CHECK_OK(send_im_begin(here.options, "silent@contoso.com", "hello", &call));
    send_im_call_on_end(call, count, &times);
    UNTIL(requests(here.sandbox, INVITED));
    CHECK(!send_im_call_wait(call, 25) && READ(times) == 0);
    CHECK_KIND(send_im_call_take(call), INVALID_INPUT);
    send_im_call_cancel(call);
    send_im_call_cancel(call);
    CHECK(send_im_call_wait(call, -1));
    send_im_receipt *receipt = NULL;
    send_im_error *error = send_im_call_take_receipt(call, &receipt);
    CHECK(send_im_error_sent(error) == SEND_IM_SENT_MAYBE);
    CHECK(send_im_error_exit_code(error) == 130 && receipt == NULL);
    CHECK_KIND(error, CANCELLED);
    UNTIL(open_sessions(here.sandbox) == 0 && READ(times) == 1);
    CHECK(delivered(here.sandbox) == 0);
    send_im_call_free(call);
    place_free(here);
}

static void a_client_that_nobody_takes_is_signed_out(void) {
    place here = place_new(NULL);
    send_im_call *call = NULL;
    int way;
    for (way = 0; way < 4; way++) {
        CHECK_OK(send_im_client_sign_in_begin(here.options, &call));
        if (way > 0) CHECK(ENDED(call) && open_sessions(here.sandbox) == 1);
        if (way == 2) CHECK_OK(send_im_call_take(call));
        if (way == 3) {
            send_im_client *client = NULL;
            CHECK_OK(send_im_call_take_client(call, &client));
            send_im_client_free(client);
        }
        send_im_call_free(call);
        UNTIL(requests(here.sandbox, SESSION_OPENED) == (size_t)way + 1);
        UNTIL(open_sessions(here.sandbox) == 0);
    }
    place_free(here);
}

typedef struct {
    place here;
    send_im_client *client;
    send_im_call *call;
    send_im_kind refused[5];
    int steps, released, ended;
} inside;

static void refused_kind(inside *in, int at, send_im_error *error) {
    in->refused[at] = send_im_error_kind(error);
    send_im_error_free(error);
}

static void wait_inside(void *user_data) {
    inside *in = (inside *)user_data;
    send_im_client *client = NULL;
    send_im_call *call = NULL;
    refused_kind(in, 0, send_im(in->here.options, "lenea@contoso.com", "inside", NULL));
    refused_kind(in, 1, send_im_client_sign_in(in->here.options, &client));
    refused_kind(in, 2, send_im_client_send(in->client, NULL, "lenea@contoso.com", "inside", NULL));
    refused_kind(in, 3, send_im_client_sign_out(in->client, -1));
    refused_kind(in, 4, send_im_sandbox_wait_for(in->here.sandbox, 99, 99, NULL));
    /* Waiting for a call does not wait. */
    CHECK(!send_im_may_wait());
    CHECK_OK(send_im_client_send_begin(in->client, NULL, "silent@contoso.com", "inside", &call));
    CHECK(!send_im_call_wait(call, -1));
    send_im_call_cancel(call);
    send_im_call_free(call);
    send_im_client_free(in->client);
    CHECK_OK(send_im_call_take(in->call));
    send_im_call_free(in->call);
    COUNT(in->ended);
}

static void a_call_that_waits_is_refused_in_a_callback(void) {
    inside in;
    int i;
    memset(&in, 0, sizeof in);
    in.here = place_new(NULL);
    in.client = signed_in(in.here);
    CHECK_OK(send_im_client_send_begin(in.client, NULL, "slow@contoso.com", "hello", &in.call));
    send_im_call_on_end(in.call, wait_inside, &in);
    UNTIL(READ(in.ended));
    CHECK(send_im_may_wait());
    for (i = 0; i < 5; i++) CHECK(in.refused[i] == SEND_IM_KIND_INVALID_INPUT);
    CHECK(delivered(in.here.sandbox) == 1);
    UNTIL(open_sessions(in.here.sandbox) == 0);
    place_free(in.here);
}

static void on_step(void *user_data, const send_im_step_record *step) {
    inside *in = (inside *)user_data;
    if (send_im_step_record_step(step) && send_im_step_record_host(step)) COUNT(in->steps);
    refused_kind(in, 0, send_im(in->here.options, "lenea@contoso.com", "inside", NULL));
}

static void on_release(void *user_data) { COUNT(((inside *)user_data)->released); }

static void steps_are_told_and_their_data_is_released(void) {
    inside in;
    send_im_receipt *receipt = NULL;
    memset(&in, 0, sizeof in);
    in.here = place_new(NULL);
    CHECK_OK(send_im_options_on_step(in.here.options, on_step, &in, on_release));
    CHECK_OK(send_im(in.here.options, "lenea@contoso.com", "hello", &receipt));
    CHECK(in.steps >= 5 && (size_t)in.steps >= send_im_receipt_step_count(receipt));
    CHECK(in.refused[0] == SEND_IM_KIND_INVALID_INPUT);
    CHECK(in.released == 0);
    send_im_receipt_free(receipt);
    place_free(in.here);
    UNTIL(READ(in.released) == 1);
}

typedef struct {
    const char *token;
    int asked, refuse;
    uint64_t cause;
} tokens;

static void on_token(void *user_data, const send_im_token_request *request, send_im_token_reply *reply) {
    tokens *from = (tokens *)user_data;
    COUNT(from->asked);
    if (from->refuse) {
        send_im_token_reply_fail(reply, "the vault is locked", from->cause);
    } else if (!send_im_token_request_origin(request) || send_im_token_request_rejected(request)) {
        send_im_token_reply_fail(reply, NULL, 0);
    } else {
        send_im_token_reply_resolve(reply, from->token, 600000);
    }
}

static void tokens_take_the_place_of_a_password(void) {
    place here = place_new("{\"layout\": \"two-pools\"}");
    char *token = issued_token(here.sandbox);
    tokens from = {token, 0, 0, 0};
    CHECK_OK(send_im_options_set(here.options, "password", NULL));
    CHECK_OK(send_im_options_on_token(here.options, on_token, &from, NULL));
    CHECK_OK(send_im(here.options, "lenea@contoso.com", "hello", NULL));
    CHECK(from.asked >= 1 && delivered(here.sandbox) == 1);
    CHECK_OK(send_im_options_set(here.options, "token", token));
    CHECK_KIND(send_im(here.options, "lenea@contoso.com", "hello", NULL), INVALID_INPUT);
    CHECK_OK(send_im_options_on_token(here.options, NULL, NULL, NULL));
    CHECK_OK(send_im(here.options, "lenea@contoso.com", "hello", NULL));
    CHECK_OK(send_im_sandbox_request(here.sandbox, "POST", "actions/revoke-tokens", NULL, NULL));
    send_im_error *error = send_im(here.options, "lenea@contoso.com", "hello", NULL);
    CHECK(error && strstr(send_im_error_detail(error), "rejects the token") && !strstr(send_im_error_to_json(error), token));
    CHECK_KIND(error, SIGN_IN_REFUSED);
    CHECK(delivered(here.sandbox) == 2);
    free(token);
    place_free(here);
}

static void what_a_token_callback_failed_with_is_the_cause(void) {
    place here = place_new(NULL);
    tokens from = {NULL, 0, 1, UINT64_MAX};
    CHECK_OK(send_im_options_set(here.options, "password", NULL));
    CHECK_OK(send_im_options_on_token(here.options, on_token, &from, NULL));
    send_im_error *error = send_im(here.options, "lenea@contoso.com", "hello", NULL);
    CHECK(send_im_error_cause(error) == UINT64_MAX && send_im_error_exit_code(error) == 3);
    CHECK(error && strstr(send_im_error_detail(error), "the vault is locked"));
    CHECK(error && strstr(send_im_error_to_json(error), "\"cause\":18446744073709551615"));
    CHECK(send_im_error_step(error) == SEND_IM_STEP_SIGN_IN);
    CHECK(send_im_error_sent(error) == SEND_IM_SENT_NO);
    CHECK_KIND(error, CREDENTIAL_UNAVAILABLE);
    from.cause = 0;
    error = send_im(here.options, "lenea@contoso.com", "hello", NULL);
    CHECK(send_im_error_cause(error) == 0 && send_im_error_cause(NULL) == 0);
    CHECK(error && strstr(send_im_error_to_json(error), "\"cause\":null"));
    CHECK_KIND(error, CREDENTIAL_UNAVAILABLE);
    CHECK(from.asked == 2);
    place_free(here);
}

void calls(void) {
    RUN(a_call_has_its_result_once);
    RUN(a_diagnosis_is_json);
    RUN(the_end_is_told_once);
    RUN(a_cancelled_call_ends_once_and_leaves_no_session);
    RUN(a_client_that_nobody_takes_is_signed_out);
    RUN(a_call_that_waits_is_refused_in_a_callback);
    RUN(steps_are_told_and_their_data_is_released);
    RUN(tokens_take_the_place_of_a_password);
    RUN(what_a_token_callback_failed_with_is_the_cause);
}
