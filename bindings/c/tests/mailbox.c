/* Calls that report to a mailbox: nothing of the host is called. */
#include "check.h"

#include <poll.h>
#include <unistd.h>

/* The next mail; NULL after half a minute without. */
static send_im_mail *next(send_im_mailbox *box, int descriptor) {
    send_im_mail *mail = send_im_mailbox_take(box);
    char bytes[16];
    while (!mail) {
        struct pollfd waiting = {descriptor, POLLIN, 0};
        if (poll(&waiting, 1, 30000) != 1 || read(descriptor, bytes, sizeof bytes) < 1) return NULL;
        mail = send_im_mailbox_take(box);
    }
    return mail;
}

static int says(send_im_mail *mail, uint64_t ticket, const char *part) {
    const char *json = send_im_mail_to_json(mail);
    int so = send_im_mail_ticket(mail) == ticket && json && strstr(json, part);
    if (!so) printf("# mail %d says %s\n", (int)send_im_mail_ticket(mail), json ? json : "nothing");
    return so;
}

static void the_end_of_each_call_is_mail(void) {
    place here = place_new(NULL);
    send_im_mailbox *box = NULL;
    CHECK_OK(send_im_mailbox_new(&box));
    int descriptor = send_im_mailbox_descriptor(box);
    CHECK(descriptor > 2 && send_im_mailbox_descriptor(box) == -1 && send_im_mailbox_take(box) == NULL);

    CHECK_OK(send_im_by_mail(box, 1, here.options, "lenea@contoso.com", "one call", NULL));
    send_im_mail *mail = next(box, descriptor);
    CHECK(says(mail, 1, "\"what\":\"sent\",\"error\":null,\"receipt\":{\"to\":\"lenea@contoso.com\""));
    CHECK(send_im_mail_take_client(mail) == NULL && send_im_mail_take_token_reply(mail) == NULL);
    send_im_mail_free(mail);

    CHECK_OK(send_im_client_sign_in_by_mail(box, 2, here.options, NULL));
    mail = next(box, descriptor);
    send_im_client *client = send_im_mail_take_client(mail);
    CHECK(says(mail, 2, "\"what\":\"signed_in\",\"error\":null") && client && !send_im_mail_take_client(mail));
    send_im_mail_free(mail);

    send_im_call *call = NULL;
    CHECK_OK(send_im_client_send_by_mail(box, 3, client, NULL, "busy@contoso.com", "by the client", &call));
    mail = next(box, descriptor);
    CHECK(call && says(mail, 3, "\"kind\":\"busy\"") && says(mail, 3, "\"receipt\":null"));
    send_im_call_free(call);
    send_im_mail_free(mail);

    send_im_messages *messages = send_im_messages_new();
    CHECK_OK(send_im_messages_add(messages, NULL, "lenea@contoso.com", "first of two"));
    CHECK_OK(send_im_messages_add(messages, NULL, "unknown@contoso.com", "second of two"));
    CHECK_OK(send_im_client_send_all_by_mail(box, 4, client, messages, NULL));
    send_im_messages_free(messages);
    mail = next(box, descriptor);
    CHECK(says(mail, 4, "\"results\":[{") && count_of(send_im_mail_to_json(mail), "\"accepted_by\"") == 1);
    CHECK(says(mail, 4, "\"kind\":\"recipient_not_found\""));
    send_im_mail_free(mail);

    CHECK_OK(send_im_client_sign_out_by_mail(box, 5, client, -1, NULL));
    mail = next(box, descriptor);
    CHECK(says(mail, 5, "\"what\":\"signed_out\",\"error\":null"));
    send_im_mail_free(mail);
    CHECK(delivered(here.sandbox) == 2 && send_im_mailbox_take(box) == NULL);
    send_im_client_free(client);
    send_im_mailbox_free(box);
    close(descriptor);
    place_free(here);
}

static void what_cannot_begin_is_no_mail(void) {
    send_im_mailbox *box = NULL;
    send_im_call *call = (send_im_call *)&box;
    CHECK_OK(send_im_mailbox_new(&box));
    CHECK_KIND(send_im_by_mail(NULL, 1, NULL, "lenea@contoso.com", "hello", &call), INVALID_INPUT);
    CHECK(call == NULL);
    CHECK_KIND(send_im_by_mail(box, 1, NULL, NULL, "hello", &call), INVALID_INPUT);
    CHECK_KIND(send_im_client_send_by_mail(box, 1, NULL, NULL, "a@contoso.com", "hello", NULL), INVALID_INPUT);
    CHECK_KIND(send_im_client_sign_out_by_mail(box, 1, NULL, -1, NULL), INVALID_INPUT);
    CHECK_KIND(send_im_mailbox_new(NULL), INVALID_INPUT);
    CHECK(send_im_mailbox_take(box) == NULL && send_im_mailbox_take(NULL) == NULL);
    CHECK(send_im_mail_ticket(NULL) == 0 && send_im_mail_to_json(NULL) == NULL);
    send_im_mail_free(NULL);
    send_im_mailbox_free(box);
    send_im_mailbox_free(NULL);
}

