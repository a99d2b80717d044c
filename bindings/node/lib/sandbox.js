'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { signalOf, unlessAborted } = require('./abort.js');
const { check, invalidInput, SendImError } = require('./errors.js');
const { handles } = require('./exit.js');
const { native, takeText } = require('./native.js');
const { milliseconds, named, text, wrongType } = require('./options.js');
const { run } = require('./send.js');

/** Only `Sandbox.start` makes sandboxes. */
const KEY = Symbol('send-im');

/** How often a sandbox is asked whether the messages are there, in milliseconds. */
const LOOK = 5;

/** The options of the library by ours, with what makes a value of each. */
const OPTIONS = /** @type {Record<string, [string, (name: string, value: any) => any]>} */ ({
  layout: ['layout', text],
  https: ['https', truth],
  listen: ['listen', text],
  ring: ['ring_ms', milliseconds],
  slow: ['slow_ms', milliseconds],
  tokenLifetime: ['token_lifetime_ms', milliseconds],
  pollTimeout: ['poll_timeout_ms', milliseconds],
  users: ['users', passwords],
  redirectTo: ['redirect_to', text],
  hostName: ['host_name', text],
});

/**
 * @param {string} name
 * @param {unknown} value
 */
function truth(name, value) {
  if (typeof value !== 'boolean') {
    throw wrongType(name, 'a boolean', value);
  }
  return value;
}

/**
 * @param {string} name
 * @param {unknown} value
 */
function passwords(name, value) {
  if (typeof value !== 'object' || value === null) {
    throw wrongType(name, 'an object with a password for each address', value);
  }
  return Object.entries(value).map(([address, password]) => ({ address, password: text('password', password) }));
}

/** @param {any} told */
function deliveredOf(told) {
  const { accepted_by: acceptedBy, thread_id: threadId, received_at: receivedAt, ...rest } = told;
  return Object.freeze({
    ...rest,
    acceptedBy,
    threadId,
    importance: told.importance.toLowerCase(),
    format: told.format.replace('text/', ''),
    receivedAt: new Date(receivedAt),
  });
}

/** A server that behaves like a pool. See index.d.ts. */
class Sandbox {
  #handle;
  #url;
  #caFile;

  /**
   * @param {symbol} key
   * @param {unknown} handle
   */
  constructor(key, handle) {
    if (key !== KEY) {
      throw new TypeError('A sandbox is made by Sandbox.start');
    }
    this.#handle = handle;
    this.#url = native.sandboxUrl(handle);
    this.#caFile = native.sandboxCaFile(handle);
    handles.add(this, handle, native.sandboxFree);
  }

  /** @param {Record<string, any>} [options] */
  static start(options) {
    return run(Sandbox.start, async () => {
      const given = named(options, Object.keys(OPTIONS));
      const members = Object.entries(given)
        .filter(([, value]) => value !== undefined && value !== null)
        .map(([name, value]) => [OPTIONS[name][0], OPTIONS[name][1](name, value)]);
      const out = [null];
      check(native.sandboxStart(JSON.stringify(Object.fromEntries(members)), out));
      return new Sandbox(KEY, out[0]);
    });
  }

  get url() {
    return this.#url;
  }

  get caFile() {
    return handles.has(this.#handle) ? this.#caFile : null;
  }

  /** @param {string} address */
  inbox(address) {
    return this.#delivered(text('address', address));
  }

  messages() {
    return this.#delivered(null);
  }

  /**
   * @param {number} count
   * @param {{ timeout?: number, signal?: AbortSignal }} [options]
   */
  waitFor(count, options) {
    return run(this.waitFor, async () => {
      const given = named(options, ['timeout', 'signal']);
      const signal = signalOf(given);
      const patience = milliseconds('timeout', given.timeout ?? 10_000);
      if (!Number.isSafeInteger(count) || count < 0) {
        throw invalidInput('The count is not a whole number.');
      }
      const deadline = performance.now() + patience;
      for (;;) {
        unlessAborted(signal);
        try {
          check(native.sandboxWaitFor(this.#living(), count, 0, null));
          return this.messages();
        } catch (error) {
          const early = error instanceof SendImError && error.kind === 'timeout' && performance.now() < deadline;
          if (!early) {
            throw error;
          }
        }
        await sleep(LOOK);
      }
    });
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   */
  request(method, path, body) {
    const json = body === undefined ? null : JSON.stringify(body);
    const [verb, place] = [text('method', method), text('path', path)];
    return this.#ask((out) => native.sandboxRequest(this.#living(), verb, place, json, out));
  }

  /**
   * @param {string} route
   * @param {any} action
   * @param {{ skip?: number, times?: number }} [options]
   */
  addFault(route, action, options) {
    const { skip = 0, times = 1 } = named(options, ['skip', 'times']);
    check(native.sandboxAddFault(this.#living(), JSON.stringify({ route, action, skip, times })));
  }

  clearFaults() {
    this.request('DELETE', 'faults');
  }

  async stop() {
    handles.close(this, this.#handle);
  }

  /** @param {string | null} address */
  #delivered(address) {
    return this.#ask((out) => native.sandboxInbox(this.#living(), address, out)).map(deliveredOf);
  }

  /**
   * @param {(out: unknown[]) => unknown} question
   * @returns {any}
   */
  #ask(question) {
    const out = [null];
    check(question(out));
    const answer = takeText(out[0]);
    return answer === '' ? undefined : JSON.parse(answer);
  }

  #living() {
    return handles.living(this.#handle, 'The sandbox is stopped.');
  }
}

// Node has the symbol since 18.18.
if (Symbol.asyncDispose) {
  Object.defineProperty(Sandbox.prototype, Symbol.asyncDispose, {
    value: Sandbox.prototype.stop,
    writable: true,
    configurable: true,
  });
}

module.exports = { Sandbox };
