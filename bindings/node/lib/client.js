'use strict';

const { inspect } = require('node:util');
const { check, fromFailure, Receipt, run, SendImError, unlessAborted } = require('./results.js');
const { listenFor, stepOf } = require('./listeners.js');
const { native } = require('./native.js');
const { ACCOUNT, being, checked, MESSAGE, messageOf, milliseconds, object, SIGNAL } = require('./options.js');
const { call } = require('./queue.js');

/** Only `Client.signIn` makes clients. */
const KEY = Symbol('send-im');

const iterable = being('an iterable of messages', (value) => typeof value?.[Symbol.iterator] === 'function');

function receiptOf({ to, accepted_by: acceptedBy, thread_id: threadId, steps, ...fields }) {
  return new Receipt(to, { ...fields, acceptedBy, threadId, steps: Object.freeze(steps.map(stepOf)) });
}

/** Makes a call of the library. Its failure is thrown. */
async function made(begin, listening, signal, kept = listening) {
  unlessAborted(signal);
  const { data, client } = await call(begin, signal, kept);
  return client ?? check(data, signal, listening.thrown);
}

/** Signs in, sends one message, waits for its delivery and signs out. See index.d.ts. */
function sendIm(to, text, options) {
  return run(sendIm, async () => {
    const { signal, ...given } = messageOf({ ...ACCOUNT, ...MESSAGE, ...SIGNAL }, to, text, options);
    const listening = listenFor(given);
    const account = { ...given, ...listening.options };
    return receiptOf((await made((queue, id) => native.send(queue, id, account, given), listening, signal)).receipt);
  });
}

/** One session. See index.d.ts. */
class Client {
  #native;
  #listening;
  #closed = false;

  constructor(key, client, listening) {
    if (key !== KEY) throw new TypeError('A client is made by Client.signIn');
    this.#native = client;
    // The queue holds the listeners weakly: they live as long as this object.
    this.#listening = listening;
  }

  static signIn(options) {
    return run(Client.signIn, async () => {
      const known = { ...ACCOUNT, signInTimeout: milliseconds, ...SIGNAL };
      const { signal, signInTimeout: timeout, ...given } = checked(options, known);
      const listening = listenFor(given);
      const account = { ...given, timeout, ...listening.options };
      const client = await made((queue, id) => native.signIn(queue, id, account), listening, signal);
      return new Client(KEY, client, listening);
    });
  }

  get address() {
    return this.#native.address;
  }

  get closed() {
    return this.#closed;
  }

  send(to, text, options) {
    return run(this.send, async () => {
      const { signal, ...message } = messageOf({ ...MESSAGE, ...SIGNAL }, to, text, options);
      const [{ value, reason }] = await this.#send([message], false, signal);
      if (reason) throw reason;
      return value;
    });
  }

  sendAll(messages, options) {
    return run(this.sendAll, async (placed) => {
      const { signal } = checked(options, SIGNAL);
      const all = [...iterable('messages', messages)].map(messageOrRefusal);
      const good = all.filter((message) => !(message instanceof SendImError));
      const sent = (await this.#send(good, true, signal)).values();
      const refused = (reason) => ({ status: 'rejected', reason });
      const results = all.map((one) => (one instanceof SendImError ? refused(one) : sent.next().value));
      for (const { reason } of results) placed(reason);
      return results;
    });
  }

  /** @returns {Promise<any[]>} what became of each message */
  async #send(messages, inTurn, signal) {
    const begin = (queue, id) => this.#native.send(queue, id, messages, inTurn);
    const outcomes = await made(begin, this.#listening, signal, this);
    return outcomes.map((outcome) =>
      outcome.receipt
        ? { status: 'fulfilled', value: receiptOf(outcome.receipt) }
        : { status: 'rejected', reason: fromFailure(outcome, signal, this.#listening.thrown) },
    );
  }

  cancelAll() {
    this.#closed = true;
    check(this.#native.cancelAll());
  }

  close(options) {
    return run(this.close, async () => {
      const { timeout } = checked(options, { timeout: milliseconds });
      this.#closed = true;
      await made((queue, id) => this.#native.close(queue, id, timeout), this.#listening, undefined, this);
    });
  }

  /** It fails never: that would hide what the scope has failed with. */
  async [Symbol.asyncDispose]() {
    try {
      await this.close();
    } catch (error) {
      process.emitWarning(`A session was not closed: ${/** @type {Error} */ (error).message}`, 'SendImWarning');
    }
  }

  [inspect.custom](_, options) {
    const { address, closed } = this;
    return `Client ${inspect({ address, closed }, options)}`;
  }
}

/** A message for the library, or why it is refused already. */
function messageOrRefusal(message) {
  try {
    return messageOf({}, object('A message', message));
  } catch (error) {
    if (error instanceof SendImError) return error;
    throw error;
  }
}

module.exports = { Client, sendIm };
