/* Ends with its own exit code while a send to someone who does not answer is under way. */
#define _POSIX_C_SOURCE 200809L
#include <send_im.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void on_sent(void *user_data, send_im_error *error, send_im_receipt *receipt) {
    (void)user_data;
    printf("%s\n", error ? send_im_error_kind(error) : "sent");
    fflush(stdout);
    send_im_error_free(error);
    send_im_receipt_free(receipt);
}

int main(int count, char **arguments) {
    struct timespec moment = {1, 500000000};
    if (count > 1 && strcmp(arguments[1], "at exit") == 0 && !send_im_shutdown_at_exit(5000)) return 1;
    send_im_error *error = send_im_async(NULL, "silent@contoso.com", "hello", on_sent, NULL, NULL);
    if (error) return 1;
    nanosleep(&moment, NULL);
    if (count > 1 && strcmp(arguments[1], "shutdown") == 0) send_im_shutdown(5000);
    exit(17);
}
