/* Calls that end with a callback, cancellation, steps, tokens. */
#include "check.h"

typedef struct {
    volatile int ended;
    int times;
    send_im_error *error;
    send_im_receipt *receipt;
    send_im_client *client;
    send_im_results *results;
} ending;

static void told(ending *end, send_im_error *error) {
    end->times++;
    end->error = error;
    __atomic_store_n(&end->ended, 1, __ATOMIC_RELEASE);
}

static void on_sent(void *user_data, send_im_error *error, send_im_receipt *receipt) {
    ((ending *)user_data)->receipt = receipt;
    told((ending *)user_data, error);
}

static void on_signed_in(void *user_data, send_im_error *error, send_im_client *client) {
    ((ending *)user_data)->client = client;
    told((ending *)user_data, error);
}

static void on_all_sent(void *user_data, send_im_error *error, send_im_results *results) {
    ((ending *)user_data)->results = results;
    told((ending *)user_data, error);
}

static void on_done(void *user_data, send_im_error *error) { told((ending *)user_data, error); }

static ending nothing(void) {
    ending none;
    memset(&none, 0, sizeof none);
    return none;
}

static void async_calls_end_with_their_callback(void) {
    place here = place_new(NULL);
    ending sent = nothing(), in = nothing(), by_client = nothing(), all = nothing(), out = nothing();
    send_im_call *call = NULL;
    CHECK_OK(send_im_async(here.options, "lenea@contoso.com", "one call", on_sent, &sent, &call));
    CHECK(call != NULL && wait_until(&sent.ended));
    CHECK_TEXT(send_im_receipt_accepted_by(sent.receipt), "lenea@contoso.com");
    send_im_call_free(call);
    CHECK_OK(send_im_client_sign_in_async(here.options, on_signed_in, &in, NULL));
    CHECK(wait_until(&in.ended) && in.client != NULL);
    CHECK_OK(send_im_client_send_async(in.client, NULL, "busy@contoso.com", "by the client", on_sent, &by_client, NULL));
    CHECK(wait_until(&by_client.ended) && by_client.receipt == NULL);
    CHECK_KIND(by_client.error, "busy");
    send_im_messages *messages = send_im_messages_new();
    CHECK_OK(send_im_messages_add(messages, NULL, "lenea@contoso.com", "first of two"));
    CHECK_OK(send_im_messages_add(messages, NULL, "lenea@contoso.com", "second of two"));
    CHECK_OK(send_im_client_send_all_async(in.client, messages, on_all_sent, &all, NULL));
    send_im_messages_free(messages);
    CHECK(wait_until(&all.ended) && send_im_results_count(all.results) == 2);
    CHECK_OK(send_im_client_sign_out_async(in.client, -1, on_done, &out, NULL));
    CHECK(wait_until(&out.ended));
    CHECK(delivered(here.sandbox) == 3);
    CHECK(sent.times == 1 && in.times == 1 && by_client.times == 1 && all.times == 1 && out.times == 1);
    send_im_receipt_free(sent.receipt);
    send_im_results_free(all.results);
    send_im_client_free(in.client);
    send_im_error_free(sent.error);
    send_im_error_free(in.error);
    send_im_error_free(all.error);
    send_im_error_free(out.error);
    place_free(here);
}

static void an_async_call_that_cannot_begin_has_no_callback(void) {
    ending sent = nothing();
    send_im_call *call = (send_im_call *)&sent;
    CHECK_KIND(send_im_async(NULL, NULL, "hello", on_sent, &sent, &call), "invalid_input");
    CHECK(call == NULL && sent.times == 0);
}

