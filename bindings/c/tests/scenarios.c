/* Does what each case of tests/scenarios says and tells what came of it, as one line of JSON a case. tests/run/c.py makes
 * cases.h from the cases and compares. Some cases wait, so several run at a time. */
#include <pthread.h>
#include <send_im.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name, *sandbox, *const *faults, *address, *username, *password, *server;
    int give_ca;
    const char *action;
    size_t count;
    const char *to, *text, *html, *subject, *importance, *timeout_ms, *wait;
    size_t expected;
} scenario;

#include "cases.h"

#define RUNNERS 8
#define CASES (sizeof scenarios / sizeof scenarios[0])

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t next_case;

/* A part replaced wherever it stands. The result is freed by the caller. */
static char *replaced(const char *text, const char *part, const char *by) {
    size_t room = strlen(text) + 1, length = 0;
    const char *at;
    char *made;
    for (at = text; (at = strstr(at, part)); at += strlen(part)) room += strlen(by);
    made = (char *)malloc(room);
    while ((at = strstr(text, part))) {
        memcpy(made + length, text, (size_t)(at - text));
        length += (size_t)(at - text);
        memcpy(made + length, by, strlen(by));
        length += strlen(by);
        text = at + strlen(part);
    }
    memcpy(made + length, text, strlen(text) + 1);
    return made;
}

static char *numbered(const char *text, size_t number) {
    char digits[24];
    sprintf(digits, "%lu", (unsigned long)number);
    return replaced(text, "{n}", digits);
}

static void set(send_im_options *options, const char *name, const char *value, send_im_error **error) {
    if (value && !*error) *error = send_im_options_set(options, name, value);
}

/* One result of a case: the JSON of a receipt or of an error. */
static char *told(send_im_error *error, const send_im_receipt *receipt) {
    const char *json = error ? send_im_error_to_json(error) : send_im_receipt_to_json(receipt);
    char *text = (char *)malloc(strlen(json) + 32);
    sprintf(text, "{\"%s\": %s}", error ? "error" : "receipt", json);
    return text;
}

typedef struct {
    const scenario *what;
    send_im_client *client;
    const send_im_options *options;
    size_t number;
    char *result;
} one;

static send_im_error *message_options(const scenario *what, send_im_options *options) {
    send_im_error *error = NULL;
    set(options, "html", what->html, &error);
    set(options, "subject", what->subject, &error);
    set(options, "importance", what->importance, &error);
    set(options, "timeout_ms", what->timeout_ms, &error);
    set(options, "wait", what->wait, &error);
    return error;
}

static void *send_one(void *data) {
    one *mine = (one *)data;
    char *to = numbered(mine->what->to, mine->number), *text = numbered(mine->what->text, mine->number);
    send_im_receipt *receipt = NULL;
    send_im_error *error = mine->client ? send_im_client_send(mine->client, mine->options, to, text, &receipt)
                                        : send_im(mine->options, to, text, &receipt);
    mine->result = told(error, receipt);
    send_im_error_free(error);
    send_im_receipt_free(receipt);
    free(to);
    free(text);
    return NULL;
}

