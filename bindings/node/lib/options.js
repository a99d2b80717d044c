'use strict';

/** Turns the options of a program into those of the library. No error shows a value: it may be one that is secret. */

const { fileURLToPath } = require('node:url');
const { check, invalidInput } = require('./errors.js');
const { native } = require('./native.js');

/** More milliseconds than anybody means: thirty years. */
const LONGEST = 1e12;

/** A longer name, or one with other characters, may be a secret in the wrong place. */
const PLAINLY_A_NAME = /^[A-Za-z_-]{1,20}$/;

const ACCOUNT = [
  'address',
  'username',
  'password',
  'token',
  'server',
  'caFile',
  'tls',
  'trustedDomains',
  'timeout',
  'onStep',
];
const MESSAGE = ['subject', 'importance', 'html', 'wait', 'timeout'];

/**
 * @param {string} name
 * @param {string} wanted
 * @param {unknown} value
 */
function wrongType(name, wanted, value) {
  const got = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
  return Object.assign(new TypeError(`${name} must be ${wanted}, not ${got}`), { code: 'ERR_INVALID_ARG_TYPE' });
}

/**
 * A text that arrives as it is. C would cut it at a NUL, and half a surrogate pair has no UTF-8.
 *
 * @param {string} name
 * @param {unknown} value
 * @returns {string}
 */
function text(name, value) {
  if (typeof value !== 'string') {
    throw wrongType(name, 'a string', value);
  }
  if (value.includes('\0')) {
    throw invalidInput(`The ${name} has a NUL character in it; leave it out.`);
  }
  if (/\p{Surrogate}/u.test(value)) {
    throw invalidInput(`The ${name} has half a surrogate pair in it, which is no character.`);
  }
  return value;
}

/**
 * Whole milliseconds. What is no time at all becomes 0, which the library refuses in its own words.
 *
 * @param {string} name
 * @param {unknown} value
 */
function milliseconds(name, value) {
  if (typeof value !== 'number') {
    throw wrongType(name, 'a number of milliseconds', value);
  }
  if (Number.isNaN(value)) {
    throw invalidInput(`The ${name} is not a number.`);
  }
  return Math.ceil(Math.min(Math.max(value, 0), LONGEST));
}

/**
 * The options as an object in which each name is one of these.
 *
 * @param {unknown} options
 * @param {readonly string[]} known
 * @returns {Record<string, any>}
 */
function named(options, known) {
  if (options === undefined) {
    return {};
  }
  if (typeof options !== 'object' || options === null) {
    throw wrongType('options', 'an object', options);
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const named = PLAINLY_A_NAME.test(unknown) ? `"${unknown}"` : 'of that name';
    throw new TypeError(`There is no option ${named} here; there are ${known.join(', ')}`);
  }
  return options;
}

/**
 * What a value of an account is for the library.
 *
 * @param {string} name
 * @param {any} value
 */
function accountValue(name, value) {
  switch (name) {
    case 'trustedDomains':
      if (!Array.isArray(value)) {
        throw wrongType(name, 'an array of strings', value);
      }
      return value.map((domain) => text(name, domain)).join(',');
    case 'server':
      return text(name, value?.href ?? value);
    case 'caFile':
      return text(name, value?.href ? fileURLToPath(value.href) : value);
    case 'timeout':
      return String(milliseconds(name, value));
    default:
      return text(name, value);
  }
}

/**
 * What a value of a message is for the library.
 *
 * @param {string} name
 * @param {any} value
 */
function messageValue(name, value) {
  if (name === 'html') {
    if (typeof value !== 'boolean') {
      throw wrongType(name, 'a boolean', value);
    }
    return String(value);
  }
  return name === 'timeout' ? String(milliseconds(name, value)) : text(name, value);
}

/** The names of the library. */
const NATIVE = /** @type {Record<string, string>} */ ({
  caFile: 'ca_file',
  trustedDomains: 'trusted_domains',
  timeout: 'timeout_ms',
});

/** Options of the library, freed by `free`. */
class Options {
  handle = native.optionsNew();

  /**
   * @param {string} name
   * @param {string} value
   */
  set(name, value) {
    check(native.optionsSet(this.handle, NATIVE[name] ?? name, value));
  }

  /** @param {Record<string, any>} options */
  account(options) {
    const { server, caFile } = options;
    // A sandbox brings its certificate authority along.
    const sandbox = server !== null && typeof server === 'object' && typeof server.url === 'string' ? server : null;
    const given = sandbox ? { ...options, server: sandbox.url, caFile: caFile ?? sandbox.caFile } : options;
    for (const name of ACCOUNT) {
      const value = given[name];
      // Functions are not for the library: relays.js calls them.
      const calledElsewhere = name === 'onStep' || (name === 'token' && typeof value === 'function');
      if (value !== undefined && value !== null && !calledElsewhere) {
        this.set(name, accountValue(name, value));
      }
    }
    return this;
  }

  /** @param {Record<string, any>} options */
  message(options) {
    for (const name of MESSAGE) {
      const value = options[name];
      if (value !== undefined && value !== null) {
        this.set(name, messageValue(name, value));
      }
    }
    return this;
  }

  free() {
    native.optionsFree(this.handle);
  }
}

/**
 * Lends options to a function.
 *
 * @template T
 * @param {(options: Options) => T} use
 * @returns {T}
 */
function withOptions(use) {
  const options = new Options();
  try {
    return use(options);
  } finally {
    options.free();
  }
}

module.exports = { ACCOUNT, MESSAGE, milliseconds, named, text, withOptions, wrongType };
