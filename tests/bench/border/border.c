/* What a call costs from C: border REFUSED SENT. Prints one line of JSON, times in milliseconds. */

#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <send_im.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS 8

static send_im_client *client;

struct part {
    long calls;
    double *times;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* Sends that are refused without a request: the recipient is no address. */
static void *refused(void *argument) {
    struct part *part = argument;
    for (long call = 0; call < part->calls; call++) {
        double started = now();
        send_im_error *error = send_im_client_send(client, NULL, "nobody", "disk full", NULL);
        int as_it_should = send_im_error_kind(error) == SEND_IM_KIND_INVALID_INPUT;
        send_im_error_free(error);
        part->times[call] = now() - started;
        if (!as_it_should) exit(1);
    }
    return NULL;
}

/* The same from several threads at once. */
static void together(struct part *all) {
    pthread_t threads[THREADS];
    struct part parts[THREADS];
    for (int i = 0; i < THREADS; i++) {
        parts[i].calls = all->calls / THREADS;
        parts[i].times = all->times + i * parts[i].calls;
        pthread_create(&threads[i], NULL, refused, &parts[i]);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    all->calls = all->calls / THREADS * THREADS;
}

static void sent(struct part *part) {
    for (long call = 0; call < part->calls; call++) {
        double started = now();
        send_im_error *error = send_im_client_send(client, NULL, "kept@contoso.com", "disk full", NULL);
        if (error) exit(1);
        part->times[call] = now() - started;
    }
}

static int compared(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static void tell(const char *name, struct part *part) {
    qsort(part->times, (size_t)part->calls, sizeof *part->times, compared);
    printf("%s\"%s\":{\"p50\":%.6f,\"p99\":%.6f}", strcmp(name, "refused_1") == 0 ? "{" : ",", name,
           part->times[part->calls / 2], part->times[part->calls * 99 / 100]);
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    long calls = atol(arguments[1]), sends = atol(arguments[2]);
    struct part part = {calls / 10, malloc(sizeof(double) * (size_t)(calls + sends))};
    send_im_error *error = send_im_client_sign_in(NULL, &client);
    if (error || !part.times) return 1;
    refused(&part);
    part.calls = calls;
    refused(&part);
    tell("refused_1", &part);
    part.calls = calls;
    together(&part);
    tell("refused_8", &part);
    part.calls = sends;
    sent(&part);
    tell("sent", &part);
    puts("}");
    error = send_im_client_sign_out(client, -1);
    send_im_client_free(client);
    free(part.times);
    return send_im_error_exit_code(error);
}
