/**
 * @file send_im.h
 * Delivers an instant message to a Skype for Business or Lync user, and tells the truth about it.
 *
 * Rules for every function:
 *
 * - A function that can fail returns a `send_im_error`, and NULL when it has succeeded. Free the error with
 *   `send_im_error_free`. Without success nothing is written through an out parameter but NULL.
 * - Texts are UTF-8 with a NUL at the end. A text that is NULL where one is needed, or is not UTF-8, is the error
 *   `invalid_input`; so is a NULL handle.
 * - A `const char *` that is returned belongs to the object it was asked of and lives as long as that. A `char *`
 *   belongs to the caller: free it with `send_im_string_free`. NULL means that there is no such text.
 * - An object that comes through an out parameter or as an argument of a completion callback belongs to the caller.
 *   Each has a `..._free`, which takes NULL, may be called from any thread, once, and while no other call uses the
 *   object. An object is used from any thread; `send_im_options` and `send_im_messages` are copied by the call that gets
 *   them and may be freed as soon as it returns.
 * - Times are in milliseconds.
 * - Callbacks come on threads of this library. They must not throw or jump out. A call that waits is refused there with
 *   `invalid_input`: use its `_async` form, or a thread of your own. Freeing is always possible.
 * - Nothing starts before the first call. After a `fork`, objects of the parent fail with `closed` in the child, and the
 *   child may make its own.
 * - No password, token or text of a message stands in an error, a receipt or a step.
 */


#ifndef SEND_IM_H
#define SEND_IM_H

/* Made from bindings/c/src by `cargo test -p send-im-c --test header`; see bindings/c/README.md. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


/**
 * A call under way, which can be cancelled.
 */
typedef struct send_im_call send_im_call;

/**
 * One session: any number of messages, from any thread.
 */
typedef struct send_im_client send_im_client;

/**
 * A failed call: what failed, at which step, and what to do about it.
 */
typedef struct send_im_error send_im_error;

/**
 * One report.
 */
typedef struct send_im_mail send_im_mail;

/**
 * Where calls report what has become of them, for a host that does not want callbacks.
 */
typedef struct send_im_mailbox send_im_mailbox;

/**
 * Messages for `send_im_client_send_all`.
 */
typedef struct send_im_messages send_im_messages;

/**
 * Who sends, and how a message goes. Values are wiped when they are replaced or freed.
 */
typedef struct send_im_options send_im_options;

/**
 * Proof of a send.
 */
typedef struct send_im_receipt send_im_receipt;

/**
 * What became of each message, in their order.
 */
typedef struct send_im_results send_im_results;

/**
 * A running sandbox.
 */
typedef struct send_im_sandbox send_im_sandbox;

/**
 * One finished step of a call.
 */
typedef struct send_im_step send_im_step;

/**
 * Where a token is put, once.
 */
typedef struct send_im_token_reply send_im_token_reply;

/**
 * What a token is wanted for.
 */
typedef struct send_im_token_request send_im_token_request;

/**
 * A send has ended, with an error or with a receipt, never both. The one that is there belongs to the host.
 */
typedef void (*send_im_on_sent)(void *user_data, send_im_error *error, send_im_receipt *receipt);

/**
 * A sign-in has ended, with an error or with a client, never both. The one that is there belongs to the host.
 */
typedef void (*send_im_on_signed_in)(void *user_data, send_im_error *error, send_im_client *client);

/**
 * A call without a result has ended; `error` is NULL on success, else it belongs to the host.
 */
typedef void (*send_im_on_done)(void *user_data, send_im_error *error);

/**
 * Told of every finished step. The step lives until the callback returns. It must return quickly: the send waits for it.
 */
typedef void (*send_im_on_step)(void *user_data, const send_im_step *step);

/**
 * Called once with the `user_data` of a callback, when that callback will not come again. May be NULL.
 */
typedef void (*send_im_release)(void *user_data);

