// A native library that cannot be loaded: the error says which file, why, and what to do, in the words of all languages.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { clean, PACKAGE, ROOT, room } from './helper.mjs';

const SENTENCES = JSON.parse(readFileSync(path.join(ROOT, 'tests', 'scenarios', 'unloadable.json'), 'utf8'));
const NAME = `send-im-${process.platform}-${process.arch}`;
const LIBRARY = `${NAME}.node`;
const BUNDLED = path.join(PACKAGE, LIBRARY);
const LINUX = { skip: process.platform !== 'linux' && 'patches an ELF file' };
const PROGRAM = `try { require(process.argv[1]); console.log('loaded'); }
  catch (error) { console.log(error instanceof Error, error.code, error.message); }`;

/** What loading the package says, with this library in the environment. */
function told({ from = PACKAGE, library, before = [] } = {}) {
  const [program, ...args] = [...before, process.execPath, '-e', PROGRAM, from];
  const done = spawnSync(program, args, {
    encoding: 'utf8',
    env: library === undefined ? clean() : { ...clean(), SEND_IM_LIBRARY: library },
  });
  assert.deepEqual([done.status, done.stderr], [0, ''], done.stdout);
  return done.stdout.trim();
}

function sentence(place, cause, values = {}) {
  const why = SENTENCES[cause].replace(/\{(\w+)\}/g, (_, name) => values[name]);
  return `true ERR_SEND_IM_LIBRARY ${SENTENCES.head}\n  ${place}: ${why}\n${SENTENCES.tail}`;
}

/** A copy of the package that has no library. */
function without(t) {
  const folder = path.join(room(t), 'send-im');
  mkdirSync(folder);
  cpSync(path.join(PACKAGE, 'lib'), path.join(folder, 'lib'), { recursive: true });
  cpSync(path.join(PACKAGE, 'package.json'), path.join(folder, 'package.json'));
  return folder;
}

/** A changed copy of the library, as latin1 text. */
function patched(t, change) {
  const place = path.join(room(t), LIBRARY);
  writeFileSync(place, change(readFileSync(BUNDLED, 'latin1')), 'latin1');
  return place;
}

test('a missing library', (t) => {
  const from = without(t);
  assert.equal(told({ from }), sentence(path.join(from, LIBRARY), 'missing'));
});

test('a library in an archive', (t) => {
  const archive = path.join(room(t), 'app.asar');
  writeFileSync(archive, 'PK');
  const library = path.join(archive, LIBRARY);
  assert.equal(told({ library }), sentence(library, 'archive', { archive }));
});

test('the library of the package for this platform, and one of another version', (t) => {
  const from = without(t);
  const place = path.join(from, 'node_modules', NAME);
  mkdirSync(place, { recursive: true });
  writeFileSync(path.join(place, 'package.json'), JSON.stringify({ main: 'send-im.node' }));
  symlinkSync(BUNDLED, path.join(place, 'send-im.node'));
  assert.equal(told({ from }), 'loaded');
  const manifest = JSON.parse(readFileSync(path.join(from, 'package.json'), 'utf8'));
  writeFileSync(path.join(from, 'package.json'), JSON.stringify({ ...manifest, version: '0.0.7' }));
  assert.match(told({ from }), /\.node: it is version [\d.]+, this package needs 0\.0\.7\n/);
});

test("the library of the environment is loaded in the place of the package's own", (t) => {
  const from = without(t);
  assert.equal(told({ from, library: BUNDLED }), 'loaded');
  assert.equal(told({ library: '' }), 'loaded');
  const library = path.join(from, 'nowhere.so');
  assert.equal(told({ library }), sentence(library, 'missing'));
});

test('a file that is no library', (t) => {
  const library = path.join(room(t), LIBRARY);
  writeFileSync(library, 'no library');
  const out = told({ library });
  assert.ok(out.startsWith(`true ERR_SEND_IM_LIBRARY ${SENTENCES.head}\n  ${library}: `), out);
  assert.ok(out.endsWith(SENTENCES.tail), out);
});

test('a library of another processor', LINUX, (t) => {
  const machine = readFileSync(BUNDLED)[18];
  const names = { 62: 'x86_64', 183: 'aarch64' };
  const other = machine === 62 ? 183 : 62;
  const library = patched(t, (text) => text.slice(0, 18) + String.fromCharCode(other, 0) + text.slice(20));
  const values = { found: names[other], own: names[machine] };
  assert.equal(told({ library }), sentence(library, 'architecture', values));
});

test('a C library that is too old', LINUX, (t) => {
  const newest = readFileSync(BUNDLED, 'latin1')
    .match(/GLIBC_2\.\d\d\0/g)
    .sort()
    .at(-1);
  const library = patched(t, (text) => text.replaceAll(newest, 'GLIBC_2.99\0'));
  assert.equal(told({ library }), sentence(library, 'old_c_library', { version: 'GLIBC_2.99' }));
});

test('a folder that is mounted noexec', LINUX, (t) => {
  const folder = room(t);
  const library = path.join(folder, LIBRARY);
  const mount = 'mount -t tmpfs -o noexec tmpfs "$1" && cp "$2" "$3" && shift 3 && exec "$@"';
  const before = ['unshare', '--mount', 'sh', '-c', mount, 'sh', folder, BUNDLED, library];
  if (spawnSync(before[0], [...before.slice(1), 'true']).status !== 0) {
    t.skip('nothing can be mounted here (it takes root)');
    return;
  }
  assert.equal(told({ library, before }), sentence(library, 'noexec'));
});
