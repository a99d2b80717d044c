'use strict';

/** Checks the options of a program, and makes those of the library of them. No error shows a value: it may be secret. */

const { fileURLToPath } = require('node:url');
const { invalidInput } = require('./results.js');

/** More milliseconds than anybody means: thirty years. */
const LONGEST = 1e12;

/** A longer name, or one with other characters, may be a secret in the wrong place. */
const PLAINLY_A_NAME = /^[A-Za-z_-]{1,20}$/;

function wrongType(name, wanted, value) {
  const got = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
  return Object.assign(new TypeError(`${name} must be ${wanted}, not ${got}`), { code: 'ERR_INVALID_ARG_TYPE' });
}

/** @typedef {(name: string, value: any) => any} Check throws, or gives the value for the library */

/** A text that arrives as it is. Servers and files cut it at a NUL, and half a surrogate pair has no UTF-8. */
function text(name, value) {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
  if (value.includes('\0')) throw invalidInput(`The ${name} has a NUL character in it; leave it out.`);
  if (/\p{Surrogate}/u.test(value)) {
    throw invalidInput(`The ${name} has half a surrogate pair in it, which is no character.`);
  }
  return value;
}

/** Whole milliseconds. What is no time at all becomes 0, which the library refuses in its own words. */
function milliseconds(name, value) {
  if (typeof value !== 'number') throw wrongType(name, 'a number of milliseconds', value);
  if (Number.isNaN(value)) throw invalidInput(`The ${name} is not a number.`);
  return Math.ceil(Math.min(Math.max(value, 0), LONGEST));
}

/** A check that a value is of a type of JavaScript, and nothing else. */
const being = (wanted, fits) => (name, value) => {
  if (!fits(value)) throw wrongType(name, wanted, value);
  return value;
};

const object = being('an object', (value) => typeof value === 'object' && value !== null);
const truth = being('a boolean', (value) => typeof value === 'boolean');
const list = being('an array of strings', Array.isArray);

const SIGNAL = { signal: being('an AbortSignal', (value) => typeof value?.addEventListener === 'function') };

/** @type {Record<string, Check>} */
const ACCOUNT = {
  address: text,
  username: text,
  password: text,
  token: (name, value) => (typeof value === 'function' ? value : text(name, value)),
  server: (name, value) => text(name, value?.href ?? value),
  caFile: (name, value) => text(name, value?.href ? fileURLToPath(value.href) : value),
  tls: text,
  trustedDomains: (name, value) => list(name, value).map((domain) => text(name, domain)),
  onStep: being('a function', (value) => typeof value === 'function'),
};

/** @type {Record<string, Check>} */
const MESSAGE = { subject: text, importance: text, html: truth, wait: text, timeout: milliseconds };

/** The options that are given, checked. */
function checked(options = {}, known) {
  const unknown = Object.keys(object('options', options)).find((name) => !Object.hasOwn(known, name));
  if (unknown !== undefined) {
    const named = PLAINLY_A_NAME.test(unknown) ? `"${unknown}"` : 'of that name';
    const told = `There is no option ${named} here; there are ${Object.keys(known).join(', ')}`;
    throw Object.assign(new TypeError(told), { code: 'ERR_SEND_IM_UNKNOWN_OPTION' });
  }
  // A sandbox brings its certificate authority along.
  const { server, caFile } = options;
  const given =
    typeof server?.url === 'string' ? { ...options, server: server.url, caFile: caFile ?? server.caFile } : options;
  const members = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(members.map(([name, value]) => [name, known[name](name, value)]));
}

/** A message, given as `(to, text, options)`, or as one object and the options besides it. @returns {any} */
function messageOf(known, to, content, options) {
  const whole = typeof to === 'object' && to !== null;
  const { to: recipient, text: said, ...more } = whole ? to : { to, text: content };
  const given = { ...checked(whole ? content : options, known), ...checked(more, MESSAGE) };
  return { ...given, to: text('recipient', recipient), text: text('text', said) };
}

module.exports = { ACCOUNT, MESSAGE, SIGNAL, being, checked, messageOf, milliseconds, object, text, truth, wrongType };
