// The example program, as a person runs it.

import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { ended, place, ROOT, room, stored } from './helper.mjs';

const EXAMPLE = path.join(ROOT, 'examples', 'node', 'send.mjs');

async function example(t, args, more = {}) {
  const { sandbox } = await place(t);
  const folder = room(t);
  copyFileSync(EXAMPLE, path.join(folder, 'send.mjs'));
  const env = { ...stored(sandbox), ...more };
  return { sandbox, done: await ended([process.execPath, 'send.mjs', ...args], { cwd: folder, env }) };
}

test('it sends', async (t) => {
  const { sandbox, done } = await example(t, ['lenea@contoso.com', 'hello world']);
  assert.deepEqual(done, { code: 0, out: 'lenea@contoso.com accepted the message (invitation_accepted).\n', err: '' });
  assert.equal(sandbox.messages()[0].text, 'hello world');
});

for (const [code, to, more] of [
  [2, 'lenea', {}],
  [3, 'lenea@contoso.com', { SEND_IM_PASSWORD: 'wrong' }],
  [4, 'busy@contoso.com', {}],
]) {
  test(`it ends with the sentence and the exit code ${code}`, async (t) => {
    const { done } = await example(t, [to, 'hello world'], more);
    assert.deepEqual([done.code, done.out], [code, '']);
    assert.match(done.err, /^\S[^\n]*\.\n$/);
  });
}

test('it says how it is used', async (t) => {
  for (const args of [[], ['lenea@contoso.com'], ['lenea@contoso.com', 'hi', 'more']]) {
    const { done } = await example(t, args);
    assert.deepEqual([done.code, done.out], [2, '']);
    assert.match(done.err, /^usage: /);
  }
});
