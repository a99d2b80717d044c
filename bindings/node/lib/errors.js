'use strict';

const { native } = require('./native.js');

const FIELDS = {
  kind: 'protocol',
  step: null,
  sent: 'no',
  httpStatus: null,
  code: null,
  subcode: null,
  diagnostics: null,
  retryAfter: null,
  hops: Object.freeze([]),
  exitCode: 5,
};

/** A call that failed. What each member means is in index.d.ts. */
class SendImError extends Error {
  constructor(detail, given = {}) {
    const { cause, ...fields } = /** @type {Record<string, any>} */ (given);
    super(detail, cause === undefined ? undefined : { cause });
    if (Object.keys(fields).some((name) => !Object.hasOwn(FIELDS, name))) {
      throw new TypeError(`A SendImError has ${Object.keys(FIELDS).join(', ')} and no other fields`);
    }
    const { kind } = Object.assign(this, FIELDS, fields);
    this.exitCode = fields.exitCode ?? native.exitCode(kind);
  }

  /** The sentence. */
  get detail() {
    return this.message;
  }

  toJSON() {
    const members = Object.keys(FIELDS).map((name) => [name, this[name]]);
    return { name: this.name, detail: this.detail, ...Object.fromEntries(members) };
  }
}
Object.defineProperty(SendImError.prototype, 'name', { value: 'SendImError', writable: true, configurable: true });

const invalidInput = (detail) => new SendImError(detail, { kind: 'invalid_input' });

/**
 * The error of a failure of the library.
 *
 * @param {any} failure
 * @param {AbortSignal} [signal]
 * @param {ReadonlyMap<number, unknown>} [thrown] what functions of the program have thrown, by the numbers of the library
 */
function fromFailure({ detail, cause: number, ...fields }, signal, thrown) {
  const cause = fields.kind === 'cancelled' && signal?.aborted ? signal.reason : thrown?.get(number);
  const hops = Object.freeze(fields.hops.map(Object.freeze));
  return new SendImError(detail, { ...fields, hops, cause });
}

/** What a function of the library gives; a failure is thrown. */
function check(given) {
  if (given?.kind !== undefined) {
    throw fromFailure(given);
  }
  return given;
}

/** Where a function was called. Its failure comes on a turn of the event loop that knows nothing of that. */
function callSite(called) {
  const site = { stack: '' };
  Error.captureStackTrace(site, called);
  return site;
}

/** Gives an error of ours the stack of the call. */
function at(error, { stack }) {
  const frames = typeof stack === 'string' ? stack.indexOf('\n    at ') : -1;
  if (error instanceof SendImError && frames !== -1) {
    const value = `${error.name}: ${error.message}${stack.slice(frames)}`;
    Object.defineProperty(error, 'stack', { value, writable: true, configurable: true, enumerable: false });
  }
  return error;
}

module.exports = { SendImError, invalidInput, fromFailure, check, callSite, at };
