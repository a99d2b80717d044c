// Long-lived programs.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { clean, PACKAGE, PASSWORD, SENDER, script } from './helper.mjs';

const SENDS = 20_000;
/** The memory is measured after each so many, and the first are the warm-up. */
const EACH = 1_000;
const WARM_UP = 8_000;
/**
 * Kilobytes by which the process may grow from the first half of what follows the warm-up to the second: 6,000 sends, by the
 * medians. A leak of half a kilobyte a send would be 3000.
 */
const BOUND = 2 * 1024;
/** The space for young objects grows by itself for long, which hides what is lost. */
const FLAGS = ['--expose-gc', '--max-semi-space-size=1'];
/** With an arena of the C library for each thread, what lies free between them comes and goes by many megabytes. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };

// The sandbox keeps what it delivers, so it runs in a process of its own.
const SANDBOX = `
  const { Sandbox } = require('send-im');
  Sandbox.start().then((sandbox) => {
    console.log(sandbox.url);
    process.stdin.resume().on('end', () => console.log(sandbox.messages().length));
  });`;

const SENDER_PROGRAM = `
  import { Client } from 'send-im';
  const client = await Client.signIn({ address: '${SENDER}', password: '${PASSWORD}', server: process.argv[2], onStep: () => {} });
  const signal = new AbortController().signal;
  // What lies free in the space of objects comes and goes by megabytes, so what is used counts in its place.
  const resident = async () => {
    await new Promise(setImmediate);
    gc();
    const { rss, heapTotal, heapUsed } = process.memoryUsage();
    return (rss - heapTotal + heapUsed) / 1024;
  };
  const measured = [];
  for (let sent = 0; sent < ${SENDS}; ) {
    const many = Array.from({ length: 150 }, (_, n) => ({ to: 'user' + n + '@contoso.com', text: 'message ' + n }));
    const results = await client.sendAll(many, { signal });
    if (!results.every((result) => result.status === 'fulfilled')) throw new Error('a send failed');
    await Promise.all(Array.from({ length: 50 }, (_, n) => client.send('user' + (n % 5) + '@contoso.com', 'single', { signal })));
    await client.send('nobody', 'refused').catch(() => {});
    sent += 200;
    if (sent > ${WARM_UP} && sent % ${EACH} === 0) measured.push(await resident());
  }
  const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
  const half = measured.length / 2;
  console.log(Math.round(median(measured.slice(half)) - median(measured.slice(0, half))));
  await client.signOut();`;

test('twenty thousand sends on one session leave nothing behind', async (t) => {
  const outside = spawn(process.execPath, ['-e', SANDBOX], {
    cwd: PACKAGE,
    env: clean(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => outside.kill());
  const lines = createInterface({ input: outside.stdout })[Symbol.asyncIterator]();
  const url = (await lines.next()).value;
  const done = await script(t, SENDER_PROGRAM, { args: [url], flags: FLAGS, env: ENVIRONMENT, hang: 600_000 });
  assert.deepEqual([done.code, done.err], [0, '']);
  t.diagnostic(`grew by ${done.out.trim()} KiB`);
  assert.ok(Number(done.out) < BOUND, `grew by ${done.out} KiB`);
  const closed = once(outside, 'close');
  outside.stdin.end();
  assert.equal(Number((await lines.next()).value), SENDS);
  await closed;
});
