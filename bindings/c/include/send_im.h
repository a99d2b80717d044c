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
 * - An object that comes through an out parameter belongs to the caller. Each has a `..._free`, which takes NULL, may be
 *   called from any thread, once, and while no other call uses the object. An object is used from any thread;
 *   `send_im_options` and `send_im_messages` are copied by the call that gets them and may be freed as soon as it returns.
 * - Times are in milliseconds.
 * - Callbacks come on threads of this library. They must not throw or jump out. A call that waits is refused there with
 *   `invalid_input`: use its `_begin` form, or a thread of your own. Freeing is always possible.
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

/** The version of this header; `send_im_version` tells that of the library. */
#define SEND_IM_VERSION "0.1.0"
#define SEND_IM_VERSION_MAJOR 0 /**< Its first number. */
#define SEND_IM_VERSION_MINOR 1 /**< Its second number. */
#define SEND_IM_VERSION_PATCH 0 /**< Its third number. */

/** The interface of this header; `send_im_abi_version` tells that of the library. */
#define SEND_IM_ABI_VERSION 1

/* Before each function. On Windows define SEND_IM_STATIC where the static library is linked. */
#ifndef SEND_IM_API
#if defined(_WIN32) && !defined(SEND_IM_STATIC)
#define SEND_IM_API __declspec(dllimport)
#else
#define SEND_IM_API
#endif
#endif

/* Before each function that returns an error: a compiler warns where it is ignored. */
#ifndef SEND_IM_MUST_USE
#if (defined(__cplusplus) && __cplusplus >= 201703L) || (defined(_MSVC_LANG) && _MSVC_LANG >= 201703L)
#define SEND_IM_MUST_USE [[nodiscard]]
#elif defined(__GNUC__)
#define SEND_IM_MUST_USE __attribute__((warn_unused_result))
#else
#define SEND_IM_MUST_USE
#endif
#endif

/*
 * Enumerations. 0 is none: no object, no step. A newer library may know more values than this header: treat them as the
 * general case. Numbers do not change.
 */
#ifdef __cplusplus
#define SEND_IM_ENUM(name) enum name : int32_t
#else
#define SEND_IM_ENUM(name) typedef int32_t name; enum name
#endif

/** What sort of failure it was. `send_im_error_exit_code` is right for kinds that come later, too. */
SEND_IM_ENUM(send_im_kind) {
  SEND_IM_KIND_NONE = 0,
  SEND_IM_KIND_INVALID_INPUT = 1,
  SEND_IM_KIND_DISCOVERY_FAILED = 2,
  SEND_IM_KIND_UNTRUSTED_HOST = 3,
  SEND_IM_KIND_TLS = 4,
  SEND_IM_KIND_SIGN_IN_REFUSED = 5,
  SEND_IM_KIND_SIGN_IN_UNSUPPORTED = 6,
  SEND_IM_KIND_CREDENTIAL_UNAVAILABLE = 7,
  SEND_IM_KIND_FORBIDDEN = 8,
  SEND_IM_KIND_LIMIT_REACHED = 9,
  SEND_IM_KIND_RECIPIENT_NOT_FOUND = 10,
  SEND_IM_KIND_RECIPIENT_UNAVAILABLE = 11,
  SEND_IM_KIND_DECLINED = 12,
  SEND_IM_KIND_NO_ANSWER = 13,
  SEND_IM_KIND_BUSY = 14,
  SEND_IM_KIND_THROTTLED = 15,
  SEND_IM_KIND_SERVICE_ERROR = 16,
  SEND_IM_KIND_NETWORK = 17,
  SEND_IM_KIND_TIMEOUT = 18,
  SEND_IM_KIND_PROTOCOL = 19,
  SEND_IM_KIND_OUTCOME_UNKNOWN = 20,
  SEND_IM_KIND_CANCELLED = 21,
  SEND_IM_KIND_CLOSED = 22,
};

/** A step of a call. */
SEND_IM_ENUM(send_im_step) {
  SEND_IM_STEP_NONE = 0,
  SEND_IM_STEP_DISCOVER = 1,
  SEND_IM_STEP_SIGN_IN = 2,
  SEND_IM_STEP_OPEN_SESSION = 3,
  SEND_IM_STEP_INVITE = 4,
  SEND_IM_STEP_SEND = 5,
  SEND_IM_STEP_CONFIRM = 6,
  SEND_IM_STEP_SIGN_OUT = 7,
};

