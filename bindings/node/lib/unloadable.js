'use strict';

/** Why the native library cannot be loaded. The loader itself often says something else. */

const fs = require('node:fs');
const path = require('node:path');

/** The processors of ELF files, by `e_machine`. @type {Record<number, string>} */
const MACHINES = { 3: 'x86', 21: 'ppc64', 22: 's390x', 40: 'arm', 62: 'x86_64', 183: 'aarch64', 243: 'riscv64' };

/** @returns {string | null} the processor it is for, if it is an ELF file */
function machine(file) {
  const head = fs.existsSync(file) ? fs.readFileSync(file) : Buffer.alloc(0);
  if (head.toString('latin1', 0, 4) !== '\x7fELF') return null;
  const number = head[5] === 2 ? head.readUInt16BE(18) : head.readUInt16LE(18);
  return MACHINES[number] ?? `processor ${number}`;
}

/** @returns {string | undefined} the archive that the file is said to lie in: a file where a folder should be */
function archiveOf(place) {
  for (let folder = path.dirname(path.resolve(place)); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    if (fs.existsSync(folder)) return fs.statSync(folder).isFile() ? folder : undefined;
  }
  return undefined;
}

/**
 * @param {string} place the file that was to be loaded
 * @param {string} words what the loader says
 * @returns {string} the cause, and what to do
 */
function why(place, words) {
  const archive = archiveOf(place);
  if (archive) return `it lies in the archive ${archive}, from which no library can be loaded; unpack that`;
  if (!fs.existsSync(place)) return 'there is no such file; install the package for this platform again';
  const [found, own] = [machine(place), machine('/proc/self/exe')];
  if (found && own && found !== own) {
    return `it is built for ${found} and this program for ${own}; install the package for ${own}`;
  }
  const version = words.match(/version [`']?(GLIBC_[\d.]+)' not found/)?.[1];
  if (version) {
    return `it needs ${version}, and the C library of this system is older; take a newer system, or build the package on this one`;
  }
  if (words.includes('failed to map segment')) {
    return 'its file system is mounted noexec; put the package, or a copy of the library, on another';
  }
  return words;
}

function unavailable(place, cause) {
  const tried = `send-im cannot load its native library. It tried:\n  ${place}: ${cause}`;
  const told = `${tried}\nSEND_IM_LIBRARY can name the file to load.`;
  return Object.assign(new Error(told), { code: 'ERR_SEND_IM_LIBRARY' });
}

module.exports = { unavailable, why };
