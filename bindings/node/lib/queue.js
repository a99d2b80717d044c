'use strict';

/**
 * The completion queue of this thread: the ends of calls, and what the library tells during them.
 *
 * Its waker calls `read` on the event loop. A call that begins in a listener of `exit` has no event loop any more: it is
 * waited for at once, right there.
 */

const { setMaxListeners } = require('node:events');
const { native } = require('./native.js');

/** How long to wait for an event before JavaScript has a turn, in which a worker can be terminated; in milliseconds. */
const LOOK = 100;
/** The longest time of a timer. */
const FOREVER = 2 ** 31 - 1;

/** True from the event `exit` on: no promise is settled any more. */
const isEnding = () => /** @type {any} */ (process)._exiting === true;

/** Made with the first call: loading the package starts nothing. */
let queue;
const wake = () => read(0);
let ids = 0;
/** What must not be collected before its call has ended is held here. @type {Map<number, any>} */
const pending = new Map();
/** Weak: a client that nobody refers to must not be kept by its own functions. @type {Map<number, WeakRef<Function>>} */
const listeners = new Map();
const released = new FinalizationRegistry((id) => listeners.delete(/** @type {number} */ (id)));

/**
 * Begins a call and waits for its end. The process is kept alive until then.
 *
 * @returns {Promise<any>} the last event
 */
async function call(begin, signal, kept) {
  const id = ++ids;
  queue ??= new native.CompletionQueue(wake);
  const begun = begin(queue, id);
  const cancel = () => begun.cancel();
  if (signal instanceof EventTarget) {
    // Any number of calls may have one signal, and each takes its listener away.
    setMaxListeners(0, signal);
  }
  signal?.addEventListener('abort', cancel, { once: true });
  const alive = setInterval(() => {}, FOREVER);
  try {
    return await new Promise((resolve) => {
      pending.set(id, { resolve, kept });
      while (isEnding() && pending.has(id)) {
        read(LOOK);
      }
    });
  } finally {
    clearInterval(alive);
    signal?.removeEventListener('abort', cancel);
  }
}

/**
 * Passes on the events with an id as long as the listener lives.
 *
 * @returns {number} the id
 */
function listen(listener) {
  const id = ++ids;
  listeners.set(id, new WeakRef(listener));
  released.register(listener, id);
  return id;
}

/** @param {number} wait for the first event, in milliseconds */
function read(wait) {
  for (let event = queue.take(wait); event; event = queue.take(0)) {
    const { id, ended, reply } = event;
    if (ended) {
      const { resolve } = pending.get(id);
      pending.delete(id);
      resolve(event);
    } else {
      const listener = listeners.get(id)?.deref();
      listener ? listener(event) : reply?.fail('nobody asks for it any more', 0);
    }
  }
}

module.exports = { call, isEnding, listen };
