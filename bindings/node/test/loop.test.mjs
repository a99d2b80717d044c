// The event loop, libuv's threads, and many calls at a time.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { pbkdf2 } from 'node:crypto';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { promisify } from 'node:util';
import { Client, sendIm } from 'send-im';
import { eventually, issueToken, journal, openApplications, place } from './helper.mjs';

test("fifty calls that wait hold none of libuv's threads, and others go past them", async (t) => {
  const { sandbox, account } = await place(t, { ring: 3_600_000 });
  const warnings = [];
  process.on('warning', (warning) => warnings.push(warning.name));
  const control = new AbortController();
  const options = { ...account, timeout: 3_600_000, signal: control.signal };
  const waiting = Promise.allSettled(
    Array.from({ length: 50 }, (_, n) => sendIm('silent@contoso.com', `message ${n}`, options)),
  );
  const invited = () => journal(sandbox).filter((exchange) => exchange.path.includes('messagingInvitations')).length;
  assert.ok(await eventually(() => invited() === 50));
  // These would never come if each of the four threads waited for an answer.
  await Promise.all(Array.from({ length: 4 }, () => promisify(pbkdf2)('x', 'y', 10, 16, 'sha256')));
  assert.equal((await sendIm('lenea@contoso.com', 'past them', account)).acceptedBy, 'lenea@contoso.com');
  control.abort();
  assert.deepEqual(new Set((await waiting).map((result) => result.reason?.kind)), new Set(['cancelled']));
  assert.ok(await eventually(() => openApplications(sandbox) === 0));
  assert.deepEqual(
    sandbox.messages().map((message) => message.text),
    ['past them'],
  );
  assert.deepEqual(warnings, []);
});

test('calls leave no descriptor behind', {
  skip: process.platform !== 'linux' && 'descriptors are counted on Linux',
}, async (t) => {
  const { account } = await place(t);
  const open = () => readdirSync('/proc/self/fd').length;
  const client = await Client.signIn(account);
  await client.send('lenea@contoso.com', 'hi');
  const before = open();
  for (let n = 0; n < 50; n++) {
    await client.send('lenea@contoso.com', 'hi');
    await client.send('lenea@contoso.com', 'hi', { timeout: 0 }).catch(() => {});
  }
  // One connection more, perhaps.
  assert.ok(open() < before + 10, `${before} before, ${open()} after`);
  await client.close();
});

test('the context of the caller is kept, in callbacks too', async (t) => {
  const { sandbox, account } = await place(t);
  const storage = new AsyncLocalStorage();
  const seen = new Set();
  const onStep = () => seen.add(storage.getStore());
  const token = () => {
    seen.add(storage.getStore());
    return issueToken(sandbox, account.address);
  };
  const { password, ...who } = account;
  await storage.run('request 7', async () => {
    await sendIm('lenea@contoso.com', 'hi', { ...who, token, onStep });
    seen.add(storage.getStore());
  });
  assert.deepEqual([...seen], ['request 7']);
});
