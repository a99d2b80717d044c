/* Many threads, one client; and forks. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 50
#define EACH 20

typedef struct {
    send_im_client *client;
    int number, failed;
} sender;

static void *send_some(void *data) {
    sender *me = (sender *)data;
    char text[64];
    int i;
    for (i = 0; i < EACH; i++) {
        send_im_error *error;
        sprintf(text, "message %d of thread %d.", i, me->number);
        error = send_im_client_send(me->client, NULL, "lenea@contoso.com", text, NULL);
        if (error) {
            printf("# %s\n", send_im_error_detail(error));
            me->failed++;
        }
        send_im_error_free(error);
    }
    return NULL;
}

static void many_threads_share_one_client_and_each_message_arrives_once(void) {
    place here = place_new(NULL);
    send_im_client *client = signed_in(here);
    pthread_t ids[THREADS];
    sender senders[THREADS];
    int many = quick() ? 4 : THREADS, i, k, once = 0;
    for (i = 0; i < many; i++) {
        senders[i].client = client;
        senders[i].number = i;
        senders[i].failed = 0;
        CHECK(pthread_create(&ids[i], NULL, send_some, &senders[i]) == 0);
    }
    for (i = 0; i < many; i++) {
        pthread_join(ids[i], NULL);
        CHECK(senders[i].failed == 0);
    }
    char *inbox = NULL, text[64];
    CHECK_OK(send_im_sandbox_inbox(here.sandbox, NULL, &inbox));
    for (i = 0; i < many; i++) {
        for (k = 0; k < EACH; k++) {
            sprintf(text, "\"message %d of thread %d.\"", k, i);
            once += count_of(inbox, text) == 1;
        }
    }
    CHECK(once == many * EACH && delivered(here.sandbox) == (size_t)(many * EACH));
    send_im_string_free(inbox);
    sign_out(client);
    place_free(here);
}

void threads(void) { RUN(many_threads_share_one_client_and_each_message_arrives_once); }

/* Ends the child with what it found; 0 is good. The sandbox is the parent's and is asked over the network only. */
static void child(place here, send_im_client *inherited, send_im_call *ringing, const char *url) {
    send_im_options *options = send_im_options_new();
    send_im_error *error = send_im_client_send(inherited, NULL, "lenea@contoso.com", "inherited", NULL);
    int wrong = !error || send_im_error_kind(error) != SEND_IM_KIND_CLOSED || !strstr(send_im_error_detail(error), "fork");
    send_im_error_free(error);
    /* Nothing ends it here, so nobody waits for it. */
    send_im_call_cancel(ringing);
    wrong |= !send_im_call_wait(ringing, -1);
    error = send_im_call_take(ringing);
    wrong |= send_im_error_kind(error) != SEND_IM_KIND_CLOSED;
    send_im_error_free(error);
    send_im_call_free(ringing);
    error = send_im_sandbox_wait_for(here.sandbox, 1, 10, NULL);
    wrong |= !error || send_im_error_kind(error) != SEND_IM_KIND_CLOSED;
    send_im_error_free(error);
    send_im_client_free(inherited);
    send_im_sandbox_free(here.sandbox);
    send_im_error_free(send_im_options_set(options, "address", "tosh@contoso.com"));
    send_im_error_free(send_im_options_set(options, "password", "x"));
    send_im_error_free(send_im_options_set(options, "server", url));
    error = send_im(options, "lenea@contoso.com", "from the child", NULL);
    wrong |= error != NULL;
    send_im_error_free(error);
    send_im_options_free(options);
    wrong |= !send_im_shutdown(10000);
    _exit(wrong);
}

static void after_a_fork_both_send(void) {
    place here = place_new("{\"https\": false}");
    send_im_client *client = signed_in(here);
    send_im_call *ringing = NULL;
    int status = -1;
    pid_t pid;
    CHECK_OK(send_im_client_send(client, NULL, "lenea@contoso.com", "before", NULL));
    CHECK_OK(send_im_client_send_begin(client, NULL, "silent@contoso.com", "ringing", &ringing));
    pid = fork();
    if (pid == 0) {
        alarm(60);
        child(here, client, ringing, send_im_sandbox_url(here.sandbox));
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_OK(send_im_client_send(client, NULL, "lenea@contoso.com", "after", NULL));
    CHECK(delivered(here.sandbox) == 3 && !send_im_call_wait(ringing, 0));
    send_im_call_cancel(ringing);
    CHECK_KIND(outcome_of(ringing), CANCELLED);
    sign_out(client);
    place_free(here);
}

void forks(void) {
    if (!quick()) RUN(after_a_fork_both_send);
}