static send_im_error *act(const scenario *what, send_im_options *account, char **results) {
    send_im_options *message = send_im_options_new();
    send_im_client *client = NULL;
    send_im_error *error = NULL;
    size_t i;
    if (strcmp(what->action, "send") == 0) {
        one mine = {what, NULL, account, 1, NULL};
        error = message_options(what, account);
        if (!error) {
            send_one(&mine);
            results[0] = mine.result;
        }
        send_im_options_free(message);
        return error;
    }
    error = message_options(what, message);
    if (!error) error = send_im_client_sign_in(account, &client);
    if (!error && strcmp(what->action, "send_all") == 0) {
        send_im_messages *messages = send_im_messages_new();
        send_im_results *all = NULL;
        for (i = 0; i < what->count && !error; i++) {
            char *to = numbered(what->to, i + 1), *text = numbered(what->text, i + 1);
            error = send_im_messages_add(messages, message, to, text);
            free(to);
            free(text);
        }
        if (!error) error = send_im_client_send_all(client, messages, &all);
        for (i = 0; i < send_im_results_count(all); i++) {
            results[i] = told((send_im_error *)send_im_results_error(all, i), send_im_results_receipt(all, i));
        }
        send_im_results_free(all);
        send_im_messages_free(messages);
    } else if (!error) {
        pthread_t *ids = (pthread_t *)calloc(what->count, sizeof *ids);
        one *mine = (one *)calloc(what->count, sizeof *mine);
        for (i = 0; i < what->count; i++) {
            mine[i].what = what;
            mine[i].client = client;
            mine[i].options = message;
            mine[i].number = i + 1;
            pthread_create(&ids[i], NULL, send_one, &mine[i]);
        }
        for (i = 0; i < what->count; i++) {
            pthread_join(ids[i], NULL);
            results[i] = mine[i].result;
        }
        free(ids);
        free(mine);
    }
    if (client && !error) error = send_im_client_sign_out(client, -1);
    send_im_client_free(client);
    send_im_options_free(message);
    return error;
}

static void run(const scenario *what) {
    send_im_sandbox *sandbox = NULL;
    send_im_options *account = send_im_options_new();
    send_im_error *error = send_im_sandbox_start(what->sandbox, &sandbox);
    char **results = (char **)calloc(what->count, sizeof *results);
    char *inbox = NULL, *requests = NULL;
    const char *const *fault;
    size_t i;
    int turns;
    for (fault = what->faults; *fault && !error; fault++) error = send_im_sandbox_add_fault(sandbox, *fault);
    set(account, "address", what->address, &error);
    set(account, "username", what->username, &error);
    set(account, "password", what->password, &error);
    if (!error) {
        char *server = replaced(what->server, "{root}", send_im_sandbox_url(sandbox));
        set(account, "server", server, &error);
        free(server);
    }
    if (what->give_ca && sandbox) set(account, "ca_file", send_im_sandbox_ca_file(sandbox), &error);
    if (!error) error = act(what, account, results);
    if (error && !results[0]) {
        results[0] = told(error, NULL);
    }
    send_im_error_free(error);
    /* A submitted message arrives a moment after its receipt, and its session ends after that. */
    if (what->expected) send_im_error_free(send_im_sandbox_wait_for(sandbox, what->expected, 30000, NULL));
    for (turns = 0; turns < 400 && send_im_sandbox_open_applications(sandbox) != 0; turns++) {
        send_im_error_free(send_im_sandbox_wait_for(sandbox, 1000000, 25, NULL));
    }
    send_im_error_free(send_im_sandbox_inbox(sandbox, NULL, &inbox));
    send_im_error_free(send_im_sandbox_journal(sandbox, &requests));
    pthread_mutex_lock(&lock);
    printf("{\"name\": %s, \"open\": %ld, \"inbox\": %s, \"journal\": %s, \"results\": [", what->name,
           (long)send_im_sandbox_open_applications(sandbox), inbox ? inbox : "null", requests ? requests : "null");
    for (i = 0; i < what->count && results[i]; i++) printf("%s%s", i ? ", " : "", results[i]);
    printf("]}\n");
    fflush(stdout);
    pthread_mutex_unlock(&lock);
    for (i = 0; i < what->count; i++) free(results[i]);
    free(results);
    send_im_string_free(inbox);
    send_im_string_free(requests);
    send_im_options_free(account);
    send_im_sandbox_free(sandbox);
}

static void *runner(void *unused) {
    for (;;) {
        size_t mine;
        pthread_mutex_lock(&lock);
        mine = next_case++;
        pthread_mutex_unlock(&lock);
        if (mine >= CASES) return unused;
        run(&scenarios[mine]);
    }
}

int main(void) {
    pthread_t ids[RUNNERS];
    int i;
    for (i = 0; i < RUNNERS; i++) pthread_create(&ids[i], NULL, runner, NULL);
    for (i = 0; i < RUNNERS; i++) pthread_join(ids[i], NULL);
    return send_im_shutdown(10000) ? 0 : 1;
}