/** Whether the message of a failed call may have arrived. */
SEND_IM_ENUM(send_im_sent) {
  SEND_IM_SENT_NONE = 0,
  SEND_IM_SENT_NO = 1,
  SEND_IM_SENT_MAYBE = 2,
};

/** What a receipt rests on. */
SEND_IM_ENUM(send_im_evidence) {
  SEND_IM_EVIDENCE_NONE = 0,
  SEND_IM_EVIDENCE_INVITATION_ACCEPTED = 1,
  SEND_IM_EVIDENCE_MESSAGE_CONFIRMED = 2,
  SEND_IM_EVIDENCE_SUBMITTED = 3,
};

/** The form in which a text went. */
SEND_IM_ENUM(send_im_format) {
  SEND_IM_FORMAT_NONE = 0,
  SEND_IM_FORMAT_PLAIN = 1,
  SEND_IM_FORMAT_HTML = 2,
};

/** The option `importance`. */
SEND_IM_ENUM(send_im_importance) {
  SEND_IM_IMPORTANCE_NONE = 0,
  SEND_IM_IMPORTANCE_NORMAL = 1,
  SEND_IM_IMPORTANCE_URGENT = 2,
  SEND_IM_IMPORTANCE_EMERGENCY = 3,
};

/** The option `wait`: what a send waits for. */
SEND_IM_ENUM(send_im_wait) {
  SEND_IM_WAIT_NONE = 0,
  SEND_IM_WAIT_DELIVERED = 1,
  SEND_IM_WAIT_SUBMITTED = 2,
};

/** The option `tls`: which cipher suites are offered. */
SEND_IM_ENUM(send_im_tls) {
  SEND_IM_TLS_NONE = 0,
  SEND_IM_TLS_CURRENT = 1,
  SEND_IM_TLS_COMPATIBLE = 2,
};

/** The sandbox's option `layout`. */
SEND_IM_ENUM(send_im_layout) {
  SEND_IM_LAYOUT_NONE = 0,
  SEND_IM_LAYOUT_ONE_POOL = 1,
  SEND_IM_LAYOUT_TWO_POOLS = 2,
  SEND_IM_LAYOUT_REDIRECT = 3,
};

/** A call under way. */
typedef struct send_im_call send_im_call;

/** One session: any number of messages, from any thread. */
typedef struct send_im_client send_im_client;

/** A failed call: what failed, at which step, and what to do about it. */
typedef struct send_im_error send_im_error;

/** Messages for `send_im_client_send_all`. */
typedef struct send_im_messages send_im_messages;

/** Who sends, and how a message goes. Values are wiped when they are replaced or freed. */
typedef struct send_im_options send_im_options;

/** Proof of a send. */
typedef struct send_im_receipt send_im_receipt;

/** What became of each message, in their order. */
typedef struct send_im_results send_im_results;

/** A running sandbox. */
typedef struct send_im_sandbox send_im_sandbox;

/** One finished step of a call. */
typedef struct send_im_step_record send_im_step_record;

/** Where a token is put, once. */
typedef struct send_im_token_reply send_im_token_reply;

/** What a token is wanted for. */
typedef struct send_im_token_request send_im_token_request;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/* ==== Send one message ==== */

/**
 * Signs in, sends one message, waits for its delivery and signs out.
 *
 * `options` may be NULL, and need not name an account: then the environment (SEND_IM_ADDRESS, SEND_IM_PASSWORD …) or the
 * profile file says who sends. `to` is `user@domain`. `receipt` may be NULL.
 */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im(const send_im_options *options, const char *to, const char *text, send_im_receipt **receipt);

/** As `send_im`, without waiting. */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_begin(const send_im_options *options, const char *to, const char *text, send_im_call **call);

/* ==== A diagnosis: what is wrong on the way ==== */

