/* What must never be undefined: NULL, texts that are not UTF-8, panics, secrets left in memory. */
#include "check.h"

#ifdef __cplusplus
extern "C"
#endif
    send_im_error *send_im_panic_for_tests(void);

static void versions(void) {
    CHECK(send_im_abi_version() == SEND_IM_ABI_VERSION);
    CHECK_TEXT(send_im_version(), SEND_IM_VERSION);
    char version[32];
    sprintf(version, "%d.%d.%d", SEND_IM_VERSION_MAJOR, SEND_IM_VERSION_MINOR, SEND_IM_VERSION_PATCH);
    CHECK_TEXT(send_im_version(), version);
}

static void null_is_refused(void) {
    place here = place_new(NULL);
    send_im_client *client = NULL;
    send_im_call *call = (send_im_call *)here.options;
    send_im_receipt *receipt = NULL;
    char *text = NULL;
    CHECK_KIND(send_im_begin(here.options, NULL, "hello", &call), INVALID_INPUT);
    CHECK(call == NULL);
    CHECK_KIND(send_im(here.options, NULL, "hello", &receipt), INVALID_INPUT);
    CHECK_KIND(send_im(here.options, "lenea@contoso.com", NULL, &receipt), INVALID_INPUT);
    CHECK_KIND(send_im_begin(here.options, "lenea@contoso.com", "hello", NULL), INVALID_INPUT);
    CHECK_KIND(send_im_client_send_begin(client, NULL, "lenea@contoso.com", "hello", &call), INVALID_INPUT);
    CHECK_KIND(send_im_client_send_all_begin(client, NULL, &call), INVALID_INPUT);
    CHECK_KIND(send_im_client_sign_out_begin(client, -1, &call), INVALID_INPUT);
    CHECK_KIND(send_im_call_take(call), INVALID_INPUT);
    CHECK(send_im_call_wait(NULL, -1));
    send_im_call_on_end(NULL, NULL, NULL);
    CHECK_KIND(send_im_options_set(NULL, "address", "x"), INVALID_INPUT);
    CHECK_KIND(send_im_options_set(here.options, NULL, "x"), INVALID_INPUT);
    CHECK_KIND(send_im_options_on_step(NULL, NULL, NULL, NULL), INVALID_INPUT);
    CHECK_KIND(send_im_options_on_token(NULL, NULL, NULL, NULL), INVALID_INPUT);
    CHECK_KIND(send_im_client_sign_in(here.options, NULL), INVALID_INPUT);
    CHECK_KIND(send_im_client_send(client, NULL, "lenea@contoso.com", "hello", NULL), INVALID_INPUT);
    CHECK_KIND(send_im_client_sign_out(client, -1), INVALID_INPUT);
    CHECK_KIND(send_im_client_cancel_all(client), INVALID_INPUT);
    CHECK_KIND(send_im_client_send_all(client, NULL, NULL), INVALID_INPUT);
    CHECK_KIND(send_im_messages_add(NULL, NULL, "lenea@contoso.com", "hello"), INVALID_INPUT);
    CHECK_KIND(send_im_sandbox_start(NULL, NULL), INVALID_INPUT);
    CHECK_KIND(send_im_sandbox_inbox(NULL, NULL, &text), INVALID_INPUT);
    CHECK_KIND(send_im_sandbox_inbox(here.sandbox, NULL, NULL), INVALID_INPUT);
    CHECK_KIND(send_im_sandbox_add_fault(here.sandbox, NULL), INVALID_INPUT);
    CHECK_KIND(send_im_sandbox_request(here.sandbox, NULL, "journal", NULL, NULL), INVALID_INPUT);
    CHECK_KIND(send_im_sandbox_request(here.sandbox, "GET", NULL, NULL, NULL), INVALID_INPUT);
    CHECK_KIND(send_im_sandbox_request(NULL, "GET", "journal", NULL, NULL), INVALID_INPUT);
    CHECK(send_im_error_kind(NULL) == SEND_IM_KIND_NONE && send_im_error_to_json(NULL) == NULL && send_im_error_exit_code(NULL) == 0);
    CHECK(send_im_receipt_to(NULL) == NULL && send_im_receipt_step(NULL, 0) == NULL && send_im_step_record_host(NULL) == NULL);
    CHECK(send_im_results_count(NULL) == 0 && send_im_sandbox_url(NULL) == NULL);
    CHECK(send_im_sandbox_ca_file(NULL) == NULL);
    CHECK(send_im_token_request_origin(NULL) == NULL);
    send_im_token_reply_resolve(NULL, "x", 0);
    send_im_token_reply_fail(NULL, NULL, 0);
    send_im_call_cancel(NULL);
    send_im_options_free(NULL);
    send_im_error_free(NULL);
    send_im_receipt_free(NULL);
    send_im_client_free(NULL);
    send_im_call_free(NULL);
    send_im_messages_free(NULL);
    send_im_results_free(NULL);
    send_im_sandbox_free(NULL);
    send_im_string_free(NULL);
    CHECK(delivered(here.sandbox) == 0);
    place_free(here);
}

