'use strict';

/** What the package with the library for this platform is called. */

const fs = require('node:fs');

/** @returns {boolean} true where this Node stands on musl, as Alpine's does: its file names the loader near its beginning */
function musl() {
  const own = '/proc/self/exe';
  if (!fs.existsSync(own)) return false;
  const head = Buffer.alloc(4096);
  const file = fs.openSync(own, 'r');
  fs.readSync(file, head, 0, head.length, 0);
  fs.closeSync(file);
  return head.includes('/ld-musl-');
}

/** @returns {string} for example `send-im-linux-x64` or `send-im-linux-x64-musl` */
function platform() {
  return `send-im-${process.platform}-${process.arch}${musl() ? '-musl' : ''}`;
}

module.exports = { platform };
