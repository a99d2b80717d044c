/*
 * What must hold for the options of the C interface. In C, with the library's own header, so that a changed declaration is an
 * error of the compiler.
 */
#undef NDEBUG
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "send_im.h"

static void is_invalid_input(send_im_error *error) {
    assert(error != NULL);
    assert(send_im_error_kind(error) == SEND_IM_KIND_INVALID_INPUT);
    assert(*send_im_error_detail(error) != '\0');
    send_im_error_free(error);
}

/* Takes the next line out of the text, or NULL at its end. */
static const char *next_line(char **text) {
    char *line = *text;
    if (line == NULL)
        return NULL;
    char *end = strchr(line, '\n');
    if (end != NULL)
        *end++ = '\0';
    *text = end;
    return line;
}

/*
 * Names and values in turn, one a line. Every call ends with an error of the input: a timeout of nothing is set last, so that no
 * request is made whatever the options say.
 */
void check_options(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    assert(text != NULL);
    for (size_t i = 0; i < size; i++)
        text[i] = data[i] == '\0' ? ' ' : (char)data[i];
    text[size] = '\0';

    send_im_options *options = send_im_options_new();
    const char *first = text, *last = text;
    char *rest = text;
    for (const char *name; (name = next_line(&rest)) != NULL;) {
        const char *value = next_line(&rest);
        send_im_error *error = send_im_options_set(options, name, value);
        if (error != NULL)
            is_invalid_input(error);
        last = value != NULL ? value : name;
    }
    assert(send_im_options_set(options, "timeout_ms", "0") == NULL);

    send_im_receipt *receipt = NULL;
    send_im_client *client = NULL;
    is_invalid_input(send_im(options, first, last, &receipt));
    is_invalid_input(send_im_client_sign_in(options, &client));
    assert(receipt == NULL && client == NULL);

    send_im_options_free(options);
    free(text);
}
