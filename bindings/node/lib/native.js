'use strict';

/** The native library: where it is found, and how it ends. */

const path = require('node:path');
const { platform } = require('./platform.js');
const { unavailable, why } = require('./unloadable.js');
const { version } = require('../package.json');

/** @returns {string} the file to load: that of the package for this platform, or one that was built in this folder */
function chosen() {
  const name = platform();
  try {
    return process.env.SEND_IM_LIBRARY || require.resolve(name);
  } catch {
    return path.join(__dirname, '..', `${name}.node`);
  }
}

function load() {
  const place = chosen();
  const loaded = { exports: {} };
  try {
    process.dlopen(loaded, path.resolve(place));
  } catch (error) {
    throw unavailable(place, why(place, error instanceof Error ? error.message : String(error)));
  }
  const found = loaded.exports.version?.();
  if (found !== version) throw unavailable(place, `it is version ${found}, this package needs ${version}`);
  return loaded.exports;
}

const native = load();

// First of all listeners, as one of them may call process.exit; those after it may still send.
if (native.endWithThread()) process.prependListener('exit', () => native.windDown());

module.exports = { native, version };
