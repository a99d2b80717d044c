'use strict';

const { native } = require('./native.js');

/**
 * @typedef {object} Fields
 * @property {string} kind
 * @property {string | null} step
 * @property {'no' | 'maybe'} sent
 * @property {number | null} httpStatus
 * @property {string | null} code
 * @property {string | null} subcode
 * @property {string | null} diagnostics
 * @property {number | null} retryAfter
 * @property {ReadonlyArray<{ url: string, outcome: string }>} hops
 * @property {number} exitCode
 */

const FIELDS = [
  'kind',
  'step',
  'sent',
  'httpStatus',
  'code',
  'subcode',
  'diagnostics',
  'retryAfter',
  'hops',
  'exitCode',
];

/** A call that failed. What each member means is in index.d.ts. */
class SendImError extends Error {
  kind = 'protocol';
  /** @type {string | null} */
  step = null;
  /** @type {'no' | 'maybe'} */
  sent = 'no';
  /** @type {number | null} */
  httpStatus = null;
  /** @type {string | null} */
  code = null;
  /** @type {string | null} */
  subcode = null;
  /** @type {string | null} */
  diagnostics = null;
  /** @type {number | null} */
  retryAfter = null;
  /** @type {ReadonlyArray<{ url: string, outcome: string }>} */
  hops = Object.freeze([]);
  exitCode = 5;

  /**
   * @param {string} detail
   * @param {Partial<Fields> & { cause?: unknown }} [fields]
   */
  constructor(detail, fields = {}) {
    const { cause, ...given } = fields;
    super(detail, cause === undefined ? undefined : { cause });
    if (Object.keys(given).some((name) => !FIELDS.includes(name))) {
      throw new TypeError(`A SendImError has ${FIELDS.join(', ')} and no other fields`);
    }
    Object.assign(this, given);
    this.exitCode = given.exitCode ?? exitCodeOf(this.kind);
  }

  /** The sentence. */
  get detail() {
    return this.message;
  }

  toJSON() {
    const members = FIELDS.map((name) => [name, /** @type {any} */ (this)[name]]);
    return { name: this.name, detail: this.detail, ...Object.fromEntries(members) };
  }
}
Object.defineProperty(SendImError.prototype, 'name', {
  value: 'SendImError',
  writable: true,
  configurable: true,
  enumerable: false,
});

/** @param {string} kind */
function exitCodeOf(kind) {
  const error = native.errorNew(kind, '', false);
  try {
    return error === null ? 5 : native.errorExitCode(error);
  } finally {
    native.errorFree(error);
  }
}

/** @param {string} detail */
const invalidInput = (detail) => new SendImError(detail, { kind: 'invalid_input' });

/**
 * The error of the library's JSON.
 *
 * @param {any} told
 * @param {AbortSignal} [signal]
 * @param {ReadonlyMap<number, unknown>} [thrown] what functions of the program have thrown, by the numbers of the library
 */
function fromJson(told, signal, thrown) {
  const fields = {
    kind: told.kind,
    step: told.step,
    sent: told.sent,
    httpStatus: told.http_status,
    code: told.code,
    subcode: told.subcode,
    diagnostics: told.diagnostics,
    retryAfter: told.retry_after === null ? null : told.retry_after * 1000,
    hops: Object.freeze(told.hops.map((/** @type {any} */ { url, outcome }) => Object.freeze({ url, outcome }))),
    exitCode: told.exit_code,
  };
  const cause = told.kind === 'cancelled' && signal?.aborted ? signal.reason : thrown?.get(told.cause);
  return new SendImError(told.detail, { ...fields, cause });
}

/**
 * Throws what a function of the library has returned, unless it is null.
 *
 * @param {unknown} error
 */
function check(error) {
  if (error !== null) {
    try {
      throw fromJson(JSON.parse(native.errorToJson(error)));
    } finally {
      native.errorFree(error);
    }
  }
}

/**
 * Where a call was made. Its failure comes on a turn of the event loop that knows nothing of that.
 *
 * @param {Function} called the function that the program has called
 * @returns {{ stack?: string }}
 */
function callSite(called) {
  const site = {};
  Error.captureStackTrace(site, called);
  return site;
}

/**
 * Gives an error of ours the stack of the call.
 *
 * @template T
 * @param {T} error
 * @param {{ stack?: string }} site
 * @returns {T}
 */
function at(error, site) {
  const frames = typeof site.stack === 'string' ? site.stack.indexOf('\n    at ') : -1;
  if (error instanceof SendImError && frames !== -1) {
    const value = `${error.name}: ${error.message}${/** @type {string} */ (site.stack).slice(frames)}`;
    Object.defineProperty(error, 'stack', { value, writable: true, configurable: true, enumerable: false });
  }
  return error;
}

module.exports = { SendImError, invalidInput, fromJson, check, callSite, at };
