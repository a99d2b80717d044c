/* Ends with its own exit code while a send to someone who does not answer is under way. */
#define _POSIX_C_SOURCE 200809L
#include <send_im.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void on_end(void *call) {
    send_im_error *error = send_im_call_take((send_im_call *)call);
    printf("%s\n", error ? send_im_kind_name(send_im_error_kind(error)) : "sent");
    fflush(stdout);
    send_im_error_free(error);
}

int main(int count, char **arguments) {
    struct timespec moment = {1, 500000000};
    if (count > 1 && strcmp(arguments[1], "at exit") == 0 && !send_im_shutdown_at_exit(5000)) return 1;
    send_im_call *call = NULL;
    if (send_im_begin(NULL, "silent@contoso.com", "hello", &call)) return 1;
    send_im_call_on_end(call, on_end, call);
    nanosleep(&moment, NULL);
    if (count > 1 && strcmp(arguments[1], "shutdown") == 0) send_im_shutdown(5000);
    exit(17);
}
