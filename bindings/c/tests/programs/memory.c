/* Many sends on one session. Prints, after each window of them, how many blocks of memory the process has in use, and how
 * many objects of the library it has not freed. */
#include <errno.h>
#include <send_im.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __APPLE__
#include <malloc/malloc.h>

static long blocks(void) {
    malloc_statistics_t all;
    malloc_zone_statistics(NULL, &all);
    return (long)all.blocks_in_use;
}
#else
/* The allocator of the GNU C library, counted: these come before its own for the whole process, the library included. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static long in_use;

static void *counted(void *block) {
    if (block) __atomic_add_fetch(&in_use, 1, __ATOMIC_RELAXED);
    return block;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }

void *realloc(void *block, size_t size) {
    void *moved = __libc_realloc(block, size);
    return block ? moved : counted(moved);
}

int posix_memalign(void **block, size_t alignment, size_t size) {
    *block = counted(__libc_memalign(alignment, size));
    return *block ? 0 : ENOMEM;
}

void free(void *block) {
    if (block) __atomic_sub_fetch(&in_use, 1, __ATOMIC_RELAXED);
    __libc_free(block);
}

static long blocks(void) { return __atomic_load_n(&in_use, __ATOMIC_RELAXED); }
#endif

static int send_one(send_im_client *client, const char *to, send_im_kind kind) {
    send_im_receipt *receipt = NULL;
    send_im_error *error = send_im_client_send(client, NULL, to, "hello", &receipt);
    int good = send_im_error_kind(error) == kind && (error || send_im_receipt_to_json(receipt));
    if (!good && error) fprintf(stderr, "%s\n", send_im_error_detail(error));
    send_im_receipt_free(receipt);
    send_im_error_free(error);
    return good;
}

static int send_many(send_im_client *client) {
    send_im_messages *messages = send_im_messages_new();
    send_im_results *results = NULL;
    send_im_error *error = NULL;
    size_t n, good = 0;
    for (n = 0; n < 5 && !error; n++) error = send_im_messages_add(messages, NULL, "lenea@contoso.com", "hello");
    if (!error) error = send_im_client_send_all(client, messages, &results);
    for (n = 0; n < send_im_results_count(results); n++) good += send_im_results_receipt(results, n) != NULL;
    send_im_results_free(results);
    send_im_messages_free(messages);
    send_im_error_free(error);
    return good == 5;
}

int main(int count, char **arguments) {
    long windows = count > 2 ? atol(arguments[2]) : 1, rounds = count > 3 ? atol(arguments[3]) : 1, window, round;
    send_im_options *options = send_im_options_new();
    send_im_client *client = NULL;
    send_im_error *error = send_im_options_set(options, "address", "tosh@contoso.com");
    if (!error) error = send_im_options_set(options, "password", "x");
    if (!error) error = send_im_options_set(options, "server", arguments[1]);
    if (!error) error = send_im_client_sign_in(options, &client);
    for (window = 0; window < windows && !error; window++) {
        for (round = 0; round < rounds; round++) {
            if (!send_one(client, "lenea@contoso.com", SEND_IM_KIND_NONE) || !send_one(client, "busy@contoso.com", SEND_IM_KIND_BUSY) ||
                !send_one(client, "nobody", SEND_IM_KIND_INVALID_INPUT) || !send_many(client)) {
                return 3;
            }
        }
        printf("%ld %lu\n", blocks(), (unsigned long)send_im_live_objects());
    }
    if (!error) error = send_im_client_sign_out(client, -1);
    if (error) fprintf(stderr, "%s\n", send_im_error_detail(error));
    send_im_error_free(error);
    send_im_client_free(client);
    send_im_options_free(options);
    printf("%lu\n", (unsigned long)send_im_live_objects());
    return error ? 1 : 0;
}
