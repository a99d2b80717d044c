'use strict';

/**
 * Where the library reports what has become of a call, and what is told during it.
 *
 * Its bell wakes the event loop. A call that begins in a listener of `exit` has no event loop any more: it is waited for at
 * once, right there.
 */

const { onAbort } = require('./abort.js');
const { native } = require('./native.js');

/** How long to wait for mail before JavaScript has a turn, in which a worker can be terminated; in milliseconds. */
const LOOK = 100;
/** The longest time of a timer. */
const FOREVER = 2 ** 31 - 1;

/** True from the event `exit` on: no promise is settled any more. */
const isEnding = () => /** @type {any} */ (process)._exiting === true;

class Mailbox {
  #inbox = new native.Inbox(() => this.#read(0));
  /** Keeps the process alive as long as a call is under way, and no longer. */
  #alive = setInterval(() => {}, FOREVER).unref();
  #tickets = 0;
  /** What must not be collected before its call has ended is held here. @type {Map<number, any>} */
  #pending = new Map();
  /** Weak: a client that nobody refers to must not be kept by its own functions. @type {Map<number, WeakRef<Function>>} */
  #listeners = new Map();
  #released = new FinalizationRegistry((ticket) => this.#listeners.delete(ticket));

  /**
   * Begins a call and waits for its end.
   *
   * @returns {Promise<any>} the last mail
   */
  async call(begin, signal, kept) {
    const ticket = ++this.#tickets;
    const call = begin(this.#inbox, ticket);
    const settled = onAbort(signal, () => call.cancel());
    try {
      return await new Promise((resolve) => {
        this.#pending.set(ticket, { resolve, call, kept });
        this.#alive.ref();
        while (isEnding() && this.#pending.has(ticket)) {
          this.#read(LOOK);
        }
      });
    } finally {
      settled();
    }
  }

  /**
   * Passes on what comes with a ticket as long as the listener lives.
   *
   * @returns {number} the ticket
   */
  listen(listener) {
    const ticket = ++this.#tickets;
    this.#listeners.set(ticket, new WeakRef(listener));
    this.#released.register(listener, ticket);
    return ticket;
  }

  /** @param {number} wait for the first mail, in milliseconds */
  #read(wait) {
    for (let mail = this.#inbox.take(wait); mail; mail = this.#inbox.take(0)) {
      if (mail.ended) {
        const { resolve } = this.#pending.get(mail.ticket);
        this.#pending.delete(mail.ticket);
        if (this.#pending.size === 0) {
          this.#alive.unref();
        }
        resolve(mail);
      } else {
        const listener = this.#listeners.get(mail.ticket)?.deref();
        listener ? listener(mail) : mail.reply?.fail('nobody asks for it any more', 0);
      }
    }
  }
}

/** @type {Mailbox | undefined} */
let mailbox;

/** The one of this thread. */
const theMailbox = () => {
  mailbox ??= new Mailbox();
  return mailbox;
};

module.exports = { isEnding, theMailbox };
