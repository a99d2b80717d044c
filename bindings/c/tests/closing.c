/* The end of a client and of a program: what is waited for, what is cancelled, what stays open. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <sys/wait.h>
#include <unistd.h>

static send_im_call *begin(send_im_client *client, const char *to) {
    send_im_call *call = NULL;
    CHECK_OK(send_im_client_send_begin(client, NULL, to, "hello", &call));
    return call;
}

/* A cancelled send says this of its message. */
static void cancelled(send_im_call *call, send_im_sent sent) {
    send_im_error *error = outcome_of(call);
    CHECK(send_im_error_sent(error) == sent);
    CHECK_KIND(error, CANCELLED);
}

static void what_has_not_ended_within_the_bound_is_cancelled(void) {
    place here = place_new(NULL);
    int begun;
    for (begun = 0; begun < 2; begun++) {
        send_im_client *client = signed_in(here);
        send_im_call *ringing = begin(client, "silent@contoso.com"), *behind, *out = NULL;
        UNTIL(requests(here.sandbox, INVITED) == (size_t)begun + 1);
        behind = begin(client, "silent@contoso.com");
        if (begun) {
            CHECK_OK(send_im_client_sign_out_begin(client, 100, &out));
            CHECK_OK(outcome_of(out));
        } else {
            CHECK_OK(send_im_client_sign_out(client, 100));
        }
        CHECK(open_sessions(here.sandbox) == 0);
        cancelled(ringing, SEND_IM_SENT_MAYBE);
        cancelled(behind, SEND_IM_SENT_NO);
        send_im_client_free(client);
    }
    CHECK(delivered(here.sandbox) == 0);
    place_free(here);
}

static void cancel_all_ends_every_send_at_once(void) {
    place here = place_new(NULL);
    send_im_client *client = signed_in(here);
    send_im_call *ringing = begin(client, "silent@contoso.com"), *behind;
    UNTIL(requests(here.sandbox, INVITED) == 1);
    behind = begin(client, "silent@contoso.com");
    /* The server answers nothing any more; no answer is needed. */
    CHECK_OK(send_im_sandbox_add_fault(here.sandbox, "{\"route\": \"any\", \"times\": 0, \"action\": {\"delay\": {\"ms\": 3600000}}}"));
    CHECK_OK(send_im_client_cancel_all(client));
    CHECK_OK(send_im_client_cancel_all(client));
    cancelled(ringing, SEND_IM_SENT_MAYBE);
    cancelled(behind, SEND_IM_SENT_NO);
    CHECK_KIND(send_im_client_send(client, NULL, "lenea@contoso.com", "late", NULL), CLOSED);
    CHECK_OK(send_im_sandbox_request(here.sandbox, "DELETE", "faults", NULL, NULL));
    sign_out(client);
    CHECK(open_sessions(here.sandbox) == 0 && delivered(here.sandbox) == 0);
    place_free(here);
}

/* No task of the library need have run in between. */
static void what_was_called_before_is_waited_for_and_what_comes_later_refused(void) {
    place here = place_new(NULL);
    int round;
    for (round = 0; round < 20; round++) {
        send_im_client *client = signed_in(here);
        send_im_call *sent = begin(client, "lenea@contoso.com"), *out = NULL;
        CHECK_OK(send_im_client_sign_out_begin(client, -1, &out));
        CHECK_KIND(send_im_client_send(client, NULL, "lenea@contoso.com", "late", NULL), CLOSED);
        CHECK_OK(outcome_of(sent));
        CHECK_OK(outcome_of(out));
        CHECK_OK(send_im_client_sign_out(client, 0));
        send_im_client_free(client);
    }
    CHECK(delivered(here.sandbox) == 20 && open_sessions(here.sandbox) == 0);
    place_free(here);
}

void closing(void) {
    RUN(what_was_called_before_is_waited_for_and_what_comes_later_refused);
    RUN(what_has_not_ended_within_the_bound_is_cancelled);
    RUN(cancel_all_ends_every_send_at_once);
}

/* The child winds down for itself alone. */
static void winding_down_in_a_child_leaves_the_parent_alone(void) {
    place here = place_new(NULL);
    send_im_client *client = signed_in(here);
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        send_im_client *own = NULL;
        int wrong;
        alarm(60);
        wrong = !send_im_wind_down(30000);
        send_im_error *error = send_im_client_sign_in(here.options, &own);
        if (!error) error = send_im_client_send(own, NULL, "lenea@contoso.com", "from the child", NULL);
        wrong |= error != NULL;
        send_im_error_free(error);
        send_im_client_free(client);
        /* Without a sign-out, and without freeing its own. */
        _exit(wrong);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(delivered(here.sandbox) == 1 && open_sessions(here.sandbox) == 1);
    sign_out(client);
    place_free(here);
}

static void winding_down_closes_what_is_idle_and_lets_the_rest_go_on(void) {
    /* Winding down also waits for what other tests left to do, ten seconds at most. */
    place here = place_new("{\"slow_ms\": 15000}");
    send_im_client *idle = signed_in(here), *busy = signed_in(here), *later;
    send_im_call *slow = begin(busy, "slow@contoso.com");
    UNTIL(requests(here.sandbox, INVITED) == 1);
    CHECK(open_sessions(here.sandbox) == 2);
    CHECK(!send_im_wind_down(30000));
    CHECK(open_sessions(here.sandbox) == 1);
    CHECK_OK(outcome_of(slow));
    CHECK(open_sessions(here.sandbox) == 0);
    CHECK_OK(send_im_client_send(idle, NULL, "lenea@contoso.com", "by a client of before", NULL));
    CHECK(open_sessions(here.sandbox) == 0);
    later = signed_in(here);
    CHECK_OK(send_im_client_send(later, NULL, "lenea@contoso.com", "by a client of afterwards", NULL));
    CHECK_OK(send_im(here.options, "lenea@contoso.com", "in one call", NULL));
    CHECK(open_sessions(here.sandbox) == 0 && delivered(here.sandbox) == 4);
    CHECK(send_im_wind_down(30000));
    send_im_client_free(idle);
    send_im_client_free(busy);
    send_im_client_free(later);
    place_free(here);
}

typedef struct {
    int ended, steps;
} inside;

static void wind_down_inside(void *user_data, const send_im_step_record *step) {
    (void)step;
    ((inside *)user_data)->steps++;
    send_im_wind_down(3600000);
}

static void wind_down_at_the_end(void *user_data) {
    send_im_wind_down(3600000);
    COUNT(((inside *)user_data)->ended);
}

static void winding_down_in_a_callback_does_not_wait(void) {
    place here = place_new(NULL);
    inside in = {0, 0};
    CHECK_OK(send_im_options_on_step(here.options, wind_down_inside, &in, NULL));
    send_im_client *client = signed_in(here);
    send_im_call *call = begin(client, "lenea@contoso.com");
    send_im_call_on_end(call, wind_down_at_the_end, &in);
    UNTIL(READ(in.ended));
    CHECK_OK(outcome_of(call));
    UNTIL(open_sessions(here.sandbox) == 0);
    CHECK(in.steps > 0 && delivered(here.sandbox) == 1);
    send_im_client_free(client);
    place_free(here);
}

/* What winds down stays so for the rest of the process. */
void winding_down(void) {
    if (!quick()) RUN(winding_down_in_a_child_leaves_the_parent_alone);
    RUN(winding_down_closes_what_is_idle_and_lets_the_rest_go_on);
    RUN(winding_down_in_a_callback_does_not_wait);
}