/**
 * Walks as a send would, and sends nothing: names, proxy, connection, TLS, discovery, trust, ways of signing in, sign-in,
 * session, events, clock. It signs in once, and signs out.
 *
 * `options` as with `send_im_client_sign_in`. Gives a JSON object: outcome (`passed`, `warning` or `failed`, the worst of all), kind
 * (the name of a kind of error, or null), exit_code, who can do something (`you`, `network` or `pool_administrator`; or null), and
 * checks, each with name, outcome (`skipped` too), seen, elapsed_ms, advice (what and who, or null) and kind. More members may
 * come. It is an error only where the account is not usable, or the call was cancelled.
 */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_diagnose(const send_im_options *options, char **diagnosis);

/** As `send_im_diagnose`, without waiting. */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_diagnose_begin(const send_im_options *options, send_im_call **call);

/** Takes the diagnosis of `send_im_diagnose_begin`, or its error. */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_call_take_diagnosis(send_im_call *call, char **diagnosis);

/* ==== A client: many messages in one session ==== */

/** Signs in and opens a session. `options` as with `send_im`; the client works until `send_im_client_sign_out`. */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_client_sign_in(const send_im_options *options, send_im_client **client);

/** As `send_im_client_sign_in`, without waiting. */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_client_sign_in_begin(const send_im_options *options, send_im_call **call);

/** Sends one message. `options` are those of a message and may be NULL; `receipt` may be NULL. */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_client_send(const send_im_client *client, const send_im_options *options, const char *to,
                                   const char *text, send_im_receipt **receipt);

/**
 * As `send_im_client_send`, without waiting. The client may be freed before the call has ended: its session ends after that.
 */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_client_send_begin(const send_im_client *client, const send_im_options *options, const char *to,
                                         const char *text, send_im_call **call);

/**
 * Waits for the sends under way, at most `timeout_ms`, and ends those that are left as `send_im_client_cancel_all` does; then
 * closes the session on the server, in at most 3 s. With a negative `timeout_ms` each send ends with its own timeout at the
 * latest. A server that refuses connections or gives no answer for 5 s is not waited for. Sends that begin later fail with
 * `closed`; a second call does nothing. The client still has to be freed.
 */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_client_sign_out(send_im_client *client, int64_t timeout_ms);

/** As `send_im_client_sign_out`, without waiting. Cancelling the call ends the wait, not the signing out. */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_client_sign_out_begin(send_im_client *client, int64_t timeout_ms, send_im_call **call);

/**
 * Ends every send under way on this client at once: each fails with `cancelled`, and its `sent` says whether it can have
 * arrived. Later sends fail with `closed`. The session is still to be signed out.
 */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_client_cancel_all(send_im_client *client);

/** Frees a client. One that was not signed out is signed out in the background. Does not wait. NULL is nothing. */
SEND_IM_API void send_im_client_free(send_im_client *client);

/** Makes an empty list. NULL only where the library fails inside; `send_im_messages_add` refuses that. */
SEND_IM_API send_im_messages *send_im_messages_new(void);

/** Adds a message. `options` are those of a message and may be NULL. */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_messages_add(send_im_messages *messages, const send_im_options *options, const char *to,
                                    const char *text);

/** Frees a list. NULL is nothing. */
SEND_IM_API void send_im_messages_free(send_im_messages *messages);

/**
 * Sends many messages, some tens at a time, and gives a result for each in the same order. A message's timeout begins when
 * its turn comes. It fails as a whole only where no message could begin.
 */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_client_send_all(const send_im_client *client, const send_im_messages *messages,
                                       send_im_results **results);

/** As `send_im_client_send_all`, without waiting. After a cancellation, messages that had ended keep their result. */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_client_send_all_begin(const send_im_client *client, const send_im_messages *messages,
                                             send_im_call **call);

/** How many results there are: as many as messages. */
SEND_IM_API size_t send_im_results_count(const send_im_results *results);

/** The receipt of a message, which lives as long as the results; NULL where the message failed. */
SEND_IM_API const send_im_receipt *send_im_results_receipt(const send_im_results *results, size_t index);

/** The error of a message, which lives as long as the results; NULL where the message was sent. */
SEND_IM_API const send_im_error *send_im_results_error(const send_im_results *results, size_t index);

/** Frees results. NULL is nothing. */
SEND_IM_API void send_im_results_free(send_im_results *results);

/* ==== A call under way ==== */

/** A call has ended. Comes once for each call, also for one that was freed. */
typedef void (*send_im_on_end)(void *user_data);

