/* Calls under way: their end, their result, cancellation; steps and tokens. */
#include "check.h"

static void count(void *times) { __atomic_add_fetch((int *)times, 1, __ATOMIC_SEQ_CST); }

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
    CHECK(client != NULL);
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
    send_im_call_free(call);

    CHECK_OK(send_im_client_send_begin(client, NULL, "lenea@contoso.com", "the last", &call));
    CHECK(ENDED(call));
    CHECK_KIND(send_im_call_take_results(call, &none), INVALID_INPUT);
    CHECK(none == NULL);
    send_im_call_free(call);

    CHECK_OK(send_im_client_sign_out_begin(client, -1, &call));
    CHECK_OK(outcome_of(call));
    CHECK(delivered(here.sandbox) == 4 && open_sessions(here.sandbox) == 0);
    send_im_receipt_free(receipt);
    send_im_results_free(results);
    send_im_client_free(client);
    place_free(here);
}

static void the_end_is_told_once(void) {
    place here = place_new(NULL);
    send_im_call *call = NULL;
    int early = 0, second = 0, late = 0, of_freed = 0, turns;
    CHECK_OK(send_im_begin(here.options, "lenea@contoso.com", "first", &call));
    send_im_call_on_end(call, count, &early);
    send_im_call_on_end(call, count, &second);
    CHECK(__atomic_load_n(&early, __ATOMIC_SEQ_CST) <= send_im_call_wait(call, 0));
    CHECK(ENDED(call));
    /* It has ended: told before this returns. */
    send_im_call_on_end(call, count, &late);
    CHECK(late == 1);
    CHECK_OK(outcome_of(call));
    CHECK_OK(send_im_begin(here.options, "lenea@contoso.com", "second", &call));
    send_im_call_on_end(call, count, &of_freed);
    send_im_call_free(call);
    CHECK_OK(send_im_sandbox_wait_for(here.sandbox, 2, 30000, NULL));
    for (turns = 0; turns < 1200 && !__atomic_load_n(&of_freed, __ATOMIC_SEQ_CST); turns++) {
        send_im_error_free(send_im_sandbox_wait_for(here.sandbox, 99, 25, NULL));
    }
    CHECK(__atomic_load_n(&early, __ATOMIC_SEQ_CST) == 1 && __atomic_load_n(&second, __ATOMIC_SEQ_CST) == 1);
    CHECK(late == 1 && __atomic_load_n(&of_freed, __ATOMIC_SEQ_CST) == 1);
    place_free(here);
}

static void a_call_that_cannot_begin_is_none(void) {
    place here = place_new(NULL);
    send_im_call *call = (send_im_call *)here.options;
    CHECK_KIND(send_im_begin(NULL, NULL, "hello", &call), INVALID_INPUT);
    CHECK(call == NULL);
    place_free(here);
}

/* Waits until the sandbox has no session. */
static int all_closed(place here) {
    int turns;
    for (turns = 0; turns < 1200; turns++) {
        if (open_sessions(here.sandbox) == 0) return 1;
        send_im_error_free(send_im_sandbox_wait_for(here.sandbox, 99, 25, NULL));
    }
    return 0;
}

/* Waits until so many sessions were opened. */
static int all_opened(place here, int count) {
    int turns, opened = 0;
    for (turns = 0; turns < 1200 && opened < count; turns++) {
        char *requests = answer_of(here.sandbox, "GET", "journal");
        const char *found;
        opened = 0;
        for (found = requests; found && (found = strstr(found, "\"status\":201")); found++) opened++;
        send_im_string_free(requests);
        if (opened < count) send_im_error_free(send_im_sandbox_wait_for(here.sandbox, 99, 25, NULL));
    }
    return opened == count;
}

static void a_cancelled_call_ends_once_and_leaves_no_session(void) {
    place here = place_new(NULL);
    send_im_call *call = NULL;
    int turns, times = 0;
    char *requests = NULL;
    CHECK_OK(send_im_begin(here.options, "silent@contoso.com", "hello", &call));
    send_im_call_on_end(call, count, &times);
    for (turns = 0; turns < 400 && !(requests && strstr(requests, "essagingInvitations")); turns++) {
        send_im_string_free(requests);
        CHECK(!send_im_call_wait(call, 25));
        requests = answer_of(here.sandbox, "GET", "journal");
    }
    send_im_string_free(requests);
    CHECK(times == 0);
    CHECK_KIND(send_im_call_take(call), INVALID_INPUT);
    send_im_call_cancel(call);
    send_im_call_cancel(call);
    CHECK(send_im_call_wait(call, -1));
    send_im_receipt *receipt = NULL;
    send_im_error *error = send_im_call_take_receipt(call, &receipt);
    CHECK(send_im_error_sent(error) == SEND_IM_SENT_MAYBE);
    CHECK(send_im_error_exit_code(error) == 130 && receipt == NULL);
    CHECK_KIND(error, CANCELLED);
    CHECK(all_closed(here) && delivered(here.sandbox) == 0);
    CHECK(__atomic_load_n(&times, __ATOMIC_SEQ_CST) == 1);
    send_im_call_free(call);
    place_free(here);
}