/**
 * A token is wanted: for each server that asks for one, before one expires, and when one was rejected. The request lives
 * until the callback returns. The reply belongs to the host, which answers at once or later, from any thread, with
 * `send_im_token_reply_resolve` or `send_im_token_reply_fail`; one that is never answered keeps the call waiting until its
 * timeout. The callback may block.
 */
typedef void (*send_im_on_token)(void *user_data,
                                 const send_im_token_request *request,
                                 send_im_token_reply *reply);

/**
 * Many sends have ended; `error` only where none could begin. The one that is there belongs to the host.
 */
typedef void (*send_im_on_all_sent)(void *user_data, send_im_error *error, send_im_results *results);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of this interface, the number in the name of the shared library. A program that was compiled with another
 * one does not fit.
 */
uint32_t send_im_abi_version(void);

/**
 * The version of this library, for example `0.1.0`. It is never freed.
 */
const char *send_im_version(void);

/**
 * The program is ending, and its own code may still send: closes every session, now or as soon as nothing is under way in
 * it. A later send opens a session and closes it before it returns. Nothing is cancelled and nothing refused, so this may be
 * called before, beside or after the program's own code at exit.
 *
 * Waits at most `timeout_ms`; true if no session was left open. From a callback it does not wait.
 */
bool send_im_wind_down(uint64_t timeout_ms);

/**
 * Stops the library in this process: calls under way end with `cancelled`, sessions are signed out as far as the time
 * allows, then its threads end. Later calls fail with `cancelled`.
 *
 * Waits at most `timeout_ms`; true if all has ended. May be called again, from any thread; from a callback it does not wait.
 * A program should call it before it unloads the library or returns from main with sessions open.
 */
bool send_im_shutdown(uint64_t timeout_ms);

/**
 * As `send_im_shutdown`, when the process ends by `exit` or by returning from main: after all code of a host that runs its
 * own code at exit in no order that is known. Not where `_exit` or a signal ends it. May be called again, from any thread;
 * the last `timeout_ms` counts. False where the system cannot do it, as on Windows, whose libraries lose their threads before.
 */
bool send_im_shutdown_at_exit(uint64_t timeout_ms);

/**
 * Frees a text that a function returned as `char *`. NULL is nothing.
 */
void send_im_string_free(char *text);

/**
 * How many objects and texts of this library the program has and has not freed, for tests that look for leaks. What a
 * call under way has is among them; what belongs to another object, such as the receipts of a list of results, is not.
 * A forked child begins with the count of its parent.
 */
size_t send_im_live_objects(void);

/**
 * As `send_im_async`; its end is mail with this ticket.
 */
send_im_error *send_im_by_mail(const send_im_mailbox *mailbox,
                               uint64_t ticket,
                               const send_im_options *options,
                               const char *to,
                               const char *text,
                               send_im_call **call);

/**
 * As `send_im_client_sign_in_async`; its end is mail with this ticket.
 */
send_im_error *send_im_client_sign_in_by_mail(const send_im_mailbox *mailbox,
                                              uint64_t ticket,
                                              const send_im_options *options,
                                              send_im_call **call);

/**
 * As `send_im_client_send_async`; its end is mail with this ticket.
 */
send_im_error *send_im_client_send_by_mail(const send_im_mailbox *mailbox,
                                           uint64_t ticket,
                                           const send_im_client *client,
                                           const send_im_options *options,
                                           const char *to,
                                           const char *text,
                                           send_im_call **call);

/**
 * As `send_im_client_send_all_async`; its end is mail with this ticket.
 */
send_im_error *send_im_client_send_all_by_mail(const send_im_mailbox *mailbox,
                                               uint64_t ticket,
                                               const send_im_client *client,
                                               const send_im_messages *messages,
                                               send_im_call **call);

/**
 * As `send_im_client_sign_out_async`; its end is mail with this ticket.
 */
send_im_error *send_im_client_sign_out_by_mail(const send_im_mailbox *mailbox,
                                               uint64_t ticket,
                                               const send_im_client *client,
                                               int64_t timeout_ms,
                                               send_im_call **call);

/**
 * As `send_im_options_on_step`; each step is mail with this ticket, and so is the release.
 */
