/// <reference lib="esnext.disposable" />

// Every time is in milliseconds. A wrong type is a `TypeError` (`ERR_INVALID_ARG_TYPE`), and so is an option, or a member of a
// message, that does not exist (`ERR_SEND_IM_UNKNOWN_OPTION`); every other failure is a `SendImError`. Functions that give a
// promise never throw.

/** The version of the native library. */
export declare const version: string;

/** The sort of failure. The same names in every language. */
export type Kind =
  | 'invalid_input'
  | 'discovery_failed'
  | 'untrusted_host'
  | 'tls'
  | 'sign_in_refused'
  | 'sign_in_unsupported'
  | 'credential_unavailable'
  | 'forbidden'
  | 'limit_reached'
  | 'recipient_not_found'
  | 'recipient_unavailable'
  | 'declined'
  | 'no_answer'
  | 'busy'
  | 'throttled'
  | 'service_error'
  | 'network'
  | 'timeout'
  | 'protocol'
  | 'outcome_unknown'
  | 'cancelled'
  | 'closed';

/**
 * The kind as Node's own errors have it: `ERR_SEND_IM_NO_ANSWER` for `no_answer`, and so on. `cancelled` has `ABORT_ERR`, and
 * the name `AbortError`.
 */
export type ErrorCode = 'ABORT_ERR' | `ERR_SEND_IM_${Uppercase<Exclude<Kind, 'cancelled'>>}`;

/** A step on the way of a message. */
export type StepName = 'discover' | 'sign_in' | 'open_session' | 'invite' | 'send' | 'confirm' | 'sign_out';

/** `no`: it was not delivered. `maybe`: it may have arrived, and sending again may double it. */
export type Sent = 'no' | 'maybe';

/**
 * Why a message counts as sent. `invitation_accepted`: the text rode in the invitation and was accepted, which is not the same
 * as read. `message_confirmed`: the recipient's side confirmed it. `submitted`: nobody waited.
 */
export type Evidence = 'invitation_accepted' | 'message_confirmed' | 'submitted';

export type Format = 'plain' | 'html';
export type Importance = 'normal' | 'urgent' | 'emergency';

/** `delivered`: until the recipient's side has accepted. `submitted`: until the server has taken the message. */
export type Wait = 'delivered' | 'submitted';

/** `compatible`: also older cipher suites, for servers such as Windows Server 2012 R2. */
export type Tls = 'current' | 'compatible';

/** The servers of a {@link Sandbox}. */
export type Layout = 'one-pool' | 'two-pools' | 'redirect';

/** A `URL`. */
export interface UrlLike {
  readonly href: string;
}

