// The types are what a program sees, and no more.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Client, Receipt, Sandbox, SendImError } from 'send-im';
import { ended, PACKAGE, place } from './helper.mjs';

const tsc = path.join(PACKAGE, 'node_modules', 'typescript', 'bin', 'tsc');

for (const project of ['tsconfig.json', 'tsconfig.bare.json']) {
  test(`what must compile compiles, and what must not does not: ${project}`, async () => {
    const done = await ended([process.execPath, tsc, '--project', path.join(PACKAGE, 'types-test', project)]);
    assert.deepEqual(done, { code: 0, out: '', err: '' });
  });
}

test('the types name every fault that the sandbox knows', async (t) => {
  const { sandbox } = await place(t);
  const types = readFileSync(path.join(PACKAGE, 'index.d.ts'), 'utf8');
  const [, declared] = types.match(/export type FaultAction =(.*?)\n\n/s);
  let told = '';
  assert.throws(
    () => sandbox.addFault('any', 'explode'),
    ({ detail }) => {
      told = detail;
      return true;
    },
  );
  const actions = told.match(/the actions are (.*)\.$/)[1].split(', ');
  const listed = [...declared.matchAll(/^ {2}\| (?:'|\{\s*)(\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(listed.sort(), actions.sort());
});

test('the types name every member of the classes', () => {
  const types = readFileSync(path.join(PACKAGE, 'index.d.ts'), 'utf8');
  for (const type of [Client, Receipt, Sandbox, SendImError]) {
    const declared = types.match(new RegExp(`declare class ${type.name} .*?^}`, 'ms'))[0];
    const names = [...Object.getOwnPropertyNames(type), ...Object.getOwnPropertyNames(type.prototype)];
    const internal = ['length', 'name', 'prototype', 'constructor'];
    for (const name of names.filter((each) => !internal.includes(each))) {
      assert.match(declared, new RegExp(`\\b${name}\\b`), `${type.name}.${name}`);
    }
    for (const [, name] of declared.matchAll(/^ {2}(?:static |get )?(\w+)\(/gm)) {
      assert.ok([...names, 'constructor'].includes(name), `${type.name}.${name} does not exist`);
    }
  }
});
