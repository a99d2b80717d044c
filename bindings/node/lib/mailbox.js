'use strict';

/**
 * Where the library reports what has become of a call.
 *
 * A native thread cannot run JavaScript. It could have a function carried over to this thread, but then it waits for an
 * event loop that may have ended, and in a worker that was terminated there is none left to carry it to. So the library
 * calls nothing: it puts mail into a box and makes a descriptor readable, which is an ordinary socket here. The socket
 * keeps the process alive as long as a call is under way, and no longer.
 *
 * A call that begins in a listener of `exit` has no event loop any more. It is waited for at once, and its box looked into
 * from time to time.
 */

const net = require('node:net');
const { onAbort } = require('./abort.js');
const { check, SendImError } = require('./errors.js');
const { atWorkerExit, isEnding } = require('./exit.js');
const { native } = require('./native.js');

/** How often that is, in milliseconds. */
const LOOK = 2;
/** Nobody ever wakes who sleeps on it. */
const bed = new Int32Array(new SharedArrayBuffer(4));

/**
 * @typedef {object} Mail
 * @property {any} said its JSON
 * @property {unknown} client
 *
 * @typedef {object} Pending
 * @property {(mail: Mail) => void} resolve
 * @property {unknown} call
 * @property {unknown} kept what must not be collected before the call has ended
 *
 * @typedef {(said: any, takeReply: () => unknown) => void} Listener
 */

class Mailbox {
  /** @type {unknown} */
  #box;
  #socket;
  #tickets = 0;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  /** @type {Map<number, { deref(): Listener | undefined }>} */
  #listeners = new Map();

  constructor() {
    const box = [null];
    check(native.mailboxNew(box));
    this.#box = box[0];
    const fd = native.mailboxDescriptor(this.#box);
    if (fd === -1) {
      native.mailboxFree(this.#box);
      throw new SendImError('send-im for Node runs on Linux and macOS, not on this system.');
    }
    this.#socket = new net.Socket({ fd, readable: true, writable: false });
    this.#socket.on('data', () => this.#read()).unref();
    atWorkerExit(() => this.#close());
  }

  /**
   * Begins a call and waits for its end.
   *
   * @param {(box: unknown, ticket: number, call: unknown[]) => unknown} begin gives the error of the library, or null
   * @param {{ signal?: AbortSignal, kept?: unknown }} more
   * @returns {Promise<Mail>}
   */
  async call(begin, { signal, kept }) {
    if (this.#box === null) {
      throw new SendImError('This worker has ended.', { kind: 'closed' });
    }
    const ticket = ++this.#tickets;
    const out = [null];
    check(begin(this.#box, ticket, out));
    const call = out[0];
    const settled = onAbort(signal, () => native.callCancel(call));
    try {
      return await new Promise((resolve) => {
        this.#pending.set(ticket, { resolve, call, kept });
        this.#socket.ref();
        while (isEnding() && this.#pending.has(ticket)) {
          Atomics.wait(bed, 0, 0, LOOK);
          this.#read();
        }
      });
    } finally {
      settled();
      native.callFree(call);
    }
  }

  /**
   * Passes on what comes with a ticket, until the library says that nothing more does.
   *
   * @param {{ deref(): Listener | undefined }} listener
   * @param {(box: unknown, ticket: number) => unknown} attach gives the error of the library, or null
   */
  listen(listener, attach) {
    const ticket = ++this.#tickets;
    this.#listeners.set(ticket, listener);
    check(attach(this.#box, ticket));
  }

  #read() {
    for (;;) {
      const mail = native.mailboxTake(this.#box);
      if (mail === null) {
        break;
      }
      try {
        this.#open(mail);
      } finally {
        native.mailFree(mail);
      }
    }
  }

  /** @param {unknown} mail */
  #open(mail) {
    const ticket = Number(native.mailTicket(mail));
    const said = JSON.parse(native.mailToJson(mail));
    const pending = this.#pending.get(ticket);
    if (pending) {
      this.#pending.delete(ticket);
      if (this.#pending.size === 0) {
        this.#socket.unref();
      }
      pending.resolve({ said, client: native.mailTakeClient(mail) });
    } else if (said.what === 'released') {
      this.#listeners.delete(ticket);
    } else {
      // A reply that nobody takes refuses the token.
      this.#listeners.get(ticket)?.deref()?.(said, () => native.mailTakeTokenReply(mail));
    }
  }

  /** This worker ends. Nobody hears of the end of its calls any more. */
  #close() {
    for (const { call } of this.#pending.values()) {
      native.callCancel(call);
    }
    this.#socket.destroy();
    native.mailboxFree(this.#box);
    this.#box = null;
  }
}

/** @type {Mailbox | undefined} */
let mailbox;

/** The one of this thread. */
const theMailbox = () => {
  mailbox ??= new Mailbox();
  return mailbox;
};

module.exports = { theMailbox };
