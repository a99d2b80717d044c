'use strict';

const { signalOf, unlessAborted } = require('./abort.js');
const { at, callSite, fromJson } = require('./errors.js');
const { theMailbox } = require('./mailbox.js');
const { native } = require('./native.js');
const { ACCOUNT, MESSAGE, named, text, withOptions } = require('./options.js');
const { Receipt } = require('./receipt.js');
const { relay, stepOf } = require('./relays.js');

/**
 * @param {any} told
 */
function receiptOf(told) {
  return new Receipt(told.to, {
    acceptedBy: told.accepted_by,
    evidence: told.evidence,
    format: told.format,
    threadId: told.thread_id,
    steps: Object.freeze(told.steps.map(stepOf)),
  });
}

/**
 * Runs the body of a public function. What it throws gets the stack of the call.
 *
 * @template T
 * @param {Function} called
 * @param {() => Promise<T>} body
 * @returns {Promise<T>}
 */
async function run(called, body) {
  const site = callSite(called);
  try {
    return await body();
  } catch (error) {
    throw at(error, site);
  }
}

/**
 * What a call has ended with; its failure is thrown.
 *
 * @param {import('./mailbox.js').Mail} mail
 * @param {AbortSignal} [signal]
 * @param {ReadonlyMap<number, unknown>} [thrown]
 */
function ended(mail, signal, thrown) {
  if (mail.said.error !== null) {
    throw fromJson(mail.said.error, signal, thrown);
  }
  return mail;
}

/**
 * Signs in, sends one message, waits for its delivery and signs out. See index.d.ts.
 *
 * @param {string} to
 * @param {string} content
 * @param {Record<string, any>} [options]
 */
function sendIm(to, content, options) {
  return run(sendIm, async () => {
    const given = named(options, [...new Set([...ACCOUNT, ...MESSAGE, 'signal'])]);
    const [recipient, body, signal] = [text('recipient', to), text('text', content), signalOf(given)];
    /** @type {Map<number, unknown> | undefined} */
    let thrown;
    const mail = await withOptions((native_options) => {
      native_options.account(given).message(given);
      unlessAborted(signal);
      ({ thrown } = relay(native_options, given, false));
      const begin = (/** @type {unknown} */ box, /** @type {number} */ ticket, /** @type {unknown[]} */ call) =>
        native.sendIm(box, ticket, native_options.handle, recipient, body, call);
      return theMailbox().call(begin, { signal });
    });
    return receiptOf(ended(mail, signal, thrown).said.receipt);
  });
}

module.exports = { ended, receiptOf, run, sendIm };
