'use strict';

/** Signals of the program that end a call early. */

const { setMaxListeners } = require('node:events');
const { SendImError } = require('./errors.js');

/** Ends a call before it begins, if its signal was used before. */
function unlessAborted(signal) {
  if (signal?.aborted) {
    const detail = 'The program cancelled the call before it had begun.';
    throw new SendImError(detail, { kind: 'cancelled', cause: signal.reason });
  }
}

/** Calls `cancel` when the signal is used. Given back is what ends that. */
function onAbort(signal, cancel) {
  if (signal instanceof EventTarget) {
    // Any number of calls may have one signal, and each takes its listener away.
    setMaxListeners(0, signal);
  }
  signal?.addEventListener('abort', cancel, { once: true });
  return () => signal?.removeEventListener('abort', cancel);
}

module.exports = { onAbort, unlessAborted };
