// Long-lived programs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { clean, PACKAGE, PASSWORD, SENDER, script } from './helper.mjs';

/** Things are counted after each window of so many rounds; the first one warms up. */
const [WINDOWS, ROUNDS] = [7, 30];
/** How many messages a round delivers. */
const DELIVERED = 10;
/** How many objects and allocations may come to be in three windows. What is lost once a round makes 90. */
const BOUND = 60;

// The sandbox keeps what it delivers, so it runs in a process of its own.
const SANDBOX = `
  const { Sandbox } = require('send-im');
  Sandbox.start().then((sandbox) => {
    console.log(sandbox.url);
    process.stdin.resume().on('end', () => console.log(sandbox.messages().length));
  });`;

const SENDER_PROGRAM = `
  import { createRequire } from 'node:module';
  import v8 from 'node:v8';
  import { Client } from 'send-im';
  const { liveAllocations: live } = createRequire('${PACKAGE}lib/')('./native.js').native;
  const client = await Client.signIn({ address: '${SENDER}', password: '${PASSWORD}', server: process.argv[2], onStep: () => {} });
  const signal = new AbortController().signal;
  /** Ended conversations are left in the background. */
  const settled = async () => {
    let last = live();
    for (let same = 0, looks = 0; same < 10 && looks < 200; looks++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      same = live() === last ? same + 1 : 0;
      last = live();
    }
    return last;
  };
  /** Those of JavaScript that can be reached. Code and shapes are left out: they come and go with the compiler. */
  const objects = async () => {
    await new Promise(setImmediate);
    let text = '';
    for await (const chunk of v8.getHeapSnapshot()) text += chunk;
    const { snapshot, nodes } = JSON.parse(text);
    const counted = ['object', 'closure', 'array'].map((type) => snapshot.meta.node_types[0].indexOf(type));
    const width = snapshot.meta.node_fields.length;
    return nodes.filter((field, at) => at % width === 0 && counted.includes(field)).length;
  };
  for (let window = 0; window < ${WINDOWS}; window++) {
    for (let round = 0; round < ${ROUNDS}; round++) {
      const many = Array.from({ length: 5 }, (_, n) => ({ to: 'user' + n + '@contoso.com', text: 'message ' + n }));
      const results = await client.sendAll(many, { signal });
      if (!results.every((result) => result.status === 'fulfilled')) throw new Error('a send failed');
      await Promise.all(many.map(({ to, text }) => client.send(to, text, { signal })));
      await client.send('nobody', 'refused').catch(() => {});
      await client.send('busy@contoso.com', 'busy').catch(() => {});
    }
    console.log(await objects(), await settled());
  }
  await client.close();`;

test('many sends on one session leave nothing behind', async (t) => {
  const outside = spawn(process.execPath, ['-e', SANDBOX], {
    cwd: PACKAGE,
    env: clean(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => outside.kill());
  const lines = createInterface({ input: outside.stdout })[Symbol.asyncIterator]();
  const url = (await lines.next()).value;
  const done = await script(t, SENDER_PROGRAM, { args: [url], hang: 600_000 });
  assert.deepEqual([done.code, done.err], [0, '']);
  const windows = done.out
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  const [objects, live] = [0, 1].map((n) => windows.map((window) => window[n]));
  t.diagnostic(`objects of JavaScript: ${objects}; allocations of the library: ${live}`);
  const median = (counts) => [...counts].sort((a, b) => a - b)[1];
  for (const counts of [objects, live]) {
    assert.ok(median(counts.slice(4)) - median(counts.slice(1, 4)) < BOUND, `${counts}`);
  }
  const closed = once(outside, 'close');
  outside.stdin.end();
  assert.equal(Number((await lines.next()).value), WINDOWS * ROUNDS * DELIVERED);
  await closed;
});
