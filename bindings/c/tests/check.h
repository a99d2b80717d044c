/* A runner in the style of Check: RUN names a test and runs it, CHECK tells what is not so. One line a test, as TAP. */
#ifndef CHECK_H
#define CHECK_H

#include <send_im.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern int check_tests, check_failed_tests, check_failed;
/* The only test to run, or NULL for all of them. */
extern const char *check_only;

#define CHECK(condition)                                                                                              \
    ((condition) ? (void)0 : (check_failed = 1, (void)printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition)))

/* Texts are equal; NULL equals NULL. */
#define CHECK_TEXT(got, wanted) check_text(__FILE__, __LINE__, got, wanted)

/* A call has succeeded. Frees its error. */
#define CHECK_OK(call) check_error(__FILE__, __LINE__, call, SEND_IM_KIND_NONE)

/* A call has failed with this kind. Frees its error. */
#define CHECK_KIND(call, kind) check_error(__FILE__, __LINE__, call, SEND_IM_KIND_##kind)

#define RUN(test)                                                                                                     \
    do {                                                                                                              \
        if (check_only && strcmp(check_only, #test) != 0) break;                                                      \
        check_failed = 0;                                                                                             \
        test();                                                                                                       \
        check_tests++;                                                                                                \
        check_failed_tests += check_failed;                                                                           \
        printf("%s %d - %s\n", check_failed ? "not ok" : "ok", check_tests, #test);                                   \
        fflush(stdout);                                                                                               \
    } while (0)

void check_text(const char *file, int line, const char *got, const char *wanted);
void check_error(const char *file, int line, send_im_error *error, send_im_kind kind);

/* A sandbox with these options, and options for an account in it. */
typedef struct {
    send_im_sandbox *sandbox;
    send_im_options *options;
} place;

place place_new(const char *sandbox_options);
void place_free(place here);

/* Becomes so; the test has failed where it is not so after half a minute. */
#define UNTIL(so)                                                                                                     \
    do {                                                                                                              \
        int turns_ = 0;                                                                                               \
        while (!(so) && turns_++ < 6000) pause_briefly();                                                             \
        CHECK(so);                                                                                                    \
    } while (0)

void pause_briefly(void);

/* A client of the account. */
send_im_client *signed_in(place here);

/* Signs a client out and frees it. */
void sign_out(send_im_client *client);

/* How often a name stands in a text. */
size_t count_of(const char *text, const char *part);

/* How many requests the sandbox has answered that read like this in its journal. */
size_t requests(send_im_sandbox *sandbox, const char *part);

#define SESSION_OPENED "/applications\",\"pool\":0,\"status\":201"
#define INVITED "/messagingInvitations\",\"pool\":0,\"status\":201"

/* How many messages the sandbox has delivered. */
size_t delivered(send_im_sandbox *sandbox);

/* What the sandbox's own interface answers; to be freed with send_im_string_free. */
char *answer_of(send_im_sandbox *sandbox, const char *method, const char *path);

/* How many sessions are open on the server. */
int64_t open_sessions(send_im_sandbox *sandbox);

/* A token that the sandbox accepts for tosh@contoso.com; to be freed with free. */
char *issued_token(send_im_sandbox *sandbox);

/* True where a run under a slow checker asks for fewer messages (SEND_IM_QUICK). */
int quick(void);

/* Waits until a call has ended; false after half a minute. */
#define ENDED(call) send_im_call_wait(call, 30000)

/* How a call ended, which is freed. */
send_im_error *outcome_of(send_im_call *call);

/* What callbacks write and tests read. */
#define READ(place) __atomic_load_n(&(place), __ATOMIC_SEQ_CST)
#define COUNT(place) __atomic_add_fetch(&(place), 1, __ATOMIC_SEQ_CST)

void sends(void);
void errors(void);
void calls(void);
void threads(void);
void misuse(void);
void closing(void);
void forks(void);
void winding_down(void);

#endif
