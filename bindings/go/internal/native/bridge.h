/* What Go calls in C: the functions of the library that take callbacks, with a number in the place of a pointer. */
#ifndef SENDIM_BRIDGE_H
#define SENDIM_BRIDGE_H

#if !__has_include(<send_im.h>) && !__has_include("send_im.h")
#error "The native library of send-im is not here. In a clone of send-im, run: go generate ./..."
#endif

#ifdef SENDIM_PKGCONFIG
#include <send_im.h>
#else
#include "library.h"
#include "send_im.h"
#endif

/* `ended` is the number that sendimOnEnd gets, once. */
void sendim_on_end(send_im_call *call, uintptr_t ended);

/* `callback` is the number that sendimOnStep or sendimOnToken gets, and sendimRelease in the end. */
send_im_error *sendim_on_step(send_im_options *options, uintptr_t callback);
send_im_error *sendim_on_token(send_im_options *options, uintptr_t callback);

/* Wipes a text and frees it. */
void sendim_wipe(char *text, size_t length);

/* Tells one build of a static library from another, so that Go links again when it was replaced. */
const char *sendim_library(void);

#endif