/**
 * Waits until a call has ended, at most `timeout_ms`; without a bound where that is negative. True when it has ended. In a
 * callback it does not wait. True for NULL.
 */
SEND_IM_API bool send_im_call_wait(const send_im_call *call, int64_t timeout_ms);

/**
 * Calls `callback` once when the call has ended; at once, and on this thread, where it has already. Each that is given is
 * called.
 */
SEND_IM_API void send_im_call_on_end(send_im_call *call, send_im_on_end callback, void *user_data);

/**
 * Ends a call early: with `cancelled`, unless it has ended already. Whether the message may have arrived is told by
 * `send_im_error_sent`. An invitation that rings is withdrawn. May be called again, from any thread. NULL is nothing.
 */
SEND_IM_API void send_im_call_cancel(send_im_call *call);

/**
 * Takes how a call ended: its error, or NULL. A result is dropped, and a client among it signed out. Each `take` function
 * works once for a call, after its end; before, and a second time, it gives `invalid_input`.
 */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_call_take(send_im_call *call);

/** Takes the receipt of a send, or its error. `receipt` may be NULL. */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_call_take_receipt(send_im_call *call, send_im_receipt **receipt);

/** Takes the client of a sign-in, or its error. */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_call_take_client(send_im_call *call, send_im_client **client);

/** Takes the results of `send_im_client_send_all_begin`, or its error. */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_call_take_results(send_im_call *call, send_im_results **results);

/** Frees a call. One that has not ended goes on: its callback comes, and nobody gets its result. NULL is nothing. */
SEND_IM_API void send_im_call_free(send_im_call *call);

/** False in a callback, where a call that waits is refused: for a host that begins a call and then waits for it. */
SEND_IM_API bool send_im_may_wait(void);

/* ==== Options: who sends, and how a message goes ==== */

/** Told of every finished step. The step lives until the callback returns. It must return quickly: the send waits for it. */
typedef void (*send_im_on_step)(void *user_data, const send_im_step_record *step);

/** Called once with the `user_data` of a callback, when that callback will not come again. May be NULL. */
typedef void (*send_im_release)(void *user_data);

/**
 * A token is wanted: for each server that asks for one, before one expires, and when one was rejected. The request lives
 * until the callback returns. The reply belongs to the host, which answers at once or later, from any thread, with
 * `send_im_token_reply_resolve` or `send_im_token_reply_fail`; one that is never answered keeps the call waiting until its
 * timeout. The callback may block.
 */
typedef void (*send_im_on_token)(void *user_data, const send_im_token_request *request, send_im_token_reply *reply);

/** Makes options without a value. NULL only where the library fails inside; `send_im_options_set` refuses that. */
SEND_IM_API send_im_options *send_im_options_new(void);

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
 * Of both: `timeout_ms`, how long the message has to be delivered, or signing in may take (60000; 0 is refused). An
 * invitation rings until then. After it a send takes at most 2 s more to withdraw the invitation and learn what came of
 * it; `send_im` at most another 3 s to close its session.
 */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_options_set(send_im_options *options, const char *name, const char *value);

/**
 * Calls `callback` at the end of each step of what is done with these options, also from several threads at a time. NULL
 * takes it away. `release`, if given, is called with `user_data` once it is not needed any more: after the options are
 * freed or get another callback, and the sends or the client that use it have ended; at once where this call fails.
 */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_options_on_step(send_im_options *options, send_im_on_step callback, void *user_data,
                                       send_im_release release);

/**
 * Signs in with tokens that `callback` gives, in the place of a password. NULL takes it away. `release` as with
 * `send_im_options_on_step`.
 */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_options_on_token(send_im_options *options, send_im_on_token callback, void *user_data,
                                        send_im_release release);

/** Wipes and frees options. NULL is nothing. */
SEND_IM_API void send_im_options_free(send_im_options *options);

/** Scheme, host and port of the server that must accept the token. */
SEND_IM_API const char *send_im_token_request_origin(const send_im_token_request *request);

/** Where the server says tokens are issued, or NULL. */
SEND_IM_API const char *send_im_token_request_authorization_uri(const send_im_token_request *request);

