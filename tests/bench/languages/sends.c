/* Sends from C: sends SENDS MANY. Prints one line of JSON, times in milliseconds. */

#define _POSIX_C_SOURCE 200809L

#include <send_im.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void check(const send_im_error *error) {
    if (!error) return;
    fprintf(stderr, "%s\n", send_im_error_detail(error));
    exit(1);
}

static int compared(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    long sends = atol(arguments[1]), many = atol(arguments[2]);
    double *times = calloc((size_t)sends, sizeof *times);
    send_im_client *client;
    if (!times) return 1;
    check(send_im_client_sign_in(NULL, &client));
    for (long i = -sends / 10; i < sends; i++) {
        double started = now();
        check(send_im_client_send(client, NULL, "lenea@contoso.com", "disk full", NULL));
        if (i >= 0) times[i] = now() - started;
    }
    qsort(times, (size_t)sends, sizeof *times, compared);

    send_im_messages *messages = send_im_messages_new();
    for (long i = 0; i < many; i++) {
        char to[32];
        snprintf(to, sizeof to, "user%ld@contoso.com", i % 100);
        check(send_im_messages_add(messages, NULL, to, "disk full"));
    }
    send_im_results *results;
    double started = now();
    check(send_im_client_send_all(client, messages, &results));
    double elapsed = now() - started;
    for (size_t i = 0; i < send_im_results_count(results); i++) check(send_im_results_error(results, i));

    printf("{\"send\":{\"p50\":%f,\"p99\":%f},\"send_all_per_second\":%f}\n", times[sends / 2], times[sends * 99 / 100],
           (double)many * 1e3 / elapsed);
    send_im_results_free(results);
    send_im_messages_free(messages);
    free(times);
    check(send_im_client_sign_out(client, -1));
    send_im_client_free(client);
    return 0;
}
