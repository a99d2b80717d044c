/*
 * Sends one message: send lenea@contoso.com "disk full on db7".
 *
 * Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml
 * (on Windows %APPDATA%\send-im\config.toml).
 * Build: cc send.c -o send $(pkg-config --cflags --libs send_im)
 */
#include <send_im.h>
#include <stdio.h>

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: send RECIPIENT TEXT\n");
        return 2;
    }
    send_im_receipt *receipt;
    send_im_error *error = send_im(NULL, arguments[1], arguments[2], &receipt);
    if (error) {
        int exit_code = send_im_error_exit_code(error);
        fprintf(stderr, "%s\n", send_im_error_detail(error));
        send_im_error_free(error);
        return exit_code;
    }
    /* NULL where the server does not say who. */
    const char *by = send_im_receipt_accepted_by(receipt);
    if (!by) by = send_im_receipt_to(receipt);
    printf("%s accepted the message (%s).\n", by, send_im_evidence_name(send_im_receipt_evidence(receipt)));
    send_im_receipt_free(receipt);
    return 0;
}
