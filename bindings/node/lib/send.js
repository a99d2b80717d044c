'use strict';

const { unlessAborted } = require('./abort.js');
const { at, callSite, fromFailure } = require('./errors.js');
const { theMailbox } = require('./mailbox.js');
const { native } = require('./native.js');
const { ACCOUNT, checked, MESSAGE, SIGNAL, text } = require('./options.js');
const { Receipt } = require('./receipt.js');
const { relay } = require('./relays.js');

function receiptOf({ to, steps, ...fields }) {
  return new Receipt(to, { ...fields, steps: Object.freeze(steps.map((step) => Object.freeze(step))) });
}

/** Runs the body of a public function. What it throws gets the stack of the call. */
async function run(called, body) {
  const site = callSite(called);
  try {
    return await body();
  } catch (error) {
    throw at(error, site);
  }
}

/** Has the end of an `await using` scope call this method. Node has the symbol since 18.18 and 20.4. */
function disposable({ prototype }, value) {
  if (Symbol.asyncDispose) {
    Object.defineProperty(prototype, Symbol.asyncDispose, { value, writable: true, configurable: true });
  }
}

/** Makes a call of the library. Its failure is thrown. */
async function made(begin, relays, signal, kept = relays) {
  unlessAborted(signal);
  const mail = await theMailbox().call(begin, signal, kept);
  if (mail.failure) {
    throw fromFailure(mail.failure, signal, relays.thrown);
  }
  return mail;
}

/** Signs in, sends one message, waits for its delivery and signs out. See index.d.ts. */
function sendIm(to, content, options) {
  return run(sendIm, async () => {
    const { signal, ...given } = checked(options, { ...ACCOUNT, ...MESSAGE, ...SIGNAL });
    const message = { ...given, to: text('recipient', to), text: text('text', content) };
    const relays = relay(given);
    const account = { ...given, ...relays.options };
    const send = (inbox, ticket) => native.send(inbox, ticket, account, message);
    return receiptOf((await made(send, relays, signal)).receipt);
  });
}

module.exports = { disposable, made, receiptOf, run, sendIm };