send_im_error *send_im_options_steps_by_mail(send_im_options *options,
                                             const send_im_mailbox *mailbox,
                                             uint64_t ticket);

/**
 * As `send_im_options_on_token`; each request is mail with this ticket, and so is the release.
 */
send_im_error *send_im_options_tokens_by_mail(send_im_options *options,
                                              const send_im_mailbox *mailbox,
                                              uint64_t ticket);

/**
 * Ends a call early: its callback comes with `cancelled`, unless the call has ended already. Whether the message may have
 * arrived is told by `send_im_error_sent`. An invitation that rings is withdrawn. May be called again, from any thread.
 * NULL is nothing.
 */
void send_im_call_cancel(const send_im_call *call);

/**
 * Frees the handle; the call goes on, and its callback comes. NULL is nothing.
 */
void send_im_call_free(send_im_call *call);

/**
 * Signs in, sends one message, waits for its delivery and signs out.
 *
 * `options` may be NULL, and need not name an account: then the environment (SEND_IM_ADDRESS, SEND_IM_PASSWORD …) or the
 * profile file says who sends. `to` is `user@domain`. `receipt` may be NULL.
 */
send_im_error *send_im(const send_im_options *options,
                       const char *to,
                       const char *text,
                       send_im_receipt **receipt);

/**
 * As `send_im`, without waiting: `callback` comes exactly once, unless this returns an error. `call` may be NULL.
 */
send_im_error *send_im_async(const send_im_options *options,
                             const char *to,
                             const char *text,
                             send_im_on_sent callback,
                             void *user_data,
                             send_im_call **call);

/**
 * Signs in and opens a session. `options` as with `send_im`; the client works until `send_im_client_sign_out`.
 */
send_im_error *send_im_client_sign_in(const send_im_options *options,
                                      send_im_client **client);

/**
 * As `send_im_client_sign_in`, without waiting: `callback` comes exactly once, unless this returns an error. `call` may be
 * NULL.
 */
send_im_error *send_im_client_sign_in_async(const send_im_options *options,
                                            send_im_on_signed_in callback,
                                            void *user_data,
                                            send_im_call **call);

/**
 * Sends one message. `options` are those of a message and may be NULL; `receipt` may be NULL.
 */
send_im_error *send_im_client_send(const send_im_client *client,
                                   const send_im_options *options,
                                   const char *to,
                                   const char *text,
                                   send_im_receipt **receipt);

/**
 * As `send_im_client_send`, without waiting: `callback` comes exactly once, unless this returns an error. `call` may be
 * NULL. The client may be freed before the callback has come: its session ends after that.
 */
send_im_error *send_im_client_send_async(const send_im_client *client,
                                         const send_im_options *options,
                                         const char *to,
                                         const char *text,
                                         send_im_on_sent callback,
                                         void *user_data,
                                         send_im_call **call);

/**
 * Waits for the sends under way, at most `timeout_ms`, and ends those that are left as `send_im_client_cancel_all` does; then
 * closes the session on the server, in at most 3 s. With a negative `timeout_ms` each send ends with its own timeout at the
 * latest. A server that refuses connections or gives no answer for 5 s is not waited for. Sends that begin later fail with
 * `closed`; a second call does nothing. The client still has to be freed.
 */
send_im_error *send_im_client_sign_out(const send_im_client *client,
                                       int64_t timeout_ms);

/**
 * As `send_im_client_sign_out`, without waiting: `callback` comes exactly once, unless this returns an error. `call` may be
 * NULL.
 */
send_im_error *send_im_client_sign_out_async(const send_im_client *client,
                                             int64_t timeout_ms,
                                             send_im_on_done callback,
                                             void *user_data,
                                             send_im_call **call);

/**
 * Ends every send under way on this client at once: each fails with `cancelled`, and its `sent` says whether it can have
 * arrived. Later sends fail with `closed`. The session is still to be signed out.
 */
send_im_error *send_im_client_cancel_all(const send_im_client *client);

/**
 * Frees a client. One that was not signed out is signed out in the background. Does not wait. NULL is nothing.
 */