/** The server's client id (OAuth audience), or NULL. */
SEND_IM_API const char *send_im_token_request_client_id(const send_im_token_request *request);

/** The issuers the server trusts, or NULL. */
SEND_IM_API const char *send_im_token_request_trusted_issuers(const send_im_token_request *request);

/** True where the token given before was rejected: a cached one will not do. */
SEND_IM_API bool send_im_token_request_rejected(const send_im_token_request *request);

/**
 * Answers with a token, without the word `Bearer`, and frees the reply. `expires_in_ms` is how long the token lasts from
 * now; 0: not known. A token that is NULL or not UTF-8 refuses, as `send_im_token_reply_fail` does.
 */
SEND_IM_API void send_im_token_reply_resolve(send_im_token_reply *reply, const char *token, uint64_t expires_in_ms);

/**
 * Answers that there is no token, and frees the reply: the call fails with `credential_unavailable`. `reason` becomes part
 * of the error and must hold no secret; NULL: none. `cause` is a number of the host's, for example of an exception it has
 * kept, that `send_im_error_cause` gives back; 0: none.
 */
SEND_IM_API void send_im_token_reply_fail(send_im_token_reply *reply, const char *reason, uint64_t cause);

/* ==== Receipts and steps ==== */

/**
 * A receipt for a program's own tests: of plain text that this recipient has accepted. NULL where `to` is NULL or not UTF-8.
 */
SEND_IM_API send_im_receipt *send_im_receipt_new(const char *to);

/** The recipient's address as asked, without `sip:`. */
SEND_IM_API const char *send_im_receipt_to(const send_im_receipt *receipt);

/**
 * Who accepted: someone else than the recipient after a call-forward; NULL when only submitted, or where the server does
 * not say. Accepted does not mean read: some clients accept by themselves.
 */
SEND_IM_API const char *send_im_receipt_accepted_by(const send_im_receipt *receipt);

/** What the receipt rests on. */
SEND_IM_API send_im_evidence send_im_receipt_evidence(const send_im_receipt *receipt);

/** The form in which the text went. */
SEND_IM_API send_im_format send_im_receipt_format(const send_im_receipt *receipt);

/** The server's id of the conversation's thread, or NULL. */
SEND_IM_API const char *send_im_receipt_thread_id(const send_im_receipt *receipt);

/** How many steps the send took. */
SEND_IM_API size_t send_im_receipt_step_count(const send_im_receipt *receipt);

/** A step in order, which lives as long as the receipt; NULL beyond the last. */
SEND_IM_API const send_im_step_record *send_im_receipt_step(const send_im_receipt *receipt, size_t index);

/**
 * The whole receipt as a JSON object: to, accepted_by, evidence, format, thread_id and steps (step, host, status,
 * elapsed_ms). Absent values are null. More members may come.
 */
SEND_IM_API const char *send_im_receipt_to_json(const send_im_receipt *receipt);

/** Frees a receipt. NULL is nothing. */
SEND_IM_API void send_im_receipt_free(send_im_receipt *receipt);

/** Which step. */
SEND_IM_API send_im_step send_im_step_record_step(const send_im_step_record *record);

/** The host that was asked, with its port where it is not the usual one. */
SEND_IM_API const char *send_im_step_record_host(const send_im_step_record *record);

/** The HTTP status of the answer; 0 where none came. */
SEND_IM_API int send_im_step_record_status(const send_im_step_record *record);

/** From the request to the end of the answer, in milliseconds. */
SEND_IM_API double send_im_step_record_elapsed_ms(const send_im_step_record *record);

/* ==== Errors ==== */

/** The sort of failure; `SEND_IM_KIND_NONE` for NULL, which is success. */
SEND_IM_API send_im_kind send_im_error_kind(const send_im_error *error);

/** The step that failed; `SEND_IM_STEP_NONE` where none had begun. */
SEND_IM_API send_im_step send_im_error_step(const send_im_error *error);

/** One sentence a person can act on. */
SEND_IM_API const char *send_im_error_detail(const send_im_error *error);

/** Whether the message may have arrived all the same; sending it again may then double it. */
SEND_IM_API send_im_sent send_im_error_sent(const send_im_error *error);

/** The HTTP status of the answer that decided; 0 where none did. */
SEND_IM_API int send_im_error_http_status(const send_im_error *error);