static void steps_and_requests_for_tokens_are_mail(void) {
    place here = place_new(NULL);
    send_im_mailbox *box = NULL;
    char *token = NULL;
    int steps = 0, asked = 0, released = 0, sent = 0;
    CHECK_OK(send_im_mailbox_new(&box));
    int descriptor = send_im_mailbox_descriptor(box);
    token = issued_token(here.sandbox);
    CHECK_OK(send_im_options_set(here.options, "password", NULL));
    CHECK_OK(send_im_options_steps_by_mail(here.options, box, 7));
    CHECK_OK(send_im_options_tokens_by_mail(here.options, box, 8));
    CHECK_OK(send_im_by_mail(box, 9, here.options, "lenea@contoso.com", "hello", NULL));
    send_im_options_free(here.options);
    here.options = NULL;
    while (!sent || released < 2) {
        send_im_mail *mail = next(box, descriptor);
        const char *json = send_im_mail_to_json(mail);
        if (!json) break;
        if (strstr(json, "\"what\":\"token\"")) {
            CHECK(says(mail, 8, "\"rejected\":false") && says(mail, 8, "\"origin\":\"http://127.0.0.1:"));
            send_im_token_reply_resolve(send_im_mail_take_token_reply(mail), token, 0);
            asked++;
        }
        if (strstr(json, "\"what\":\"step\"")) {
            CHECK(says(mail, 7, "\"host\":\"127.0.0.1:") && !sent);
            steps++;
        }
        released += strstr(json, "\"what\":\"released\"") != NULL;
        sent += strstr(json, "\"what\":\"sent\",\"error\":null") != NULL;
        send_im_mail_free(mail);
    }
    CHECK(asked == 1 && steps >= 5 && sent == 1 && released == 2);
    free(token);
    send_im_mailbox_free(box);
    close(descriptor);
    place_free(here);
}

static void a_token_that_nobody_takes_is_refused(void) {
    place here = place_new(NULL);
    send_im_mailbox *box = NULL;
    CHECK_OK(send_im_mailbox_new(&box));
    int descriptor = send_im_mailbox_descriptor(box);
    CHECK_OK(send_im_options_set(here.options, "password", NULL));
    CHECK_OK(send_im_options_tokens_by_mail(here.options, box, 1));
    CHECK_OK(send_im_by_mail(box, 2, here.options, "lenea@contoso.com", "hello", NULL));
    send_im_mail *mail = next(box, descriptor);
    CHECK(says(mail, 1, "\"what\":\"token\""));
    send_im_mail_free(mail);
    mail = next(box, descriptor);
    CHECK(says(mail, 2, "\"kind\":\"credential_unavailable\""));
    send_im_mail_free(mail);
    send_im_mailbox_free(box);
    close(descriptor);
    place_free(here);
}

/* True as soon as the sandbox has that many sessions. */
static int sessions(send_im_sandbox *sandbox, int64_t count) {
    int turns;
    for (turns = 0; turns < 2400 && open_sessions(sandbox) != count; turns++) {
        send_im_error_free(send_im_sandbox_wait_for(sandbox, 99, 25, NULL));
    }
    return open_sessions(sandbox) == count;
}

static void a_client_that_nobody_takes_is_signed_out(void) {
    place here = place_new(NULL);
    send_im_mailbox *box = NULL;
    int way;
    for (way = 0; way < 3; way++) {
        CHECK_OK(send_im_mailbox_new(&box));
        int descriptor = send_im_mailbox_descriptor(box);
        CHECK_OK(send_im_client_sign_in_by_mail(box, 1, here.options, NULL));
        if (way == 0) {
            /* Freed with its mail. */
            send_im_mail *mail = next(box, descriptor);
            CHECK(sessions(here.sandbox, 1));
            send_im_mail_free(mail);
        } else if (way == 1) {
            /* Freed with the mailbox. */
            CHECK(sessions(here.sandbox, 1));
        } else {
            /* The host is gone and has freed nothing. */
            close(descriptor);
            descriptor = -1;
        }
        if (way < 2) send_im_mailbox_free(box);
        if (descriptor != -1) close(descriptor);
        if (way == 2) {
            send_im_error *error = NULL;
            send_im_client *other = NULL;
            CHECK_OK(send_im_client_sign_in(here.options, &other));
            error = send_im_client_sign_out(other, -1);
            CHECK_OK(error);
            send_im_client_free(other);
        }
        CHECK(sessions(here.sandbox, 0));
        if (way == 2) send_im_mailbox_free(box);
    }
    place_free(here);
}

void mailbox(void) {
    RUN(the_end_of_each_call_is_mail);
    RUN(what_cannot_begin_is_no_mail);
    RUN(steps_and_requests_for_tokens_are_mail);
    RUN(a_token_that_nobody_takes_is_refused);
    RUN(a_client_that_nobody_takes_is_signed_out);
}