static void a_client_that_nobody_takes_is_signed_out(void) {
    place here = place_new(NULL);
    send_im_call *call = NULL;
    int way;
    for (way = 0; way < 3; way++) {
        CHECK_OK(send_im_client_sign_in_begin(here.options, &call));
        if (way > 0) CHECK(ENDED(call) && open_sessions(here.sandbox) == 1);
        if (way > 1) CHECK_OK(send_im_call_take(call));
        send_im_call_free(call);
        if (way == 0) {
            /* The freed one may not have begun to sign in. */
            send_im_client *other = NULL;
            CHECK_OK(send_im_client_sign_in(here.options, &other));
            CHECK_OK(send_im_client_sign_out(other, -1));
            send_im_client_free(other);
            CHECK(all_opened(here, 2));
        }
        CHECK(all_closed(here));
    }
    place_free(here);
}

typedef struct {
    place here;
    send_im_client *client;
    send_im_call *call;
    send_im_kind refused[5];
    int steps, released;
    volatile int ended;
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
    __atomic_store_n(&in->ended, 1, __ATOMIC_RELEASE);
}

static void a_call_that_waits_is_refused_in_a_callback(void) {
    inside in;
    int i;
    memset(&in, 0, sizeof in);
    in.here = place_new(NULL);
    CHECK_OK(send_im_client_sign_in(in.here.options, &in.client));
    CHECK_OK(send_im_client_send_begin(in.client, NULL, "slow@contoso.com", "hello", &in.call));
    send_im_call_on_end(in.call, wait_inside, &in);
    CHECK(wait_until(&in.ended));
    CHECK(send_im_may_wait());
    for (i = 0; i < 5; i++) CHECK(in.refused[i] == SEND_IM_KIND_INVALID_INPUT);
    CHECK(delivered(in.here.sandbox) == 1);
    CHECK(all_closed(in.here));
    place_free(in.here);
}

static void on_step(void *user_data, const send_im_step_record *step) {
    inside *in = (inside *)user_data;
    if (send_im_step_record_step(step) && send_im_step_record_host(step)) __atomic_add_fetch(&in->steps, 1, __ATOMIC_SEQ_CST);
    refused_kind(in, 0, send_im(in->here.options, "lenea@contoso.com", "inside", NULL));
}

static void on_release(void *user_data) { __atomic_add_fetch(&((inside *)user_data)->released, 1, __ATOMIC_SEQ_CST); }

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
    int turns;
    place other = place_new(NULL);
    for (turns = 0; turns < 400 && __atomic_load_n(&in.released, __ATOMIC_SEQ_CST) == 0; turns++) {
        send_im_error_free(send_im_sandbox_wait_for(other.sandbox, 1, 25, NULL));
    }
    place_free(other);
    CHECK(in.released == 1);
}

typedef struct {
    const char *token;
    int asked, refuse;
    uint64_t cause;
} tokens;

static void on_token(void *user_data, const send_im_token_request *request, send_im_token_reply *reply) {
    tokens *from = (tokens *)user_data;
    __atomic_add_fetch(&from->asked, 1, __ATOMIC_SEQ_CST);
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
    CHECK_OK(send_im_options_set(here.options, "token", "t"));
    CHECK_KIND(send_im(here.options, "lenea@contoso.com", "hello", NULL), INVALID_INPUT);
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
    RUN(the_end_is_told_once);
    RUN(a_call_that_cannot_begin_is_none);
    RUN(a_cancelled_call_ends_once_and_leaves_no_session);
    RUN(a_client_that_nobody_takes_is_signed_out);
    RUN(a_call_that_waits_is_refused_in_a_callback);
    RUN(steps_are_told_and_their_data_is_released);
    RUN(tokens_take_the_place_of_a_password);
    RUN(what_a_token_callback_failed_with_is_the_cause);
}
