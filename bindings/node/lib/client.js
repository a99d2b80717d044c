'use strict';

const { at, callSite, check, fromFailure, SendImError } = require('./errors.js');
const { native } = require('./native.js');
const { ACCOUNT, being, checked, MESSAGE, milliseconds, SIGNAL, text } = require('./options.js');
const { relay } = require('./relays.js');
const { disposable, made, receiptOf, run } = require('./send.js');

/** Only `Client.signIn` makes clients. */
const KEY = Symbol('send-im');

/** One session. See index.d.ts. */
class Client {
  #native;
  #relays;
  #closed = false;

  constructor(key, client, relays) {
    if (key !== KEY) {
      throw new TypeError('A client is made by Client.signIn');
    }
    this.#native = client;
    // The mailbox holds the listeners weakly: they live as long as this object.
    this.#relays = relays;
  }

  static signIn(options) {
    return run(Client.signIn, async () => {
      const { signal, ...given } = checked(options, { ...ACCOUNT, ...SIGNAL });
      const relays = relay(given);
      const account = { ...given, ...relays.options };
      const { client } = await made((inbox, ticket) => native.signIn(inbox, ticket, account), relays, signal);
      return new Client(KEY, client, relays);
    });
  }

  /** True after `close` and `cancelAll`. */
  get closed() {
    return this.#closed;
  }

  send(to, content, options) {
    return run(this.send, async () => {
      const { signal, ...given } = checked(options, { ...MESSAGE, ...SIGNAL });
      const message = { ...given, to: text('recipient', to), text: text('text', content) };
      const send = (inbox, ticket) => this.#native.send(inbox, ticket, message);
      return receiptOf((await this.#made(send, signal)).receipt);
    });
  }

  sendAll(messages, options) {
    const site = callSite(this.sendAll);
    return run(this.sendAll, async () => {
      const { signal } = checked(options, SIGNAL);
      const iterable = being('an iterable of messages', (value) => typeof value?.[Symbol.iterator] === 'function');
      const all = [...iterable('messages', messages)].map(messageOf);
      const good = all.filter((message) => !(message instanceof SendImError));
      const mail = await this.#made((inbox, ticket) => this.#native.sendAll(inbox, ticket, good), signal);
      const outcomes = mail.outcomes.values();
      return all.map((message) => {
        const { receipt, failure } = message instanceof SendImError ? {} : outcomes.next().value;
        if (receipt) {
          return { status: 'fulfilled', value: receiptOf(receipt) };
        }
        const reason = failure ? fromFailure(failure, signal, this.#relays.thrown) : message;
        return { status: 'rejected', reason: at(reason, site) };
      });
    });
  }

  #made(begin, signal) {
    return made(begin, this.#relays, signal, this);
  }

  cancelAll() {
    this.#closed = true;
    check(this.#native.cancelAll());
  }

  close(options) {
    return run(this.close, async () => {
      const { timeout } = checked(options, { timeout: milliseconds });
      this.#closed = true;
      await this.#made((inbox, ticket) => this.#native.close(inbox, ticket, timeout), undefined);
    });
  }

  signOut(options) {
    return this.close(options);
  }
}

const ENTRY = { ...MESSAGE, to: (_, value) => text('recipient', value), text };

/** A message for the library, or why it is refused already. */
function messageOf(message) {
  try {
    const { to, text: content } = being('an object', (value) => typeof value === 'object')('A message', message);
    return { ...checked(message, ENTRY), to: text('recipient', to), text: text('text', content) };
  } catch (error) {
    if (error instanceof SendImError) {
      return error;
    }
    throw error;
  }
}

/**
 * What the end of a scope does. It fails never: it would hide what the scope has failed with.
 *
 * @this {Client}
 */
async function dispose() {
  try {
    await this.close();
  } catch (error) {
    if (!(error instanceof SendImError)) {
      throw error;
    }
    process.emitWarning(`A session was not closed: ${error.message}`, 'SendImWarning');
  }
}

disposable(Client, dispose);

module.exports = { Client };
