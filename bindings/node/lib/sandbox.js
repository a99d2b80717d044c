'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { unlessAborted } = require('./abort.js');
const { check, invalidInput, SendImError } = require('./errors.js');
const { native } = require('./native.js');
const { being, checked, milliseconds, SIGNAL, text, truth } = require('./options.js');
const { disposable, run } = require('./send.js');

/** Only `Sandbox.start` makes sandboxes. */
const KEY = Symbol('send-im');

/** How often a sandbox is asked whether the messages are there, in milliseconds. */
const LOOK = 5;

const anObject = being('an object with a password for each address', (value) => typeof value === 'object');

const OPTIONS = {
  layout: text,
  https: truth,
  listen: text,
  ring: milliseconds,
  slow: milliseconds,
  tokenLifetime: milliseconds,
  pollTimeout: milliseconds,
  users: (name, value) =>
    Object.entries(anObject(name, value)).map(([address, password]) => ({
      address,
      password: text('password', password),
    })),
  redirectTo: text,
  hostName: text,
};

/** The library's name of an option. */
const nativeName = (name) =>
  name.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`) + (OPTIONS[name] === milliseconds ? '_ms' : '');

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
  #native;

  constructor(key, sandbox) {
    if (key !== KEY) {
      throw new TypeError('A sandbox is made by Sandbox.start');
    }
    this.#native = sandbox;
  }

  static start(options) {
    return run(Sandbox.start, async () => {
      const members = Object.entries(checked(options, OPTIONS));
      const named = members.map(([name, value]) => [nativeName(name), value]);
      return new Sandbox(KEY, check(native.startSandbox(JSON.stringify(Object.fromEntries(named)))));
    });
  }

  get url() {
    return this.#native.url;
  }

  get caFile() {
    return this.#native.caFile;
  }

  inbox(address) {
    return this.request('GET', `messages?to=${encodeURIComponent(text('address', address))}`).map(deliveredOf);
  }

  messages() {
    return this.request('GET', 'messages').map(deliveredOf);
  }

  waitFor(count, options) {
    return run(this.waitFor, async () => {
      const { signal, timeout = 10_000 } = checked(options, { timeout: milliseconds, ...SIGNAL });
      if (!Number.isSafeInteger(count) || count < 0) {
        throw invalidInput('The count is not a whole number.');
      }
      const deadline = performance.now() + timeout;
      for (;;) {
        unlessAborted(signal);
        const seen = this.messages();
        if (seen.length >= count) {
          return seen;
        }
        if (performance.now() >= deadline) {
          const detail = `${seen.length} of ${count} messages were delivered within ${timeout} ms.`;
          throw new SendImError(detail, { kind: 'timeout' });
        }
        await sleep(LOOK);
      }
    });
  }

  request(method, path, body) {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const answer = check(this.#native.request(text('method', method), text('path', path), json));
    return answer === '' ? undefined : JSON.parse(answer);
  }

  addFault(route, action, options) {
    const number = being('a number', (value) => typeof value === 'number');
    const { skip = 0, times = 1 } = checked(options, { skip: number, times: number });
    this.request('POST', 'faults', { route, action, skip, times });
  }

  clearFaults() {
    this.request('DELETE', 'faults');
  }

  async stop() {
    this.#native.stop();
  }
}

disposable(Sandbox, Sandbox.prototype.stop);

module.exports = { Sandbox };
