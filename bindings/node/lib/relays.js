'use strict';

/** What the library tells during a call, on its way to the functions of the program. */

const { AsyncResource } = require('node:async_hooks');
const diagnostics = require('node:diagnostics_channel');
const {
  debuglog,
  types: { isNativeError },
} = require('node:util');
const { SendImError } = require('./errors.js');
const { atWorkerExit, isEnding } = require('./exit.js');
const { text, milliseconds, wrongType } = require('./options.js');
const { theMailbox } = require('./mailbox.js');
const { native } = require('./native.js');

const log = debuglog('send-im');
/** Looked up each time: before Node 18.20 a channel that lost its last subscriber may be replaced. */
const channel = () => diagnostics.channel('send-im:step');

/** How many of the errors a token function threw are kept. More than the sends of one client that wait for a token. */
const KEPT = 64;

/** Where a token is waited for. At the end of a worker nobody shall wait. */
const asked = new Set();
atWorkerExit(() => {
  for (const reply of asked) {
    native.tokenReplyFail(reply, 'the program is ending', 0);
  }
  asked.clear();
});

/**
 * @typedef {object} Relays
 * @property {unknown[]} listeners
 * @property {Map<number, unknown>} thrown what the token function has thrown lately
 */

/**
 * The name of what was thrown. Its text may hold anything.
 *
 * @param {unknown} thrown
 */
const nameOf = (thrown) => (isNativeError(thrown) ? thrown.name : typeof thrown);

/** @param {unknown} thrown */
function warn(thrown) {
  process.emitWarning(`The onStep function failed (${nameOf(thrown)}); the call goes on.`, 'SendImWarning');
}

/**
 * @param {any} said
 * @returns {Readonly<{ step: string, host: string, status: number | null, elapsed: number }>}
 */
const stepOf = ({ step, host, status, elapsed_ms: elapsed }) => Object.freeze({ step, host, status, elapsed });

/**
 * Tells each step to the log, the channel and the function.
 *
 * @param {Function | undefined} onStep
 */
function stepListener(onStep) {
  const told = onStep && AsyncResource.bind(/** @type {(...given: any[]) => any} */ (onStep));
  return (/** @type {any} */ said) => {
    const step = stepOf(said);
    log('%s: %s answered %s after %s ms', step.step, step.host, step.status ?? 'nothing', step.elapsed.toFixed(1));
    channel().publish(step);
    try {
      const later = told?.(step);
      if (typeof later?.then === 'function') {
        later.then(undefined, warn);
      }
    } catch (thrown) {
      warn(thrown);
    }
  };
}

/**
 * What to give to the library for a token.
 *
 * @param {any} token
 * @returns {[string, number]}
 */
function tokenOf(token) {
  if (typeof token === 'string') {
    return [text('token', token), 0];
  }
  if (token === null || typeof token !== 'object' || typeof token.value !== 'string') {
    throw wrongType('What the token function returns', 'a string or an object with a value', token);
  }
  const lifetime = token.expiresIn ?? null;
  return [text('token', token.value), lifetime === null ? 0 : milliseconds('expiresIn', lifetime)];
}

/** What a token function of this thread has thrown in all. Each gets a number, by which the library speaks of it. */
let numbers = 0;

/**
 * Asks the function for a token whenever one is wanted.
 *
 * @param {Function} source
 * @param {Map<number, unknown>} thrown gets what the function has thrown lately
 */
function tokenListener(source, thrown) {
  const ask = AsyncResource.bind(/** @type {(...given: any[]) => any} */ (source));
  return (/** @type {any} */ said, /** @type {() => unknown} */ takeReply) => {
    const reply = takeReply();
    asked.add(reply);
    const refuse = (/** @type {unknown} */ why) => {
      if (asked.delete(reply)) {
        thrown.set(++numbers, why);
        if (thrown.size > KEPT) {
          thrown.delete(/** @type {number} */ (thrown.keys().next().value));
        }
        native.tokenReplyFail(reply, `the token function failed (${nameOf(why)})`, numbers);
      }
    };
    const answer = (/** @type {unknown} */ given) => {
      try {
        const [token, lifetime] = tokenOf(given);
        if (asked.delete(reply)) {
          native.tokenReplyResolve(reply, token, lifetime);
        }
      } catch (why) {
        refuse(why);
      }
    };
    const request = Object.freeze({
      origin: said.origin,
      authorizationUri: said.authorization_uri,
      clientId: said.client_id,
      trustedIssuers: said.trusted_issuers,
      rejected: said.rejected,
    });
    try {
      const given = ask(request);
      if (typeof given?.then !== 'function') {
        answer(given);
      } else if (isEnding()) {
        throw new SendImError('At the end of the program a token function must answer at once.');
      } else {
        given.then(answer, refuse);
      }
    } catch (why) {
      refuse(why);
    }
  };
}

/**
 * Connects the functions of a program with options of the library.
 *
 * The listeners that are returned keep them alive: the mailbox does so only where `weak` is false. A client that nobody
 * refers to must not be kept by its own functions.
 *
 * @param {{ handle: unknown }} options
 * @param {{ onStep?: Function, token?: unknown }} given
 * @param {boolean} weak
 * @returns {Relays}
 */
function relay(options, { onStep, token }, weak) {
  if (onStep !== undefined && typeof onStep !== 'function') {
    throw wrongType('onStep', 'a function', onStep);
  }
  /** @type {Relays} */
  const relays = { listeners: [], thrown: new Map() };
  const held = (/** @type {any} */ listener) => {
    relays.listeners.push(listener);
    return weak ? new WeakRef(listener) : { deref: () => listener };
  };
  if (onStep || log.enabled || channel().hasSubscribers) {
    const listener = held(stepListener(onStep));
    theMailbox().listen(listener, (box, ticket) => native.optionsSteps(options.handle, box, ticket));
  }
  if (typeof token === 'function') {
    const listener = held(tokenListener(token, relays.thrown));
    theMailbox().listen(listener, (box, ticket) => native.optionsTokens(options.handle, box, ticket));
  }
  return relays;
}

module.exports = { relay, stepOf };
