'use strict';

/**
 * The end of the program: sessions are signed out. The exit code stays as it was.
 *
 * In a worker only what belongs to the worker is ended. A worker that is terminated runs no code of its own; the end of
 * the process signs its sessions out, if the main thread has loaded this package.
 */

const { isMainThread } = require('node:worker_threads');
const { native } = require('./native.js');

/** How long the end of a process waits for sessions to be signed out, in milliseconds. */
const GRACE = 3000;

/** @type {Array<() => void>} */
const ends = [];

process.on('exit', () => {
  for (const end of ends.reverse()) {
    end();
  }
  if (isMainThread) {
    native.shutdown(GRACE);
  }
});

/**
 * Calls a function when this thread ends, the last one first.
 *
 * @param {() => void} end
 */
function atExit(end) {
  ends.push(end);
}

/** Handles of the library that are freed when their object is collected, or when the worker ends. */
class Handles {
  /** @type {Map<unknown, Function>} */
  #live = new Map();
  #registry = new FinalizationRegistry((handle) => this.#free(handle));

  constructor() {
    if (!isMainThread) {
      atExit(() => {
        for (const handle of this.#live.keys()) {
          this.#free(handle);
        }
      });
    }
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

module.exports = { atExit, handles: new Handles() };
