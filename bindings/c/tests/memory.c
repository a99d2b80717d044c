/* Many sends on one session: prints the growth of the resident memory after the first quarter, in KiB. */
#include <send_im.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long resident(void) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long kib = -1;
    while (status && fgets(line, sizeof line, status)) {
        if (sscanf(line, "VmRSS: %ld", &kib) == 1) break;
    }
    if (status) fclose(status);
    return kib;
}

int main(int count, char **arguments) {
    long sends = count > 2 ? atol(arguments[2]) : 20000, warm = 0, i;
    send_im_options *options = send_im_options_new();
    send_im_client *client = NULL;
    send_im_error *error = send_im_options_set(options, "address", "tosh@contoso.com");
    if (!error) error = send_im_options_set(options, "password", "x");
    if (!error) error = send_im_options_set(options, "server", arguments[1]);
    if (!error) error = send_im_client_sign_in(options, &client);
    for (i = 0; i < sends && !error; i++) {
        send_im_receipt *receipt = NULL;
        if (i == sends / 4) warm = resident();
        error = send_im_client_send(client, NULL, "lenea@contoso.com", "hello", &receipt);
        if (!error && !send_im_receipt_to_json(receipt)) return 3;
        send_im_receipt_free(receipt);
    }
    if (!error) printf("%ld\n", resident() - warm);
    if (!error) error = send_im_client_sign_out(client, -1);
    if (error) fprintf(stderr, "%s\n", send_im_error_detail(error));
    send_im_client_free(client);
    send_im_options_free(options);
    return error ? 1 : 0;
}