static void texts_that_are_not_utf8_are_refused(void) {
    place here = place_new(NULL);
    CHECK_KIND(send_im(here.options, "lenea@contoso.com", "Gr\xf6\xdf" "e", NULL), INVALID_INPUT);
    CHECK_KIND(send_im(here.options, "\xff@contoso.com", "hello", NULL), INVALID_INPUT);
    CHECK_KIND(send_im_options_set(here.options, "address", "\xff"), INVALID_INPUT);
    CHECK_KIND(send_im_options_set(here.options, "\xff", "x"), INVALID_INPUT);
    send_im_sandbox *other = here.sandbox;
    CHECK_KIND(send_im_sandbox_start("\xff", &other), INVALID_INPUT);
    CHECK(other == NULL);
    place_free(here);
}

static void sandbox_options_and_faults_are_checked(void) {
    send_im_sandbox *sandbox = NULL;
    CHECK_KIND(send_im_sandbox_start("{\"htps\": true}", &sandbox), INVALID_INPUT);
    CHECK_KIND(send_im_sandbox_start("{\"layout\": \"none\"}", &sandbox), INVALID_INPUT);
    place here = place_new("{\"layout\": \"two-pools\"}");
    CHECK_KIND(send_im_sandbox_add_fault(here.sandbox, "{\"route\": \"any\", \"action\": \"explode\"}"), INVALID_INPUT);
    CHECK_OK(send_im_sandbox_request(here.sandbox, "PUT", "recipients/lenea@contoso.com", "\"echo\"", NULL));
    send_im_error *refused = send_im_sandbox_request(here.sandbox, "POST", "secrets", NULL, NULL);
    CHECK_TEXT(send_im_error_detail(refused), "The sandbox refuses this request: there is no such resource or method.");
    CHECK_KIND(refused, INVALID_INPUT);
    CHECK_OK(send_im_sandbox_request(here.sandbox, "DELETE", "faults", NULL, NULL));
    CHECK_OK(send_im_sandbox_request(here.sandbox, "POST", "actions/resync", NULL, NULL));
    CHECK_KIND(send_im_sandbox_wait_for(here.sandbox, 1, 10, NULL), TIMEOUT);
    CHECK_OK(send_im(here.options, "lenea@contoso.com", "hello", NULL));
    CHECK(requests(here.sandbox, "\"method\":\"DELETE\"") == 1);
    CHECK(send_im_sandbox_ca_file(here.sandbox) == NULL);
    place_free(here);
}

static void no_panic_leaves_the_library(void) {
    send_im_error *error = send_im_panic_for_tests();
    CHECK(send_im_error_kind(error) == SEND_IM_KIND_OUTCOME_UNKNOWN);
    CHECK(send_im_error_sent(error) == SEND_IM_SENT_MAYBE);
    CHECK(!strstr(send_im_error_detail(error), "on purpose"));
    send_im_error_free(error);
}

/* True if the text stands anywhere in the heap. It is given backwards, so that this search does not find itself. */
static int in_memory(const char *backwards) {
    FILE *maps = fopen("/proc/self/maps", "r");
    FILE *memory = fopen("/proc/self/mem", "rb");
    size_t length = strlen(backwards);
    char line[512];
    int found = 0;
    while (maps && memory && fgets(line, sizeof line, maps)) {
        unsigned long from, to, at;
        char rights[8] = "";
        static unsigned char page[4096 + 64];
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w' || strstr(line, "[stack]")) continue;
        for (at = from; at < to; at += 4096) {
            size_t got, i, k;
            if ((unsigned long)(size_t)page >= at && (unsigned long)(size_t)page < at + 8192) continue;
            if (at + 4096 > (unsigned long)(size_t)page && at < (unsigned long)(size_t)page + sizeof page) continue;
            if (fseek(memory, (long)at, SEEK_SET) != 0) break;
            got = fread(page, 1, sizeof page, memory);
            if (got < length) break;
            for (i = 0; i + length <= got && !found; i++) {
                for (k = 0; k < length && page[i + k] == (unsigned char)backwards[length - 1 - k]; k++) continue;
                found = k == length;
            }
        }
    }
    if (memory) fclose(memory);
    if (maps) fclose(maps);
    return found;
}

static void freed_options_leave_no_password_in_memory(void) {
    const char *backwards = "tuo-depiw-eb-ot-drowssap";
    char password[32];
    size_t length = strlen(backwards), i;
    send_im_options *options = send_im_options_new();
    for (i = 0; i < length; i++) password[i] = backwards[length - 1 - i];
    password[length] = 0;
    CHECK_OK(send_im_options_set(options, "password", password));
    memset(password, 0, sizeof password);
    CHECK(in_memory(backwards));
    send_im_options_free(options);
    CHECK(!in_memory(backwards));
}

void misuse(void) {
    RUN(versions);
    RUN(null_is_refused);
    RUN(texts_that_are_not_utf8_are_refused);
    RUN(sandbox_options_and_faults_are_checked);
    RUN(no_panic_leaves_the_library);
    if (!quick()) RUN(freed_options_leave_no_password_in_memory);
}