static void a_cancelled_call_ends_once_and_leaves_no_session(void) {
    place here = place_new(NULL);
    ending sent = nothing();
    send_im_call *call = NULL;
    int turns;
    char *requests = NULL;
    CHECK_OK(send_im_async(here.options, "silent@contoso.com", "hello", on_sent, &sent, &call));
    for (turns = 0; turns < 400 && !(requests && strstr(requests, "essagingInvitations")); turns++) {
        send_im_string_free(requests);
        send_im_error_free(send_im_sandbox_wait_for(here.sandbox, 1, 25, NULL));
        requests = answer_of(here.sandbox, "GET", "journal");
    }
    send_im_string_free(requests);
    CHECK(sent.times == 0);
    send_im_call_cancel(call);
    send_im_call_cancel(call);
    CHECK(wait_until(&sent.ended));
    CHECK_TEXT(send_im_error_sent(sent.error), "maybe");
    CHECK(send_im_error_exit_code(sent.error) == 130);
    CHECK_KIND(sent.error, "cancelled");
    for (turns = 0; turns < 400 && open_sessions(here.sandbox) != 0; turns++) {
        send_im_error_free(send_im_sandbox_wait_for(here.sandbox, 1, 25, NULL));
    }
    CHECK(open_sessions(here.sandbox) == 0 && delivered(here.sandbox) == 0);
    CHECK(sent.times == 1 && sent.receipt == NULL);
    send_im_call_free(call);
    place_free(here);
}

typedef struct {
    place here;
    send_im_client *client;
    char refused[5][32];
    int steps, released;
    volatile int ended;
} inside;

static void refused_kind(inside *in, int at, send_im_error *error) {
    strncpy(in->refused[at], error ? send_im_error_kind(error) : "success", 31);
    send_im_error_free(error);
}

static void wait_inside(void *user_data, send_im_error *error, send_im_receipt *receipt) {
    inside *in = (inside *)user_data;
    send_im_client *client = NULL;
    refused_kind(in, 0, send_im(in->here.options, "lenea@contoso.com", "inside", NULL));
    refused_kind(in, 1, send_im_client_sign_in(in->here.options, &client));
    refused_kind(in, 2, send_im_client_send(in->client, NULL, "lenea@contoso.com", "inside", NULL));
    refused_kind(in, 3, send_im_client_sign_out(in->client, -1));
    refused_kind(in, 4, send_im_sandbox_wait_for(in->here.sandbox, 99, 99, NULL));
    send_im_client_free(in->client);
    send_im_error_free(error);
    send_im_receipt_free(receipt);
    __atomic_store_n(&in->ended, 1, __ATOMIC_RELEASE);
}

static void a_call_that_waits_is_refused_in_a_callback(void) {
    inside in;
    int i;
    memset(&in, 0, sizeof in);
    in.here = place_new(NULL);
    CHECK_OK(send_im_client_sign_in(in.here.options, &in.client));
    CHECK_OK(send_im_client_send_async(in.client, NULL, "lenea@contoso.com", "hello", wait_inside, &in, NULL));
    CHECK(wait_until(&in.ended));
    for (i = 0; i < 5; i++) CHECK_TEXT(in.refused[i], "invalid_input");
    CHECK(delivered(in.here.sandbox) == 1);
    place_free(in.here);
}

static void on_step(void *user_data, const send_im_step *step) {
    inside *in = (inside *)user_data;
    if (send_im_step_name(step) && send_im_step_host(step)) __atomic_add_fetch(&in->steps, 1, __ATOMIC_SEQ_CST);
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
    CHECK_TEXT(in.refused[0], "invalid_input");
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
    CHECK_KIND(send_im(here.options, "lenea@contoso.com", "hello", NULL), "invalid_input");
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
    CHECK_TEXT(send_im_error_step(error), "sign_in");
    CHECK_TEXT(send_im_error_sent(error), "no");
    CHECK_KIND(error, "credential_unavailable");
    from.cause = 0;
    error = send_im(here.options, "lenea@contoso.com", "hello", NULL);
    CHECK(send_im_error_cause(error) == 0 && send_im_error_cause(NULL) == 0);
    CHECK(error && strstr(send_im_error_to_json(error), "\"cause\":null"));
    CHECK_KIND(error, "credential_unavailable");
    CHECK(from.asked == 2);
    place_free(here);
}

void callbacks(void) {
    RUN(async_calls_end_with_their_callback);
    RUN(an_async_call_that_cannot_begin_has_no_callback);
    RUN(a_cancelled_call_ends_once_and_leaves_no_session);
    RUN(a_call_that_waits_is_refused_in_a_callback);
    RUN(steps_are_told_and_their_data_is_released);
    RUN(tokens_take_the_place_of_a_password);
    RUN(what_a_token_callback_failed_with_is_the_cause);
}
