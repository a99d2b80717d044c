// How the package is loaded.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import test from 'node:test';
import * as imported from 'send-im';
import { PACKAGE, ROOT, script } from './helper.mjs';

const required = createRequire(import.meta.url)('send-im');
const manifest = JSON.parse(readFileSync(path.join(PACKAGE, 'package.json'), 'utf8'));

test('import and require give the same', () => {
  assert.deepEqual(Object.keys(imported).sort(), ['Client', 'Receipt', 'Sandbox', 'SendImError', 'sendIm', 'version']);
  assert.deepEqual({ ...imported }, { ...required });
});

test('its version is that of the workspace and of the library', () => {
  const workspace = readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8').match(/^version = "([^"]+)"/m)[1];
  assert.deepEqual([manifest.version, imported.version], [workspace, workspace]);
});

test('what is internal cannot be imported', async (t) => {
  const program = `await import('send-im/lib/native.js').catch((error) => console.log(error.code));`;
  assert.equal((await script(t, program)).out, 'ERR_PACKAGE_PATH_NOT_EXPORTED\n');
});

test('the lock file names no registry', () => {
  const lock = readFileSync(path.join(PACKAGE, 'package-lock.json'), 'utf8');
  assert.ok(lock.includes('"integrity"'));
  assert.doesNotMatch(lock, /"resolved"|registry/);
});