/** An `AbortSignal`. */
export interface SignalLike {
  readonly aborted: boolean;
  readonly reason?: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** One finished step of a call. It never holds a password, a token or the text of a message. */
export interface Step {
  readonly step: StepName;
  /** The host that was asked, with its port where it is not the usual one. */
  readonly host: string;
  /** The HTTP status of the answer; null where none came. */
  readonly status: number | null;
  /** From the request to the end of the answer, in milliseconds. */
  readonly elapsed: number;
}

/** Proof of a send. It is never changed. */
export declare class Receipt {
  /** For the tests of a program. What is not given is as with plain text that the recipient accepted at once. */
  constructor(to: string, fields?: Partial<Omit<Receipt, 'to'>>);
  /** The recipient's address as asked, without `sip:`. */
  readonly to: string;
  /** Who accepted: someone else than `to` after a call-forward; null when only submitted, or where the server does not say. */
  readonly acceptedBy: string | null;
  readonly evidence: Evidence;
  /** The form in which the text went. */
  readonly format: Format;
  /** The server's id of the conversation's thread. */
  readonly threadId: string | null;
  /** Each step in order; after {@link sendIm} they begin with discovery. */
  readonly steps: readonly Step[];
}

/** One place a call went through before it failed. */
export interface Hop {
  /** The URL without its query. */
  readonly url: string;
  /** What came back, for example `401` or `connection refused`. */
  readonly outcome: string;
}

/**
 * A call that failed. Its message is one sentence: what failed, and what to do about it; never a password, a token or the text
 * of a message. Its stack is that of the call.
 */
export declare class SendImError extends Error {
  /** For the tests of a program. What is not given is as with a `protocol` failure before any request: nothing was sent. */
  constructor(
    detail: string,
    fields?: Partial<Omit<SendImError, 'name' | 'message' | 'stack' | 'code' | 'exitCode' | 'detail' | 'toJSON'>>,
  );
  readonly kind: Kind;
  readonly code: ErrorCode;
  /** The step that failed; null where none had begun. */
  readonly step: StepName | null;
  readonly sent: Sent;
  /** The HTTP status of the answer that decided. */
  readonly httpStatus: number | null;
  /** The server's error code as it came, for example `RemoteFailure`. */
  readonly serverCode: string | null;
  /** The server's subcode as it came, for example `DoNotDisturb`. */
  readonly subcode: string | null;
  /** The server's diagnostics, for its administrator. Not stable. */
  readonly diagnostics: string | null;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfter: number | null;
  /** The way the call took, oldest first, where that explains the failure. */
  readonly hops: readonly Hop[];
  /** The exit code for a program that ends because of this error. */
  readonly exitCode: number;
  /** The sentence: the same as `message`. */
  get detail(): string;
  /** The sentence and the members, for a log. */
  toJSON(): Omit<SendImError, 'toJSON' | 'message' | 'stack' | 'cause'>;
}

/** What a token is wanted for, as the server's challenge says it. */
export interface TokenRequest {
  /** Scheme, host and port of the server that must accept the token: the OAuth resource. */
  readonly origin: string;
  /** Where the server says tokens are issued. */
  readonly authorizationUri: string | null;
  /** The server's client id (OAuth audience). */
  readonly clientId: string | null;
  /** The issuers the server trusts. */
  readonly trustedIssuers: string | null;
  /** True where the token given before was rejected: a cached one will not do. */
  readonly rejected: boolean;
}

/** A token, without the word `Bearer`, and how long it lasts from now; without `expiresIn` until it is rejected. */
export type Token = string | { value: string; expiresIn?: number | null };

/** Gives a token whenever one is wanted. What it throws is the `cause` of a `credential_unavailable`. */
export type TokenSource = (request: TokenRequest) => Token | Promise<Token>;

/** Who sends. Without an address it is the account of the environment (`SEND_IM_ADDRESS` …) or of the profile file. */
export interface AccountOptions {
  /** The sender's address, `user@domain`; `sip:` is optional. */
  address?: string | null;
  /** The name to sign in with where it is not the address, such as `'CONTOSO\\smith'`. */
  username?: string | null;
  /** The password; without one, and without a token: `SEND_IM_PASSWORD`. */
  password?: string | null;
  /** A bearer token, or a function that gives one, in the place of a password. */
  token?: string | TokenSource | null;
  /** The discovery root; without: found by the domain. */
  server?: string | UrlLike | Sandbox | null;
  /** A file, PEM or DER, with certificate authorities to trust besides the system's. */
  caFile?: string | UrlLike | null;
  /** Without: `SEND_IM_TLS`. */
  tls?: Tls | null;
  /** Further domains the server may lead to, such as `contoso.net`. */
  trustedDomains?: readonly string[] | null;
  /** Called with each finished step. The first that it throws is a warning of the process, and the call goes on. */
  onStep?: (step: Step) => unknown;
}

export interface SignInOptions extends AccountOptions, Cancellation {
  /** How long signing in may take, in milliseconds (60000). Each message has a timeout of its own. */
  signInTimeout?: number | null;
}

export interface MessageOptions {
  /** At most 250 UTF-16 units, on one line. */
  subject?: string | null;
  importance?: Importance | null;
  /** True if the text is html. A recipient whose side takes none gets its plain-text rendering. */
  html?: boolean | null;
  /** How long to wait: `delivered` unless told. */
  wait?: Wait | null;
  /**
   * How long the message has to be delivered, in milliseconds (60000). An invitation rings until then, or until the server ends
   * it. Then the call takes at most 2000 more to withdraw it, and {@link sendIm} another 3000 to close its session.
   */
  timeout?: number | null;
}

export interface Message extends MessageOptions {
  to: string;
  text: string;
}

export interface Cancellation {
  /**
   * Aborting ends the call at once with an `AbortError`, whose kind is `cancelled`, whose `cause` is the signal's reason, and
   * whose `sent` says whether the message may have arrived. A call whose result is there already keeps it.
   */
  signal?: SignalLike | null;
}

/**
 * Signs in, sends one message, waits for its delivery and signs out. For more than one message, {@link Client} signs in once.
 *
 * @param to the recipient's address, `user@domain`; `sip:` is optional
 * @param text the text, or html with `html: true`
 * @example
 * const receipt = await sendIm('lenea@contoso.com', 'disk full on db7', { subject: 'db7', importance: 'urgent' });
 */
export declare function sendIm(
  to: string,
  text: string,
  options?: AccountOptions & MessageOptions & Cancellation,
): Promise<Receipt>;
export declare function sendIm(message: Message, options?: AccountOptions & Cancellation): Promise<Receipt>;

/** What became of one of many messages. */
export type SendResult = PromiseFulfilledResult<Receipt> | { status: 'rejected'; reason: SendImError };

/**
 * One session: any number of messages, any number at a time. A client that is still open when the program ends is closed then,
 * in at most 3000 ms; one that nobody refers to when it is collected.
 *
 * @example
 * await using client = await Client.signIn({ address: 'tosh@contoso.com', password });
 * await client.send('lenea@contoso.com', 'disk full');
 */
export declare class Client implements AsyncDisposable {
  private constructor();
  /** Signs in and opens a session. */
  static signIn(options?: SignInOptions): Promise<Client>;
  /** The sender's. */
  get address(): string;
  /** True as soon as `close` or `cancelAll` was called: it sends no more. */
  get closed(): boolean;
  /** Sends one message and waits for its delivery. */
  send(to: string, text: string, options?: MessageOptions & Cancellation): Promise<Receipt>;
  send(message: Message, options?: Cancellation): Promise<Receipt>;
  /**
   * Sends many messages, some tens at a time. Each has a result, in the same order. A message's timeout begins when its turn
   * comes.
   */
  sendAll(messages: Iterable<Message>, options?: Cancellation): Promise<SendResult[]>;
  /**
   * Waits for the sends under way; with `timeout`, what has not ended after so many milliseconds is cancelled. Then the session
   * is closed on the server, in at most 3000 ms. Sends that begin after it fail with `closed`. A second call does nothing. It
   * rejects where the server could not be told, which ends the session by itself after a while.
   */
  close(options?: { timeout?: number | null }): Promise<void>;
  /**
   * Ends every send under way at once: each fails with `cancelled`, and its `sent` says whether the message can have arrived
   * (`maybe`) or not (`no`). Sends that begin after it fail with `closed`. The session is still to be closed.
   */
  cancelAll(): void;
  /** The same as `close`, but it warns in place of a rejection, which would hide what the scope has thrown. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A message that reached a recipient of a {@link Sandbox}. */
export interface Delivered {
  /** Counts deliveries, from 1. */
  readonly number: number;
  readonly from: string;
  /** The address the sender asked for. */
  readonly to: string;
  /** The address that took it; another one than `to` after a call-forward. */
  readonly acceptedBy: string;
  readonly subject: string | null;
  readonly importance: Importance;
  readonly format: Format;
  readonly text: string;
  /** `invitation` if the text came with the invitation. */
  readonly via: 'invitation' | 'message';
  readonly conversation: string;
  readonly threadId: string;
  readonly receivedAt: Date;
}

export interface SandboxOptions {
  layout?: Layout | null;
  /** True for https with a certificate authority made for this sandbox. */
  https?: boolean | null;
  /** Address and port, such as `127.0.0.1:8080`; without: a free port of 127.0.0.1. */
  listen?: string | null;
  /** How long an invitation to `silent@` rings, in milliseconds (30000). */
  ring?: number | null;
  /** How long `slow@` takes to accept, in milliseconds (3000). */
  slow?: number | null;
  /** How long a token is valid, in milliseconds; without: as with a real server. */
  tokenLifetime?: number | null;
  /** How long an empty request for events is held, in milliseconds; without: as with a real server. */
  pollTimeout?: number | null;
  /** Passwords by address; with one, only these users sign in. */
  users?: Readonly<Record<string, string>> | null;
  /** The discovery root answers with a redirect to this URL and nothing else. */
  redirectTo?: string | null;
  /** A DNS name for the certificate and for every link. */
  hostName?: string | null;
}

/** The requests a fault lies on. */
export type FaultRoute =
  | 'discovery'
  | 'user'
  | 'token'
  | 'applications'
  | 'events'
  | 'start_messaging'
  | 'send_message'
  | 'stop_messaging'
  | 'delete_application'
  | 'any';

/** What happens to them. `drop_after`: it is done, and the answer is lost. */
export type FaultAction =
  | 'drop_before'
  | 'drop_after'
  | 'reset_before'
  | 'reset_after'
  | 'cut_body'
  | 'html_instead'
  | 'wrong_content_type'
  | 'duplicate_events'
  | 'bare_events'
  | 'early_events'
  | 'skip_states'
  | {
      status: {
        http: number;
        code?: string;
        subcode?: string;
        retry_after?: number;
        body?: 'json' | 'html' | 'text';
        diagnostics?: string;
      };
    }
  | {
      gateway_error: {
        http: number;
        body?: 'html' | 'json_code' | 'json_number' | 'ucwa_error' | 'xml' | 'empty';
        processed?: boolean;
      };
    }
  | { delay: { ms: number } }
  | { delay_answer: { ms: number } }
  | { reset_stream: { error: number; processed?: boolean } }
  | { go_away: { error: number; processed?: boolean } }
  | { then_refuse: { ms: number } }
  | { then_distrust: { connections: number } }
  | { delay_events: { ms: number } }
  | { oversized: { bytes: number } };

/**
 * A server that behaves like a Skype for Business pool, on 127.0.0.1 in this process, for demonstrations and tests. Any account
 * signs in with any password but `wrong`. A recipient behaves by the local part of the address: `declines@`, `silent@`, `busy@`,
 * `offline@`, `unknown@`, `slow@`, `forwards@`, `drops@`, `echo@`; anyone else accepts at once.
 *
 * It does not keep the process alive. What it knows it tells at once; a stopped one throws `closed`.
 */
export declare class Sandbox implements AsyncDisposable {
  private constructor();
  static start(options?: SandboxOptions): Promise<Sandbox>;
  /** The discovery root, what `server` takes. */
  get url(): string;
  /** With https, a PEM file with the certificate authority; it is removed with the sandbox. */
  get caFile(): string | null;
  /** What was delivered to this address, oldest first. */
  inbox(address: string): Delivered[];
  /** Everything delivered, oldest first. */
  messages(): Delivered[];
  /** Waits until that many messages were delivered in all, 10000 ms unless told; `timeout` where it takes longer. */
  waitFor(count: number, options?: { timeout?: number } & Cancellation): Promise<Delivered[]>;
  /**
   * Asks the sandbox's own HTTP interface, for what has no method here; the README of `send-im-sandbox` lists it. `path` is
   * what follows `/sandbox/api/`: `journal` (every request received), `state`, `tokens/ADDRESS`, `actions/revoke-tokens` …
   * `body` is sent as JSON. Gives the response's JSON, or undefined where it is empty; throws `invalid_input` where the
   * sandbox refuses.
   */
  request<T = unknown>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): T;
  /** Makes something go wrong: `skip` requests pass unharmed first (0), `times` are hit (1; 0: all). */
  addFault(route: FaultRoute, action: FaultAction, options?: { skip?: number; times?: number }): void;
  /** Takes every fault away. */
  clearFaults(): void;
  /** Stops it. What it had delivered is gone. A second call does nothing. */
  stop(): Promise<void>;
  /** The same as `stop`. */
  [Symbol.asyncDispose](): Promise<void>;
}
