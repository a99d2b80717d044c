'use strict';

/**
 * The end of the program. The exit code stays as it was.
 *
 * Listeners of `exit` run in no order a package could rely on. So at the end of the process the library ends after all
 * JavaScript, by a function of its own, and a call that begins in such a listener is waited for right there (mailbox.js).
 *
 * In a worker only what belongs to the worker is ended, in a listener like others. A worker that is terminated runs no code
 * of its own; the end of the process signs its sessions out.
 */

const { isMainThread } = require('node:worker_threads');
const { SendImError } = require('./errors.js');
const { native } = require('./native.js');

/** How long the end of a process waits for sessions to be signed out, in milliseconds. */
const GRACE = 3000;

native.shutdownAtExit(GRACE);

/** True from the event `exit` on: no promise is settled any more. */
const isEnding = () => /** @type {any} */ (process)._exiting === true;

/** @type {Array<() => void>} */
const ends = [];

if (!isMainThread) {
  process.on('exit', () => {
    for (const end of ends.reverse()) {
      end();
    }
  });
}

/**
 * Calls a function when this worker ends, the last one first.
 *
 * @param {() => void} end
 */
function atWorkerExit(end) {
  ends.push(end);
}

/** Handles of the library that are freed when their object is collected, or when the worker ends. */
class Handles {
  /** @type {Map<unknown, Function>} */
  #live = new Map();
  #registry = new FinalizationRegistry((handle) => this.#free(handle));

  constructor() {
    atWorkerExit(() => {
      for (const handle of this.#live.keys()) {
        this.#free(handle);
      }
    });
  }

  /**
   * Frees the handle when its owner is collected.
   *
   * @param {object} owner
   * @param {unknown} handle
   * @param {Function} free
   */
  add(owner, handle, free) {
    this.#live.set(handle, free);
    this.#registry.register(owner, handle, owner);
  }

  /** @param {unknown} handle */
  has(handle) {
    return this.#live.has(handle);
  }

  /**
   * The handle, unless it was freed.
   *
   * @param {unknown} handle
   * @param {string} otherwise the sentence of the error
   */
  living(handle, otherwise) {
    if (!this.has(handle)) {
      throw new SendImError(otherwise, { kind: 'closed' });
    }
    return handle;
  }

  /**
   * Frees the handle now. A second call does nothing.
   *
   * @param {object} owner
   * @param {unknown} handle
   */
  close(owner, handle) {
    if (this.#registry.unregister(owner)) {
      this.#free(handle);
    }
  }

  /** @param {unknown} handle */
  #free(handle) {
    const free = this.#live.get(handle);
    this.#live.delete(handle);
    free?.(handle);
  }
}

module.exports = { atWorkerExit, handles: new Handles(), isEnding };
