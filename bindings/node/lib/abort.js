'use strict';

/** Signals of the program that end a call early. */

const { SendImError } = require('./errors.js');
const { wrongType } = require('./options.js');

/**
 * What to do when a signal is used. It gets one listener for all: Node warns of many.
 *
 * @type {WeakMap<AbortSignal, { cancels: Set<() => void>, listener: () => void }>}
 */
const waiting = new WeakMap();

/**
 * The signal among the options.
 *
 * @param {any} options
 * @returns {AbortSignal | undefined}
 */
function signalOf({ signal }) {
  if (signal === undefined || signal === null) {
    return undefined;
  }
  if (
    typeof signal !== 'object' ||
    typeof signal.aborted !== 'boolean' ||
    typeof signal.addEventListener !== 'function'
  ) {
    throw wrongType('signal', 'an AbortSignal', signal);
  }
  return signal;
}

/**
 * Ends a call before it begins, if its signal was used before.
 *
 * @param {AbortSignal | undefined} signal
 */
function unlessAborted(signal) {
  if (signal?.aborted) {
    const detail = 'The program cancelled the call before it had begun.';
    throw new SendImError(detail, { kind: 'cancelled', cause: signal.reason });
  }
}

/**
 * Calls `cancel` when the signal is used. Given back is what ends that.
 *
 * @param {AbortSignal | undefined} signal
 * @param {() => void} cancel
 * @returns {() => void}
 */
function onAbort(signal, cancel) {
  if (signal === undefined) {
    return () => {};
  }
  let group = waiting.get(signal);
  if (group === undefined) {
    const cancels = new Set([cancel]);
    const listener = () => {
      for (const each of cancels) {
        each();
      }
    };
    group = { cancels, listener };
    waiting.set(signal, group);
    signal.addEventListener('abort', group.listener, { once: true });
  }
  const { cancels, listener } = group;
  cancels.add(cancel);
  return () => {
    cancels.delete(cancel);
    if (cancels.size === 0) {
      signal.removeEventListener('abort', listener);
      waiting.delete(signal);
    }
  };
}

module.exports = { onAbort, signalOf, unlessAborted };
