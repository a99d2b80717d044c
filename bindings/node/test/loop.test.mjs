// The event loop, libuv's threads, and many calls at a time.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { pbkdf2 } from 'node:crypto';
import { readdirSync } from 'node:fs';
import test from 'node:test';
import { promisify } from 'node:util';
import { Client, sendIm } from 'send-im';
import { eventually, issueToken, journal, openApplications, place, ringing } from './helper.mjs';

test('a timer makes progress while a send waits', async (t) => {
  const { sandbox, account } = await place(t);
  const control = new AbortController();
  const sending = sendIm('silent@contoso.com', 'hi', { ...account, signal: control.signal });
  // With timers. A call that blocked the loop would let them go on only when nobody has answered.
  assert.ok(await ringing(sandbox));
  control.abort();
  await assert.rejects(sending, { kind: 'cancelled' });
});

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

test('fifty tasks and a thousand messages on one client, each delivered once and in order', async (t) => {
  const { sandbox, account } = await place(t);
  const client = await Client.signIn(account);
  const task = async (_, number) => {
    for (let n = 0; n < 20; n++) {
      const receipt = await client.send(`user${number}@contoso.com`, `message ${number}/${n}`);
      assert.equal(receipt.acceptedBy, `user${number}@contoso.com`);
    }
  };
  await Promise.all(Array.from({ length: 50 }, task));
  await client.close();
  assert.equal(sandbox.messages().length, 1000);
  for (let number = 0; number < 50; number++) {
    const texts = sandbox.inbox(`user${number}@contoso.com`).map((message) => message.text);
    assert.deepEqual(
      texts,
      Array.from({ length: 20 }, (_, n) => `message ${number}/${n}`),
    );
  }
  assert.equal(openApplications(sandbox), 0);
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
