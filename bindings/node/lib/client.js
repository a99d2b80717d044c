'use strict';

const { signalOf, unlessAborted } = require('./abort.js');
const { at, callSite, check, fromJson } = require('./errors.js');
const { handles } = require('./exit.js');
const { theMailbox } = require('./mailbox.js');
const { native } = require('./native.js');
const { ACCOUNT, MESSAGE, named, text, withOptions, wrongType } = require('./options.js');
const { relay } = require('./relays.js');
const { ended, receiptOf, run } = require('./send.js');

/** Only `Client.signIn` makes clients. */
const KEY = Symbol('send-im');

/** One session. See index.d.ts. */
class Client {
  #handle;
  #closed = false;

  /**
   * @param {symbol} key
   * @param {unknown} handle
   * @param {unknown[]} relays
   */
  constructor(key, handle, relays) {
    if (key !== KEY) {
      throw new TypeError('A client is made by Client.signIn');
    }
    this.#handle = handle;
    // The mailbox holds them weakly: they live as long as this object.
    Object.defineProperty(this, KEY, { value: relays });
    handles.add(this, handle, native.clientFree);
  }

  /** @param {Record<string, any>} [options] */
  static signIn(options) {
    return run(Client.signIn, async () => {
      const given = named(options, [...ACCOUNT, 'signal']);
      const signal = signalOf(given);
      /** @type {unknown[]} */
      let relays = [];
      const mail = await withOptions((account) => {
        account.account(given);
        unlessAborted(signal);
        relays = relay(account, given, true);
        return theMailbox().call((box, ticket, call) => native.clientSignIn(box, ticket, account.handle, call), {
          signal,
          kept: relays,
        });
      });
      return new Client(KEY, ended(mail, signal).client, relays);
    });
  }

  /** True after `signOut`. */
  get closed() {
    return this.#closed;
  }

  /**
   * @param {string} to
   * @param {string} content
   * @param {Record<string, any>} [options]
   */
  send(to, content, options) {
    return run(this.send, async () => {
      const given = named(options, [...MESSAGE, 'signal']);
      const [recipient, body, signal] = [text('recipient', to), text('text', content), signalOf(given)];
      const mail = await withOptions((message) => {
        message.message(given);
        unlessAborted(signal);
        return theMailbox().call(
          (box, ticket, call) => native.clientSend(box, ticket, this.#handle, message.handle, recipient, body, call),
          { signal, kept: this },
        );
      });
      return receiptOf(ended(mail, signal).said.receipt);
    });
  }

  /**
   * @param {Iterable<any>} messages
   * @param {Record<string, any>} [options]
   */
  sendAll(messages, options) {
    const site = callSite(this.sendAll);
    return run(this.sendAll, async () => {
      const signal = signalOf(named(options, ['signal']));
      const mine = [...entriesOf(messages)];
      /** @type {Array<PromiseSettledResult<any> | undefined>} */
      const refused = mine.map(() => undefined);
      const list = native.messagesNew();
      let mail;
      try {
        mine.forEach((message, index) => {
          refused[index] = add(list, message, site);
        });
        unlessAborted(signal);
        mail = await theMailbox().call(
          (box, ticket, call) => native.clientSendAll(box, ticket, this.#handle, list, call),
          { signal, kept: this },
        );
      } finally {
        native.messagesFree(list);
      }
      const results = ended(mail, signal).said.results.values();
      return refused.map((reason) => reason ?? settled(results.next().value, signal, site));
    });
  }

  signOut() {
    return run(this.signOut, async () => {
      this.#closed = true;
      const mail = await theMailbox().call(
        (box, ticket, call) => native.clientSignOut(box, ticket, this.#handle, call),
        { kept: this },
      );
      ended(mail);
    });
  }
}

/** @param {any} messages */
function entriesOf(messages) {
  if (messages === null || messages === undefined || typeof messages[Symbol.iterator] !== 'function') {
    throw wrongType('messages', 'an iterable of messages', messages);
  }
  return messages;
}

/**
 * Puts a message into a list. Given back is its result where it is refused already.
 *
 * @param {unknown} list
 * @param {any} message
 * @param {{ stack?: string }} site
 * @returns {PromiseRejectedResult | undefined}
 */
function add(list, message, site) {
  const { to, text: content, ...options } = named(message, ['to', 'text', ...MESSAGE]);
  try {
    const [recipient, body] = [text('recipient', to), text('text', content)];
    withOptions((each) => check(native.messagesAdd(list, each.message(options).handle, recipient, body)));
    return undefined;
  } catch (error) {
    if (error instanceof TypeError) {
      throw error;
    }
    return { status: 'rejected', reason: at(error, site) };
  }
}

/**
 * @param {any} result
 * @param {AbortSignal | undefined} signal
 * @param {{ stack?: string }} site
 * @returns {PromiseSettledResult<any>}
 */
function settled({ error, receipt }, signal, site) {
  return error === null
    ? { status: 'fulfilled', value: receiptOf(receipt) }
    : { status: 'rejected', reason: at(fromJson(error, signal), site) };
}

// Node has the symbol since 18.18.
if (Symbol.asyncDispose) {
  Object.defineProperty(Client.prototype, Symbol.asyncDispose, {
    value: Client.prototype.signOut,
    writable: true,
    configurable: true,
  });
}

module.exports = { Client };