void send_im_client_free(send_im_client *client);

/**
 * The sort of failure: a stable name such as `recipient_not_found`. A newer library may know more names than this
 * documentation: invalid_input, discovery_failed, untrusted_host, tls, sign_in_refused, sign_in_unsupported,
 * credential_unavailable, forbidden, limit_reached, recipient_not_found, recipient_unavailable, declined, no_answer, busy,
 * throttled, service_error, network, timeout, protocol, outcome_unknown, cancelled, closed.
 */
const char *send_im_error_kind(const send_im_error *error);

/**
 * The step that failed: discover, sign_in, open_session, invite, send, confirm or sign_out. NULL where none had begun.
 */
const char *send_im_error_step(const send_im_error *error);

/**
 * One sentence a person can act on.
 */
const char *send_im_error_detail(const send_im_error *error);

/**
 * `no`: it was not delivered. `maybe`: it may have arrived, and sending again may double it.
 */
const char *send_im_error_sent(const send_im_error *error);

/**
 * The HTTP status of the answer that decided; 0 where none did.
 */
int send_im_error_http_status(const send_im_error *error);

/**
 * The server's error code as it came, for example `RemoteFailure`, or NULL.
 */
const char *send_im_error_code(const send_im_error *error);

/**
 * The server's subcode as it came, for example `DoNotDisturb`, or NULL.
 */
const char *send_im_error_subcode(const send_im_error *error);

/**
 * The server's diagnostics, for its administrator, or NULL. Not stable.
 */
const char *send_im_error_diagnostics(const send_im_error *error);

/**
 * How long the server asked to wait, in milliseconds; -1 where it did not.
 */
int64_t send_im_error_retry_after_ms(const send_im_error *error);

/**
 * How many hops `send_im_error_hop_url` and `send_im_error_hop_outcome` know: the way the call took, oldest first, where
 * it explains the failure.
 */
size_t send_im_error_hop_count(const send_im_error *error);

/**
 * The URL of a hop without its query; NULL beyond the last.
 */
const char *send_im_error_hop_url(const send_im_error *error, size_t index);

/**
 * What came back from a hop, for example `401` or `connection refused`; NULL beyond the last.
 */
const char *send_im_error_hop_outcome(const send_im_error *error, size_t index);

/**
 * The exit code for a program that ends because of this error: 2 invalid input, 3 sign-in, 4 not delivered, 6 outcome
 * unknown, 130 cancelled, else 5. 0 for NULL.
 */
int send_im_error_exit_code(const send_im_error *error);

/**
 * The number given to `send_im_token_reply_fail` where the program's own token callback caused this; else 0.
 */
uint64_t send_im_error_cause(const send_im_error *error);

/**
 * An error for a program's own tests: of this kind, with this sentence. `may_have_arrived` is what `send_im_error_sent` tells.
 * NULL where the library knows no such kind, and where a text is NULL or not UTF-8.
 */
send_im_error *send_im_error_new(const char *kind,
                                 const char *detail,
                                 bool may_have_arrived);

/**
 * The whole error as a JSON object: kind, step, detail, sent, http_status, code, subcode, diagnostics, retry_after (in
 * seconds), hops (url, outcome), exit_code and cause. Absent values are null. More members may come.
 */
const char *send_im_error_to_json(const send_im_error *error);

/**
 * Frees an error. NULL is nothing.
 */
void send_im_error_free(send_im_error *error);

/**
 * Makes an empty mailbox.
 */
send_im_error *send_im_mailbox_new(send_im_mailbox **mailbox);

/**
 * A file descriptor that becomes readable when there is mail. It belongs to the host, which reads what stands there, then
 * takes mail until there is none, and closes it at the end. -1 when it was given before, and on Windows, where mail is
 * looked for from time to time.
 */
int send_im_mailbox_descriptor(const send_im_mailbox *mailbox);

/**
 * The oldest mail, which belongs to the caller; NULL where there is none. Does not wait.
 */
send_im_mail *send_im_mailbox_take(const send_im_mailbox *mailbox);

