#include "bridge.h"

#include <stdlib.h>

#include "_cgo_export.h"

static void on_sent(void *ended, send_im_error *error, send_im_receipt *receipt) {
    sendimOnEnded((uintptr_t)ended, error, receipt);
}

static void on_signed_in(void *ended, send_im_error *error, send_im_client *client) {
    sendimOnEnded((uintptr_t)ended, error, client);
}

static void on_done(void *ended, send_im_error *error) {
    sendimOnEnded((uintptr_t)ended, error, NULL);
}

static void on_all_sent(void *ended, send_im_error *error, send_im_results *results) {
    sendimOnEnded((uintptr_t)ended, error, results);
}

static void on_step(void *callback, const send_im_step *step) {
    sendimOnStep((uintptr_t)callback, (char *)send_im_step_name(step), (char *)send_im_step_host(step),
                 send_im_step_status(step), send_im_step_elapsed_ms(step));
}

static void on_token(void *callback, const send_im_token_request *request, send_im_token_reply *reply) {
    sendimOnToken((uintptr_t)callback, (send_im_token_request *)request, reply);
}

static void release(void *callback) {
    sendimRelease((uintptr_t)callback);
}

send_im_error *sendim_send(const send_im_options *options, const char *to, const char *text, uintptr_t ended,
                           send_im_call **call) {
    return send_im_async(options, to, text, on_sent, (void *)ended, call);
}

send_im_error *sendim_sign_in(const send_im_options *options, uintptr_t ended, send_im_call **call) {
    return send_im_client_sign_in_async(options, on_signed_in, (void *)ended, call);
}

send_im_error *sendim_client_send(const send_im_client *client, const send_im_options *options, const char *to,
                                  const char *text, uintptr_t ended, send_im_call **call) {
    return send_im_client_send_async(client, options, to, text, on_sent, (void *)ended, call);
}

send_im_error *sendim_client_send_all(const send_im_client *client, const send_im_messages *messages, uintptr_t ended,
                                      send_im_call **call) {
    return send_im_client_send_all_async(client, messages, on_all_sent, (void *)ended, call);
}

send_im_error *sendim_client_sign_out(const send_im_client *client, uintptr_t ended, send_im_call **call) {
    return send_im_client_sign_out_async(client, -1, on_done, (void *)ended, call);
}

send_im_error *sendim_on_step(send_im_options *options, uintptr_t callback) {
    return send_im_options_on_step(options, on_step, (void *)callback, release);
}

send_im_error *sendim_on_token(send_im_options *options, uintptr_t callback) {
    return send_im_options_on_token(options, on_token, (void *)callback, release);
}

void sendim_wipe(char *text, size_t length) {
    /* Volatile: a compiler may leave out writes to what is freed next. */
    volatile char *at = text;
    while (length--) *at++ = 0;
    free(text);
}

const char *sendim_library(void) {
#ifdef SENDIM_LIBRARY
    return SENDIM_LIBRARY;
#else
    return "";
#endif
}