/** The server's error code as it came, for example `RemoteFailure`, or NULL. */
SEND_IM_API const char *send_im_error_code(const send_im_error *error);

/** The server's subcode as it came, for example `DoNotDisturb`, or NULL. */
SEND_IM_API const char *send_im_error_subcode(const send_im_error *error);

/** The server's diagnostics, for its administrator, or NULL. Not stable. */
SEND_IM_API const char *send_im_error_diagnostics(const send_im_error *error);

/** How long the server asked to wait, in milliseconds; -1 where it did not. */
SEND_IM_API int64_t send_im_error_retry_after_ms(const send_im_error *error);

/**
 * How many hops `send_im_error_hop_url` and `send_im_error_hop_outcome` know: the way the call took, oldest first, where
 * it explains the failure.
 */
SEND_IM_API size_t send_im_error_hop_count(const send_im_error *error);

/** The URL of a hop without its query; NULL beyond the last. */
SEND_IM_API const char *send_im_error_hop_url(const send_im_error *error, size_t index);

/** What came back from a hop, for example `401` or `connection refused`; NULL beyond the last. */
SEND_IM_API const char *send_im_error_hop_outcome(const send_im_error *error, size_t index);

/**
 * The exit code for a program that ends because of this error: 2 invalid input, 3 sign-in, 4 not delivered, 6 outcome
 * unknown, 130 cancelled, else 5. 0 for NULL.
 */
SEND_IM_API int send_im_error_exit_code(const send_im_error *error);

/** The number given to `send_im_token_reply_fail` where the program's own token callback caused this; else 0. */
SEND_IM_API uint64_t send_im_error_cause(const send_im_error *error);

/**
 * An error for a program's own tests: of this kind, with this sentence. `may_have_arrived` is what `send_im_error_sent` tells.
 * NULL where the library knows no such kind, and where `detail` is NULL or not UTF-8.
 */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_error_new(send_im_kind kind, const char *detail, bool may_have_arrived);

/**
 * The whole error as a JSON object: kind, step, detail, sent, http_status, code, subcode, diagnostics, retry_after (in
 * seconds), hops (url, outcome), exit_code and cause. Absent values are null. More members may come.
 */
SEND_IM_API const char *send_im_error_to_json(const send_im_error *error);

/** Frees an error. NULL is nothing. */
SEND_IM_API void send_im_error_free(send_im_error *error);

/* ==== The sandbox: a server for demonstrations and tests ==== */

/**
 * Starts a sandbox. `options` is NULL or a JSON object: layout (`one-pool`, `two-pools` or `redirect`), https (true: with a
 * certificate authority of its own), listen (address and port; without: 127.0.0.1 and a free port), ring_ms (how long an
 * invitation to `silent@` rings), slow_ms (how long `slow@` takes), answer_after_ms (how long the others take),
 * token_lifetime_ms, poll_timeout_ms, users (a list of objects with address and password; without: anybody with any password
 * but `wrong`), redirect_to (a URL), host_name, allow_origins (a list of the origins whose web pages are answered; without:
 * any).
 */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_sandbox_start(const char *options, send_im_sandbox **sandbox);

/** The discovery root: the option `server`. */
SEND_IM_API const char *send_im_sandbox_url(const send_im_sandbox *sandbox);

/**
 * A file with the certificate authority, for the option `ca_file`; NULL without https. It is removed when the sandbox is
 * freed.
 */
SEND_IM_API const char *send_im_sandbox_ca_file(const send_im_sandbox *sandbox);

/**
 * What was delivered to an address, oldest first, as a JSON array; NULL for the address: everything delivered. Each entry has
 * number, from, to, accepted_by, subject, importance, format, text, via (`invitation` or `message`), conversation, thread_id
 * and received_at (milliseconds since 1970).
 */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_sandbox_inbox(const send_im_sandbox *sandbox, const char *address, char **messages);

/**
 * Waits until `count` messages were delivered in all, and gives them as `send_im_sandbox_inbox` does; `messages` may be
 * NULL. `timeout` where it takes longer than `timeout_ms`.
 */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_sandbox_wait_for(const send_im_sandbox *sandbox, size_t count, uint64_t timeout_ms, char **messages);

