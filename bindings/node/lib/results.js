'use strict';

/** What becomes of a call: a receipt or an error. */

const { native } = require('./native.js');

const FIELDS = {
  kind: 'protocol',
  step: null,
  sent: 'no',
  httpStatus: null,
  serverCode: null,
  subcode: null,
  diagnostics: null,
  retryAfter: null,
  hops: Object.freeze([]),
};

const hidden = (error, member, value) =>
  Object.defineProperty(error, member, { value, writable: true, configurable: true });

/** A call that failed. What each member means is in index.d.ts. */
class SendImError extends Error {
  constructor(detail, given = {}) {
    const { cause, ...fields } = /** @type {Record<string, any>} */ (given);
    super(detail, cause === undefined ? undefined : { cause });
    if (Object.keys(fields).some((name) => !Object.hasOwn(FIELDS, name))) {
      throw new TypeError(`A SendImError has ${Object.keys(FIELDS).join(', ')} and no other fields`);
    }
    const sent = fields.kind === 'outcome_unknown' ? 'maybe' : 'no';
    const { kind } = Object.assign(this, FIELDS, { sent }, fields);
    this.exitCode = native.exitCode(`${kind}`);
    if (this.exitCode === null) throw new TypeError('A SendImError has no kind of that name');
    this.code = `ERR_SEND_IM_${kind.toUpperCase()}`;
    if (kind === 'cancelled') {
      this.code = 'ABORT_ERR';
      hidden(this, 'name', 'AbortError');
    }
  }

  get detail() {
    return this.message;
  }

  toJSON() {
    return Object.assign({ name: this.name, detail: this.detail }, this);
  }
}

hidden(SendImError.prototype, 'name', 'SendImError');

/** Proof of a send. What each member means is in index.d.ts. */
class Receipt {
  to;
  acceptedBy;
  evidence = 'invitation_accepted';
  format = 'plain';
  threadId = null;
  /** @type {ReadonlyArray<object>} */
  steps = Object.freeze([]);

  constructor(to, fields = {}) {
    this.to = to;
    this.acceptedBy = fields.evidence === 'submitted' ? null : to;
    if (Object.keys(fields).some((name) => name === 'to' || !(name in this))) {
      throw new TypeError(`The fields of a Receipt are ${Object.keys(this).slice(1).join(', ')}`);
    }
    Object.freeze(Object.assign(this, fields));
  }
}

const invalidInput = (detail) => new SendImError(detail, { kind: 'invalid_input' });

/**
 * The error of a failure of the library.
 *
 * @param {any} failed
 * @param {AbortSignal} [signal]
 * @param {ReadonlyMap<number, unknown>} [thrown] what functions of the program have thrown, by the numbers of the library
 */
function fromFailure({ failure, cause: number }, signal, thrown) {
  const { detail, http_status: httpStatus, code: serverCode, retry_after: seconds, ...fields } = failure;
  const cause = fields.kind === 'cancelled' && signal?.aborted ? signal.reason : thrown?.get(number);
  // Rounded up: a wait the server asked for is not cut short.
  const retryAfter = seconds && Math.ceil(seconds * 1000);
  const hops = Object.freeze(fields.hops.map(({ url, outcome }) => Object.freeze({ url, outcome })));
  return new SendImError(detail, { ...fields, httpStatus, serverCode, retryAfter, hops, cause });
}

/** What a function of the library gives; a failure is thrown, as the error that {@link fromFailure} makes of it. */
function check(given, signal, thrown) {
  if (given?.failure) throw fromFailure(given, signal, thrown);
  return given;
}

/** Ends a call before it begins, if its signal was used before. */
function unlessAborted(signal) {
  if (signal?.aborted) {
    const detail = 'The program cancelled the call before it had begun.';
    throw new SendImError(detail, { kind: 'cancelled', cause: signal.reason });
  }
}

/**
 * Runs the body of a public function. An error of ours gets the stack of the call: it comes on a turn of the event loop that
 * knows nothing of that. The body is given what does this to an error that it does not throw.
 */
async function run(called, body) {
  const site = { stack: '' };
  Error.captureStackTrace(site, called);
  const placed = (error) => {
    const [, ...frames] = `${site.stack}`.split('\n    at ');
    if (error instanceof SendImError && frames.length > 0) {
      hidden(error, 'stack', [`${error.name}: ${error.message}`, ...frames].join('\n    at '));
    }
    return error;
  };
  try {
    return await body(placed);
  } catch (error) {
    throw placed(error);
  }
}

module.exports = { Receipt, SendImError, check, fromFailure, invalidInput, run, unlessAborted };
