#include "bridge.h"

#include <stdlib.h>

#include "_cgo_export.h"

static void on_end(void *ended) {
    sendimOnEnd((uintptr_t)ended);
}

static void on_step(void *callback, const send_im_step_record *step) {
    sendimOnStep((uintptr_t)callback, (char *)send_im_step_name(send_im_step_record_step(step)),
                 (char *)send_im_step_record_host(step), send_im_step_record_status(step),
                 send_im_step_record_elapsed_ms(step));
}

static void on_token(void *callback, const send_im_token_request *request, send_im_token_reply *reply) {
    sendimOnToken((uintptr_t)callback, (send_im_token_request *)request, reply);
}

static void release(void *callback) {
    sendimRelease((uintptr_t)callback);
}

void sendim_on_end(send_im_call *call, uintptr_t ended) {
    send_im_call_on_end(call, on_end, (void *)ended);
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
