'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { inspect } = require('node:util');
const { check, run, SendImError, unlessAborted } = require('./results.js');
const { native } = require('./native.js');
const { being, checked, milliseconds, object, SIGNAL, text, truth } = require('./options.js');

/** Only `Sandbox.start` makes sandboxes. */
const KEY = Symbol('send-im');

const number = being('a number', (value) => typeof value === 'number');

const OPTIONS = {
  layout: text,
  https: truth,
  listen: text,
  ring: milliseconds,
  slow: milliseconds,
  tokenLifetime: milliseconds,
  pollTimeout: milliseconds,
  users: (name, value) => Object.entries(object(name, value)).map(([address, password]) => ({ address, password })),
  redirectTo: text,
  hostName: text,
};

/** The library's name of an option. */
const nativeName = (name) =>
  name.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`) + (OPTIONS[name] === milliseconds ? '_ms' : '');

function deliveredOf({ accepted_by: acceptedBy, thread_id: threadId, received_at: time, ...told }) {
  const [importance, format] = [told.importance.toLowerCase(), told.format.replace('text/', '')];
  return Object.freeze({ ...told, acceptedBy, threadId, importance, format, receivedAt: new Date(time) });
}

/** A server that behaves like a pool. See index.d.ts. */
class Sandbox {
  #native;

  constructor(key, sandbox) {
    if (key !== KEY) throw new TypeError('A sandbox is made by Sandbox.start');
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
      number('count', count);
      const { signal, timeout = 10_000 } = checked(options, { timeout: milliseconds, ...SIGNAL });
      unlessAborted(signal);
      const deadline = performance.now() + timeout;
      for (let seen = this.messages(); ; seen = this.messages()) {
        if (seen.length >= count) return seen;
        if (performance.now() >= deadline) {
          const detail = `${seen.length} of ${count} messages were delivered within ${timeout} ms.`;
          throw new SendImError(detail, { kind: 'timeout' });
        }
        await sleep(5);
        unlessAborted(signal);
      }
    });
  }

  request(method, path, body) {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const answer = check(this.#native.request(text('method', method), text('path', path), json));
    return answer === '' ? undefined : JSON.parse(answer);
  }

  addFault(route, action, options) {
    const { skip = 0, times = 1 } = checked(options, { skip: number, times: number });
    this.request('POST', 'faults', { route, action, skip, times });
  }

  clearFaults() {
    this.request('DELETE', 'faults');
  }

  async stop() {
    this.#native.stop();
  }

  [Symbol.asyncDispose]() {
    return this.stop();
  }

  [inspect.custom](_, options) {
    const { url, caFile } = this;
    return `Sandbox ${inspect({ url, caFile }, options)}`;
  }
}

module.exports = { Sandbox };