/**
 * Frees a mailbox with the mail in it. Calls that report to it go on; nobody is told of their end, and a client that is
 * signed in later is signed out. NULL is nothing.
 */
void send_im_mailbox_free(send_im_mailbox *mailbox);

/**
 * The number that was given to what this mail is about.
 */
uint64_t send_im_mail_ticket(const send_im_mail *mail);

/**
 * What the mail says, as a JSON object. Its member `what` is
 *
 * - `sent`, `signed_in`, `signed_out`, `all_sent`: the call has ended. `error` is as in `send_im_error_to_json` or null,
 *   `receipt` as in `send_im_receipt_to_json` or null, `results` a list of objects with `error` and `receipt`;
 * - `step`: a step has finished, with `step`, `host`, `status` (or null) and `elapsed_ms`;
 * - `token`: a token is wanted, with `origin`, `authorization_uri`, `client_id`, `trusted_issuers` and `rejected`;
 * - `released`: no more steps or requests for tokens come with this ticket.
 *
 * More kinds and members may come.
 */
const char *send_im_mail_to_json(const send_im_mail *mail);

/**
 * The client of a sign-in, which belongs to the caller from now on; NULL where there is none or it was taken before.
 */
send_im_client *send_im_mail_take_client(const send_im_mail *mail);

/**
 * Where the token is put that is wanted, as with `send_im_on_token`; NULL where none is wanted or it was taken before.
 */
send_im_token_reply *send_im_mail_take_token_reply(const send_im_mail *mail);

/**
 * Frees a mail. A client that was not taken from it is signed out. NULL is nothing.
 */
void send_im_mail_free(send_im_mail *mail);

/**
 * Makes options without a value. Never NULL.
 */
send_im_options *send_im_options_new(void);

/**
 * Sets an option; a value of NULL takes it away. An unknown name and an unusable value are `invalid_input`.
 *
 * Of an account, for `send_im` and `send_im_client_sign_in`: `address` (`user@domain`), `username` (where it is not the
 * address), `password` (without: SEND_IM_PASSWORD), `token` (in the place of a password: a bearer token, without the word
 * `Bearer`, for every origin that asks; once it is rejected the call fails with `sign_in_refused`), `server` (URL of the
 * discovery root; without: found by the domain), `ca_file` (file with further certificate authorities, PEM or DER),
 * `tls` (`current`, or `compatible`: also AES-CBC, for Windows Server 2012 R2), `trusted_domains` (separated by commas).
 *
 * Of a message, for `send_im`, `send_im_client_send` and `send_im_messages_add`: `subject` (at most 250 UTF-16 units),
 * `importance` (`normal`, `urgent`, `emergency`), `html` (`true`: the text is html), `wait` (`delivered`, or `submitted`: do
 * not wait for the recipient).
 *
 * Of both: `timeout_ms`, how long the call may take (60000).
 */
send_im_error *send_im_options_set(send_im_options *options,
                                   const char *name,
                                   const char *value);

/**
 * Calls `callback` at the end of each step of what is done with these options, also from several threads at a time. NULL
 * takes it away. `release`, if given, is called with `user_data` once it is not needed any more: after the options are
 * freed or get another callback, and the sends or the client that use it have ended; at once where this call fails.
 */
send_im_error *send_im_options_on_step(send_im_options *options,
                                       send_im_on_step callback,
                                       void *user_data,
                                       send_im_release release);

/**
 * Signs in with tokens that `callback` gives, in the place of a password. NULL takes it away. `release` as with
 * `send_im_options_on_step`.
 */
send_im_error *send_im_options_on_token(send_im_options *options,
                                        send_im_on_token callback,
                                        void *user_data,
                                        send_im_release release);

/**
 * Wipes and frees options. NULL is nothing.
 */
void send_im_options_free(send_im_options *options);

/**
 * A receipt for a program's own tests: of plain text that this recipient has accepted. NULL where `to` is NULL or not UTF-8.
 */
send_im_receipt *send_im_receipt_new(const char *to);

/**
 * The recipient's address as asked, without `sip:`.
 */
