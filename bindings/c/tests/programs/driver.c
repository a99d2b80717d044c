/* Sends what the judge of tests/scenarios asks for, a line of JSON a case; the README there says how. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <send_im.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* The members of an object, as texts. */
typedef struct {
    size_t count;
    char *names[8], *values[8];
} members;

/* What is done with one message. */
typedef struct {
    members given;
    const send_im_client *client;
    const send_im_options *options;
    send_im_error *error;
    send_im_receipt *receipt;
} sending;

/* What is still to be read of the line. */
static char *at;

static bool next_is(char sign) {
    at += strspn(at, " \t\r\n");
    if (*at != sign) return false;
    at++;
    return true;
}

/* A string, number, true or false as text, which is made in the line itself; NULL for null. */
static char *value(void) {
    static const char signs[] = "b\bf\fn\nr\rt\t";
    bool quoted = next_is('"');
    char *text = at, *end = at;
    unsigned code;
    if (!quoted) {
        /* One to the left, over the colon, so that there is room for the end. */
        size_t length = strcspn(at, ",}] \t\r\n");
        memmove(text - 1, text, length);
        text[length - 1] = 0;
        at += length;
        return strcmp(text - 1, "null") == 0 ? NULL : text - 1;
    }
    for (; *at && *at != '"'; at++) {
        if (*at != '\\') {
            *end++ = *at;
        } else if (*++at == 'u') {
            /* The judge escapes control characters alone. */
            sscanf(at + 1, "%4x", &code);
            *end++ = (char)code;
            at += 4;
        } else {
            const char *escape = strchr(signs, *at);
            *end++ = escape ? escape[1] : *at;
        }
    }
    at++;
    *end = 0;
    return text;
}

static members object(void) {
    members read = {0, {0}, {0}};
    next_is('{');
    while (*at && !next_is('}')) {
        read.names[read.count] = value();
        next_is(':');
        read.values[read.count++] = value();
        next_is(',');
    }
    return read;
}

static const char *member(const members *all, const char *name) {
    size_t i;
    for (i = 0; i < all->count; i++) {
        if (strcmp(all->names[i], name) == 0) return all->values[i];
    }
    return NULL;
}

/* Sets what is not the recipient or the text. */
static send_im_error *set_all(send_im_options *options, const members *from) {
    send_im_error *error = NULL;
    size_t i;
    for (i = 0; i < from->count && !error; i++) {
        const char *name = from->names[i];
        if (from->values[i] && strcmp(name, "to") != 0 && strcmp(name, "text") != 0) {
            error = send_im_options_set(options, name, from->values[i]);
        }
    }
    return error;
}

static void *send_one(void *data) {
    sending *one = (sending *)data;
    const char *to = member(&one->given, "to"), *text = member(&one->given, "text");
    if (!one->error) {
        one->error = one->client ? send_im_client_send(one->client, one->options, to, text, &one->receipt)
                                 : send_im(one->options, to, text, &one->receipt);
    }
    return NULL;
}

static void show(size_t number, const send_im_error *error, const send_im_receipt *receipt) {
    printf("%s{\"%s\": %s}", number ? ", " : "", error ? "error" : "receipt",
           error ? send_im_error_to_json(error) : send_im_receipt_to_json(receipt));
}

static send_im_error *send_all(const send_im_client *client, sending *all, size_t count) {
    send_im_messages *messages = send_im_messages_new();
    send_im_results *results = NULL;
    send_im_error *error = NULL;
    size_t i;
    for (i = 0; i < count && !error; i++) {
        error = send_im_messages_add(messages, all[i].options, member(&all[i].given, "to"), member(&all[i].given, "text"));
    }
    if (!error) error = send_im_client_send_all(client, messages, &results);
    for (i = 0; i < send_im_results_count(results); i++) {
        show(i, send_im_results_error(results, i), send_im_results_receipt(results, i));
    }
    send_im_results_free(results);
    send_im_messages_free(messages);
    return error;
}

static void send_in_threads(sending *all, size_t count) {
    pthread_t *threads = (pthread_t *)calloc(count, sizeof *threads);
    size_t i;
    for (i = 0; i < count; i++) pthread_create(&threads[i], NULL, send_one, &all[i]);
    for (i = 0; i < count; i++) pthread_join(threads[i], NULL);
    free(threads);
}

/* Answers a task; gives what went wrong beyond the sends. */
static send_im_error *answer(const char *action, const members *sender, sending *all, size_t count) {
    bool with_client = strcmp(action, "send") != 0;
    send_im_options *account = send_im_options_new();
    send_im_options **options = (send_im_options **)calloc(count, sizeof *options);
    send_im_client *client = NULL;
    send_im_error *error = with_client ? set_all(account, sender) : NULL;
    size_t i;
    if (with_client && !error) error = send_im_client_sign_in(account, &client);
    for (i = 0; i < count; i++) {
        options[i] = send_im_options_new();
        if (!with_client) all[i].error = set_all(options[i], sender);
        if (!all[i].error) all[i].error = set_all(options[i], &all[i].given);
        all[i].client = client;
        all[i].options = options[i];
    }
    if (!error && strcmp(action, "send_all") == 0) {
        error = send_all(client, all, count);
    } else if (!error) {
        send_in_threads(all, count);
        for (i = 0; i < count; i++) show(i, all[i].error, all[i].receipt);
    }
    if (client && !error) error = send_im_client_sign_out(client, -1);
    for (i = 0; i < count; i++) {
        send_im_options_free(options[i]);
        send_im_error_free(all[i].error);
        send_im_receipt_free(all[i].receipt);
    }
    free(options);
    send_im_client_free(client);
    send_im_options_free(account);
    return error;
}

static bool run(void) {
    members sender = {0, {0}, {0}};
    sending *all = NULL;
    size_t count = 0;
    char *action = NULL;
    send_im_error *error;
    next_is('{');
    while (*at && !next_is('}')) {
        char *name = value();
        next_is(':');
        if (strcmp(name, "account") == 0) {
            sender = object();
        } else if (strcmp(name, "messages") == 0) {
            next_is('[');
            while (*at && !next_is(']')) {
                sending one = {{0, {0}, {0}}, NULL, NULL, NULL, NULL};
                one.given = object();
                all = (sending *)realloc(all, (count + 1) * sizeof *all);
                all[count++] = one;
                next_is(',');
            }
        } else if (strcmp(name, "action") == 0) {
            action = value();
        } else {
            value();
        }
        next_is(',');
    }
    printf("[");
    error = answer(action, &sender, all, count);
    printf("]\n");
    fflush(stdout);
    if (error) fprintf(stderr, "%s\n", send_im_error_detail(error));
    free(all);
    if (!error) return true;
    send_im_error_free(error);
    return false;
}

/* Reads a line into what grows with it. Windows has no getline. */
static bool read_line(char **line, size_t *room) {
    size_t length = 0;
    do {
        if (*room - length < 2) {
            *room = *room * 2 + 4096;
            *line = realloc(*line, *room);
        }
        if (!fgets(*line + length, (int)(*room - length), stdin)) return false;
        length += strlen(*line + length);
    } while ((*line)[length - 1] != '\n');
    return true;
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    bool good = true;
    while (good && read_line(&line, &room)) {
        at = line;
        good = run();
    }
    free(line);
    return good && send_im_live_objects() == 0 && send_im_shutdown(10000) ? 0 : 1;
}
