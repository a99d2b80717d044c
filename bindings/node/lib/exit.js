'use strict';

/**
 * The end of the program: sessions are signed out. The exit code stays as it was.
 *
 * In a worker only what belongs to the worker is ended. A worker that is terminated runs no code of its own; the end of
 * the process signs its sessions out.
 */

const { isMainThread } = require('node:worker_threads');
const { native } = require('./native.js');

/** How long the end of a process waits for sessions to be signed out, in milliseconds. */
const GRACE = 3000;

/** @type {Array<() => void>} */
const ends = [];

/**
 * Calls a function when this worker ends. In the main thread the library ends everything.
 *
 * @param {() => void} end
 */
function atExit(end) {
  if (ends.length === 0) {
    process.on('exit', leave);
  }
  ends.push(end);
}

function leave() {
  if (isMainThread) {
    native.shutdown(GRACE);
  } else {
    for (const end of ends.reverse()) {
      end();
    }
  }
}

/** Handles of the library that are freed when their object is collected, or when the worker ends. */
class Handles {
  /** @type {Map<unknown, Function>} */
  #live = new Map();
  #registry = new FinalizationRegistry((handle) => this.free(handle));

  constructor() {
    this.armed = false;
  }

  /**
   * @param {object} owner
   * @param {unknown} handle
   * @param {Function} free
   */
  add(owner, handle, free) {
    if (!this.armed) {
      this.armed = true;
      atExit(() => {
        for (const left of [...this.#live.keys()]) {
          this.free(left);
        }
      });
    }
    this.#live.set(handle, free);
    this.#registry.register(owner, handle, owner);
  }

  /**
   * Frees a handle, once.
   *
   * @param {unknown} handle
   */
  free(handle) {
    const free = this.#live.get(handle);
    if (this.#live.delete(handle)) {
      free?.(handle);
    }
  }

  /**
   * Frees the handle of an object that is still in use elsewhere.
   *
   * @param {object} owner
   * @param {unknown} handle
   */
  close(owner, handle) {
    this.#registry.unregister(owner);
    this.free(handle);
  }
}

module.exports = { atExit, handles: new Handles() };