const char *send_im_receipt_to(const send_im_receipt *receipt);

/**
 * Who accepted: someone else than the recipient after a call-forward, NULL when only submitted. Accepted does not mean
 * read: some clients accept by themselves.
 */
const char *send_im_receipt_accepted_by(const send_im_receipt *receipt);

/**
 * What the receipt rests on: `invitation_accepted`, `message_confirmed` or `submitted`.
 */
const char *send_im_receipt_evidence(const send_im_receipt *receipt);

/**
 * The form in which the text went: `plain` or `html`.
 */
const char *send_im_receipt_format(const send_im_receipt *receipt);

/**
 * The server's id of the conversation's thread, or NULL.
 */
const char *send_im_receipt_thread_id(const send_im_receipt *receipt);

/**
 * How many steps the send took.
 */
size_t send_im_receipt_step_count(const send_im_receipt *receipt);

/**
 * A step in order, which lives as long as the receipt; NULL beyond the last.
 */
const send_im_step *send_im_receipt_step(const send_im_receipt *receipt, size_t index);

/**
 * The whole receipt as a JSON object: to, accepted_by, evidence, format, thread_id and steps (step, host, status,
 * elapsed_ms). Absent values are null. More members may come.
 */
const char *send_im_receipt_to_json(const send_im_receipt *receipt);

/**
 * Frees a receipt. NULL is nothing.
 */
void send_im_receipt_free(send_im_receipt *receipt);

/**
 * Which step: discover, sign_in, open_session, invite, send, confirm or sign_out.
 */
const char *send_im_step_name(const send_im_step *step);

/**
 * The host that was asked, with its port where it is not the usual one.
 */
const char *send_im_step_host(const send_im_step *step);

/**
 * The HTTP status of the answer; 0 where none came.
 */
int send_im_step_status(const send_im_step *step);

/**
 * From the request to the end of the answer, in milliseconds.
 */
double send_im_step_elapsed_ms(const send_im_step *step);

/**
 * Makes an empty list. Never NULL.
 */
send_im_messages *send_im_messages_new(void);

/**
 * Adds a message. `options` are those of a message and may be NULL.
 */
send_im_error *send_im_messages_add(send_im_messages *messages,
                                    const send_im_options *options,
                                    const char *to,
                                    const char *text);

/**
 * Frees a list. NULL is nothing.
 */
void send_im_messages_free(send_im_messages *messages);

/**
 * Sends many messages, some tens at a time, and gives a result for each in the same order. A message's timeout begins when
 * its turn comes. It fails as a whole only where no message could begin.
 */
send_im_error *send_im_client_send_all(const send_im_client *client,
                                       const send_im_messages *messages,
                                       send_im_results **results);

/**
 * As `send_im_client_send_all`, without waiting: `callback` comes exactly once, unless this returns an error. `call` may be
 * NULL. After a cancellation, messages that had ended keep their result.
 */
send_im_error *send_im_client_send_all_async(const send_im_client *client,
                                             const send_im_messages *messages,
                                             send_im_on_all_sent callback,
                                             void *user_data,
                                             send_im_call **call);

/**
 * How many results there are: as many as messages.
 */
size_t send_im_results_count(const send_im_results *results);

/**
 * The receipt of a message, which lives as long as the results; NULL where the message failed.
 */
const send_im_receipt *send_im_results_receipt(const send_im_results *results, size_t index);

/**
 * The error of a message, which lives as long as the results; NULL where the message was sent.
 */
const send_im_error *send_im_results_error(const send_im_results *results, size_t index);

/**
 * Frees results. NULL is nothing.
 */
void send_im_results_free(send_im_results *results);

/**
 * Starts a sandbox. `options` is NULL or a JSON object: layout (`one-pool`, `two-pools` or `redirect`), https (true: with a
 * certificate authority of its own), listen (address and port; without: 127.0.0.1 and a free port), ring_ms (how long an
 * invitation to `silent@` rings), slow_ms (how long `slow@` takes), answer_after_ms (how long the others take),
 * token_lifetime_ms, poll_timeout_ms, users (a list of objects with address and password; without: anybody with any password
 * but `wrong`), redirect_to (a URL), host_name, allow_origins (a list of the origins whose web pages are answered; without:
 * any).
 */
