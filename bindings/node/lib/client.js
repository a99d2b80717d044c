'use strict';

const { signalOf, unlessAborted } = require('./abort.js');
const { at, callSite, check, fromJson, SendImError } = require('./errors.js');
const { handles } = require('./exit.js');
const { theMailbox } = require('./mailbox.js');
const { native } = require('./native.js');
const { ACCOUNT, MESSAGE, milliseconds, named, text, withOptions, wrongType } = require('./options.js');
const { relay } = require('./relays.js');
const { ended, receiptOf, run } = require('./send.js');

/** Only `Client.signIn` makes clients. */
const KEY = Symbol('send-im');

/** One session. See index.d.ts. */
class Client {
  #handle;
  #relays;
  #closed = false;

  /**
   * @param {symbol} key
   * @param {unknown} handle
   * @param {import('./relays.js').Relays} relays
   */
  constructor(key, handle, relays) {
    if (key !== KEY) {
      throw new TypeError('A client is made by Client.signIn');
    }
    this.#handle = handle;
    // The mailbox holds the listeners weakly: they live as long as this object.
    this.#relays = relays;
    handles.add(this, handle, native.clientFree);
  }

  /** @param {Record<string, any>} [options] */
  static signIn(options) {
    return run(Client.signIn, async () => {
      const given = named(options, [...ACCOUNT, 'signal']);
      const signal = signalOf(given);
      /** @type {import('./relays.js').Relays} */
      let relays = { listeners: [], thrown: new Map() };
      const mail = await withOptions((account) => {
        account.account(given);
        unlessAborted(signal);
        relays = relay(account, given, true);
        return theMailbox().call((box, ticket, call) => native.clientSignIn(box, ticket, account.handle, call), {
          signal,
          kept: relays,
        });
      });
      return new Client(KEY, ended(mail, signal, relays.thrown).client, relays);
    });
  }

  #living() {
    return handles.living(this.#handle, 'The client is closed.');
  }

  /** True after `close` and `cancelAll`. */
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
          (box, ticket, call) => native.clientSend(box, ticket, this.#living(), message.handle, recipient, body, call),
          { signal, kept: this },
        );
      });
      return receiptOf(ended(mail, signal, this.#relays.thrown).said.receipt);
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
          (box, ticket, call) => native.clientSendAll(box, ticket, this.#living(), list, call),
          { signal, kept: this },
        );
      } finally {
        native.messagesFree(list);
      }
      const { thrown } = this.#relays;
      const results = ended(mail, signal, thrown).said.results.values();
      return refused.map((reason) => reason ?? settled(results.next().value, site, signal, thrown));
    });
  }

  cancelAll() {
    this.#closed = true;
    check(native.clientCancelAll(this.#living()));
  }

  /** @param {{ timeout?: number | null }} [options] */
  close(options) {
    return run(this.close, async () => {
      const { timeout } = named(options, ['timeout']);
      const bound = timeout === undefined || timeout === null ? -1 : milliseconds('timeout', timeout);
      this.#closed = true;
      const mail = await theMailbox().call(
        (box, ticket, call) => native.clientSignOut(box, ticket, this.#living(), bound, call),
        { kept: this },
      );
      ended(mail, undefined, this.#relays.thrown);
    });
  }

  /** @param {{ timeout?: number | null }} [options] */
  signOut(options) {
    return this.close(options);
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
 * @param {{ stack?: string }} site
 * @param {AbortSignal | undefined} signal
 * @param {ReadonlyMap<number, unknown>} thrown
 * @returns {PromiseSettledResult<any>}
 */
function settled({ error, receipt }, site, signal, thrown) {
  return error === null
    ? { status: 'fulfilled', value: receiptOf(receipt) }
    : { status: 'rejected', reason: at(fromJson(error, signal, thrown), site) };
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

// Node has the symbol since 18.18.
if (Symbol.asyncDispose) {
  Object.defineProperty(Client.prototype, Symbol.asyncDispose, {
    value: dispose,
    writable: true,
    configurable: true,
  });
}

module.exports = { Client };
