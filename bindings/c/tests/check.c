#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <time.h>

int check_tests, check_failed_tests, check_failed;
const char *check_only;

void check_text(const char *file, int line, const char *got, const char *wanted) {
    if (got == wanted || (got && wanted && strcmp(got, wanted) == 0)) return;
    check_failed = 1;
    printf("# %s:%d: got %s, wanted %s\n", file, line, got ? got : "NULL", wanted ? wanted : "NULL");
}

void check_error(const char *file, int line, send_im_error *error, send_im_kind kind) {
    if (send_im_error_kind(error) != kind) {
        const char *got = send_im_kind_name(send_im_error_kind(error)), *wanted = send_im_kind_name(kind);
        check_failed = 1;
        printf("# %s:%d: got %s (%s), wanted %s\n", file, line, got ? got : "success", error ? send_im_error_detail(error) : "",
               wanted ? wanted : "success");
    }
    send_im_error_free(error);
}

send_im_error *outcome_of(send_im_call *call) {
    CHECK(ENDED(call));
    send_im_error *error = send_im_call_take(call);
    send_im_call_free(call);
    return error;
}

place place_new(const char *sandbox_options) {
    place here = {NULL, NULL};
    CHECK_OK(send_im_sandbox_start(sandbox_options, &here.sandbox));
    here.options = send_im_options_new();
    CHECK_OK(send_im_options_set(here.options, "address", "tosh@contoso.com"));
    CHECK_OK(send_im_options_set(here.options, "password", "s3cret-of-tosh"));
    CHECK_OK(send_im_options_set(here.options, "server", send_im_sandbox_url(here.sandbox)));
    CHECK_OK(send_im_options_set(here.options, "ca_file", send_im_sandbox_ca_file(here.sandbox)));
    return here;
}

void place_free(place here) {
    send_im_options_free(here.options);
    send_im_sandbox_free(here.sandbox);
}

send_im_client *signed_in(place here) {
    send_im_client *client = NULL;
    CHECK_OK(send_im_client_sign_in(here.options, &client));
    return client;
}

void sign_out(send_im_client *client) {
    CHECK_OK(send_im_client_sign_out(client, -1));
    send_im_client_free(client);
}

size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (; text && (text = strstr(text, part)); text += strlen(part)) count++;
    return count;
}

size_t delivered(send_im_sandbox *sandbox) {
    char *inbox = NULL;
    CHECK_OK(send_im_sandbox_inbox(sandbox, NULL, &inbox));
    size_t count = count_of(inbox, "\"number\":");
    send_im_string_free(inbox);
    return count;
}

char *answer_of(send_im_sandbox *sandbox, const char *method, const char *path) {
    char *answer = NULL;
    CHECK_OK(send_im_sandbox_request(sandbox, method, path, NULL, &answer));
    return answer;
}

size_t requests(send_im_sandbox *sandbox, const char *part) {
    char *journal = answer_of(sandbox, "GET", "journal");
    size_t count = count_of(journal, part);
    send_im_string_free(journal);
    return count;
}

int64_t open_sessions(send_im_sandbox *sandbox) {
    char *state = answer_of(sandbox, "GET", "state");
    const char *count = state ? strstr(state, "\"open_applications\":") : NULL;
    int64_t open = count ? atoll(strchr(count, ':') + 1) : -1;
    send_im_string_free(state);
    return open;
}

char *issued_token(send_im_sandbox *sandbox) {
    static const char before[] = "{\"token\":\"";
    char *answer = answer_of(sandbox, "POST", "tokens/tosh@contoso.com"), *token = NULL;
    size_t length = answer ? strlen(answer) : 0, cut = sizeof before - 1;
    if (length > cut + 2 && strncmp(answer, before, cut) == 0) {
        length -= cut + 2;
        token = (char *)calloc(1, length + 1);
        if (token) memcpy(token, answer + cut, length);
    }
    send_im_string_free(answer);
    return token;
}

int quick(void) { return getenv("SEND_IM_QUICK") != NULL; }

void pause_briefly(void) {
    struct timespec moment = {0, 5000000};
    nanosleep(&moment, NULL);
}

/* A callback may be at its end. */
static void every_object_was_freed(void) { UNTIL(send_im_live_objects() == 0); }

int main(int count, char **arguments) {
    if (count > 1) check_only = arguments[1];
    sends();
    errors();
    misuse();
    calls();
    threads();
    closing();
    forks();
    winding_down();
    RUN(every_object_was_freed);
    /* The last: nothing can be sent afterwards. */
    CHECK(send_im_shutdown(10000));
    CHECK_KIND(send_im_client_sign_in(NULL, NULL), INVALID_INPUT);
    printf("1..%d\n", check_tests);
    return check_tests == 0 || check_failed_tests || check_failed;
}