send_im_error *send_im_sandbox_start(const char *options,
                                     send_im_sandbox **sandbox);

/**
 * The discovery root: the option `server`.
 */
const char *send_im_sandbox_url(const send_im_sandbox *sandbox);

/**
 * The certificate authority in PEM; NULL without https.
 */
const char *send_im_sandbox_ca_pem(const send_im_sandbox *sandbox);

/**
 * A file with the certificate authority, for the option `ca_file`; NULL without https. It is removed when the sandbox is
 * freed.
 */
const char *send_im_sandbox_ca_file(const send_im_sandbox *sandbox);

/**
 * What was delivered to an address, oldest first, as a JSON array; NULL for the address: everything delivered. Each entry has
 * number, from, to, accepted_by, subject, importance, format, text, via (`invitation` or `message`), conversation, thread_id
 * and received_at (milliseconds since 1970).
 */
send_im_error *send_im_sandbox_inbox(const send_im_sandbox *sandbox,
                                     const char *address,
                                     char **messages);

/**
 * Waits until `count` messages were delivered in all, and gives them as `send_im_sandbox_inbox` does; `messages` may be
 * NULL. `timeout` where it takes longer than `timeout_ms`.
 */
send_im_error *send_im_sandbox_wait_for(const send_im_sandbox *sandbox,
                                        size_t count,
                                        uint64_t timeout_ms,
                                        char **messages);

/**
 * Asks the sandbox's own HTTP interface, without a connection; the README of the crate send-im-sandbox lists its resources.
 * `path` is what follows `/sandbox/api/`, for example `journal`; `json` is the body, or NULL. Gives the body of the response:
 * JSON, or an empty text; `answer` may be NULL. `invalid_input` where the sandbox refuses the request.
 */
send_im_error *send_im_sandbox_request(const send_im_sandbox *sandbox,
                                       const char *method,
                                       const char *path,
                                       const char *json,
                                       char **answer);

/**
 * Makes something go wrong: a fault as JSON, for example
 * `{"route": "start_messaging", "action": "drop_after", "times": 1}`. The library's sandbox documentation lists routes and
 * actions.
 */
send_im_error *send_im_sandbox_add_fault(const send_im_sandbox *sandbox,
                                         const char *fault);

/**
 * Stops and frees a sandbox. NULL is nothing.
 */
void send_im_sandbox_free(send_im_sandbox *sandbox);

/**
 * Scheme, host and port of the server that must accept the token.
 */
const char *send_im_token_request_origin(const send_im_token_request *request);

/**
 * Where the server says tokens are issued, or NULL.
 */
const char *send_im_token_request_authorization_uri(const send_im_token_request *request);

/**
 * The server's client id (OAuth audience), or NULL.
 */
const char *send_im_token_request_client_id(const send_im_token_request *request);

/**
 * The issuers the server trusts, or NULL.
 */
const char *send_im_token_request_trusted_issuers(const send_im_token_request *request);

/**
 * True where the token given before was rejected: a cached one will not do.
 */
bool send_im_token_request_rejected(const send_im_token_request *request);

/**
 * Answers with a token, without the word `Bearer`, and frees the reply. `expires_in_ms` is how long the token lasts from
 * now; 0: not known. A token that is NULL or not UTF-8 refuses, as `send_im_token_reply_fail` does.
 */
void send_im_token_reply_resolve(send_im_token_reply *reply,
                                 const char *token,
                                 uint64_t expires_in_ms);

/**
 * Answers that there is no token, and frees the reply: the call fails with `credential_unavailable`. `reason` becomes part
 * of the error and must hold no secret; NULL: none. `cause` is a number of the host's, for example of an exception it has
 * kept, that `send_im_error_cause` gives back; 0: none.
 */
void send_im_token_reply_fail(send_im_token_reply *reply,
                              const char *reason,
                              uint64_t cause);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SEND_IM_H */