/**
 * Asks the sandbox's own HTTP interface, without a connection; the README of the crate send-im-sandbox lists its resources.
 * `path` is what follows `/sandbox/api/`, for example `journal`; `json` is the body, or NULL. Gives the body of the response:
 * JSON, or an empty text; `answer` may be NULL. `invalid_input` where the sandbox refuses the request.
 */
SEND_IM_MUST_USE SEND_IM_API
send_im_error *send_im_sandbox_request(send_im_sandbox *sandbox, const char *method, const char *path, const char *json,
                                       char **answer);

/**
 * Makes something go wrong: a fault as JSON, for example
 * `{"route": "start_messaging", "action": "drop_after", "times": 1}`. The library's sandbox documentation lists routes and
 * actions.
 */
SEND_IM_MUST_USE SEND_IM_API send_im_error *send_im_sandbox_add_fault(send_im_sandbox *sandbox, const char *fault);

/** Stops and frees a sandbox. NULL is nothing. */
SEND_IM_API void send_im_sandbox_free(send_im_sandbox *sandbox);

/* ==== The names of enumerators ==== */

/** The stable name of a kind of error, for example `busy`. NULL for a number that this library does not know. */
SEND_IM_API const char *send_im_kind_name(send_im_kind kind);

/** The stable name of a step, for example `open_session`. */
SEND_IM_API const char *send_im_step_name(send_im_step step);

/** `no` or `maybe`. */
SEND_IM_API const char *send_im_sent_name(send_im_sent sent);

/** The stable name, for example `invitation_accepted`. */
SEND_IM_API const char *send_im_evidence_name(send_im_evidence evidence);

/** `plain` or `html`. */
SEND_IM_API const char *send_im_format_name(send_im_format format);

/** The value of the option `importance`. */
SEND_IM_API const char *send_im_importance_name(send_im_importance importance);

/** The value of the option `wait`. */
SEND_IM_API const char *send_im_wait_name(send_im_wait wait);

/** The value of the option `tls`. */
SEND_IM_API const char *send_im_tls_name(send_im_tls tls);

/** The value of the sandbox's option `layout`. */
SEND_IM_API const char *send_im_layout_name(send_im_layout layout);

/* ==== The library ==== */

/**
 * The version of this interface, the number in the name of the shared library. A program that was compiled with another
 * one does not fit.
 */
SEND_IM_API uint32_t send_im_abi_version(void);

/** The version of this library, for example `0.1.0`. It is never freed. */
SEND_IM_API const char *send_im_version(void);

/**
 * The program is ending, and its own code may still send: closes every session, now or as soon as nothing is under way in
 * it. A later send opens a session and closes it before it returns. Nothing is cancelled and nothing refused, so this may be
 * called before, beside or after the program's own code at exit.
 *
 * Waits at most `timeout_ms`; true if no session was left open. From a callback it does not wait.
 */
SEND_IM_API bool send_im_wind_down(uint64_t timeout_ms);

/**
 * Stops the library in this process: calls under way end with `cancelled`, sessions are signed out as far as the time
 * allows, then its threads end. Later calls fail with `cancelled`.
 *
 * Waits at most `timeout_ms`; true if all has ended. May be called again, from any thread; from a callback it does not wait.
 * A program should call it before it unloads the library or returns from main with sessions open.
 */
SEND_IM_API bool send_im_shutdown(uint64_t timeout_ms);

/**
 * As `send_im_shutdown`, when the process ends by `exit` or by returning from main: after all code of a host that runs its
 * own code at exit in no order that is known. Not where `_exit` or a signal ends it. May be called again, from any thread;
 * the last `timeout_ms` counts. False where the system cannot do it, as on Windows, whose libraries lose their threads before.
 */
SEND_IM_API bool send_im_shutdown_at_exit(uint64_t timeout_ms);

/** Frees a text that a function returned as `char *`. NULL is nothing. */
SEND_IM_API void send_im_string_free(char *text);

/**
 * How many objects and texts of this library the program has and has not freed, for tests that look for leaks. What a
 * call under way has is among them; what belongs to another object, such as the receipts of a list of results, is not.
 * A forked child begins with the count of its parent.
 */
SEND_IM_API size_t send_im_live_objects(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SEND_IM_H */
