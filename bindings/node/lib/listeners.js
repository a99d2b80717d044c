'use strict';

/** What the library tells during a call, on its way to the functions of the program. */

const { AsyncResource } = require('node:async_hooks');
const diagnostics = require('node:diagnostics_channel');
const {
  debuglog,
  inspect,
  types: { isNativeError },
} = require('node:util');
const { SendImError } = require('./results.js');
const { milliseconds, text, wrongType } = require('./options.js');
const { isEnding, listen } = require('./queue.js');

const log = debuglog('send-im');
/** Looked up each time: before Node 18.20 a channel that lost its last subscriber may be replaced. */
const channel = () => diagnostics.channel('send-im:step');

/** How many of the errors a token function threw are kept. More than the sends of one client that wait for a token. */
const KEPT = 64;

/** A step as in index.d.ts. */
const stepOf = ({ step, host, status, elapsed_ms: elapsed }) => Object.freeze({ step, host, status, elapsed });

/** Tells each step to the log, the channel and the function. */
function stepListener(onStep) {
  const told = onStep && AsyncResource.bind(onStep);
  let warned = false;
  const warn = (thrown) => {
    if (!warned) {
      warned = true;
      const what = isNativeError(thrown) ? `${thrown}` : inspect(thrown);
      process.emitWarning(`onStep threw ${what} (reported once; the call goes on)`, 'SendImWarning');
    }
  };
  return ({ data }) => {
    const step = stepOf(data);
    log('%s: %s answered %s after %s ms', step.step, step.host, step.status ?? 'nothing', step.elapsed.toFixed(1));
    channel().publish(step);
    try {
      told?.(step)?.then?.(undefined, warn);
    } catch (thrown) {
      warn(thrown);
    }
  };
}

/** Where tokens are waited for: also by a promise that nobody refers to. */
const asked = new Set();

/** What a token function of this thread has thrown in all. Each gets a number, by which the library speaks of it. */
let numbers = 0;

/**
 * Asks the function for a token whenever one is wanted.
 *
 * @param {Map<number, unknown>} thrown gets what the function has thrown lately
 */
function tokenListener(source, thrown) {
  const ask = AsyncResource.bind(source);
  return ({ data, reply }) => {
    asked.add(reply);
    const refuse = (why) => {
      asked.delete(reply);
      thrown.set(++numbers, why);
      if (thrown.size > KEPT) thrown.delete(/** @type {number} */ (thrown.keys().next().value));
      // Its text may hold anything.
      reply.fail(`the token function failed (${isNativeError(why) ? why.name : typeof why})`, numbers);
    };
    const answer = (given) => {
      try {
        const token = typeof given === 'string' ? { value: given } : given;
        if (typeof token?.value !== 'string') {
          throw wrongType('What the token function returns', 'a string or an object with a value', token);
        }
        const { value, expiresIn } = token;
        const lifetime = (expiresIn ?? null) === null ? undefined : milliseconds('expiresIn', expiresIn);
        reply.resolve(text('token', value), lifetime);
        asked.delete(reply);
      } catch (why) {
        refuse(why);
      }
    };
    try {
      const given = ask(Object.freeze(data));
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
 * Listens for the functions of a program, as long as what is returned lives.
 *
 * @param {Record<string, any>} given
 */
function listenFor({ onStep, token }) {
  /** @type {Map<number, unknown>} */
  const thrown = new Map();
  const steps = onStep || log.enabled || channel().hasSubscribers ? stepListener(onStep) : undefined;
  const tokens = typeof token === 'function' ? tokenListener(token, thrown) : undefined;
  return {
    /** What the token function has thrown lately, by the numbers of the library. */
    thrown,
    listeners: [steps, tokens],
    /** For the library. */
    options: { token: tokens ? undefined : token, steps: steps && listen(steps), tokens: tokens && listen(tokens) },
  };
}

module.exports = { listenFor, stepOf };
