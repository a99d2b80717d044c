import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import test from 'node:test';
import { Client, SendImError, sendIm } from 'send-im';
import { eventually, journal, openApplications, place, ringing } from './helper.mjs';

test('a signal used before keeps the call from beginning', async (t) => {
  const { sandbox, account } = await place(t);
  const reason = new Error('changed my mind');
  const signal = AbortSignal.abort(reason);
  const wanted = { name: 'AbortError', code: 'ABORT_ERR', kind: 'cancelled', sent: 'no', cause: reason };
  await assert.rejects(sendIm('lenea@contoso.com', 'hi', { ...account, signal }), wanted);
  await assert.rejects(Client.signIn({ ...account, signal }), wanted);
  assert.deepEqual(journal(sandbox), []);
  const client = await Client.signIn(account);
  await assert.rejects(client.send('lenea@contoso.com', 'hi', { signal }), wanted);
  await assert.rejects(client.sendAll([{ to: 'lenea@contoso.com', text: 'hi' }], { signal }), wanted);
  await client.close();
  assert.deepEqual(sandbox.messages(), []);
});

test('an argument that is not usable is told before an abort', async (t) => {
  const { account } = await place(t);
  const sending = sendIm('lenea@contoso.com', 'a\0b', { ...account, signal: AbortSignal.abort() });
  await assert.rejects(sending, { kind: 'invalid_input' });
});

test('aborting while it rings: maybe sent, withdrawn and signed out', async (t) => {
  const { sandbox, account } = await place(t);
  const control = new AbortController();
  const sending = sendIm('silent@contoso.com', 'hi', { ...account, signal: control.signal });
  assert.ok(await ringing(sandbox));
  control.abort('enough');
  await assert.rejects(sending, (error) => {
    assert.ok(error instanceof SendImError && error instanceof Error);
    assert.deepEqual([error.name, error.code, error.kind], ['AbortError', 'ABORT_ERR', 'cancelled']);
    assert.deepEqual([error.sent, error.cause, error.exitCode], ['maybe', 'enough', 130]);
    assert.match(error.stack, /^AbortError: \S.*\.\n.*abort\.test\.mjs/);
    return true;
  });
  assert.ok(await eventually(() => openApplications(sandbox) === 0));
  assert.deepEqual(sandbox.messages(), []);
});

test('a timeout signal during a sign-in', async (t) => {
  const { sandbox, account } = await place(t);
  sandbox.addFault('token', { delay: { ms: 60_000 } }, { times: 0 });
  const signing = Client.signIn({ ...account, signal: AbortSignal.timeout(100) });
  await assert.rejects(
    signing,
    ({ kind, sent, cause }) => `${kind} ${sent} ${cause.name}` === 'cancelled no TimeoutError',
  );
});

test('sendAll keeps what had ended', async (t) => {
  const { sandbox, account } = await place(t);
  const client = await Client.signIn(account);
  const control = new AbortController();
  const messages = ['lenea@contoso.com', 'silent@contoso.com', 'cut\0'].map((to) => ({ to, text: 'hi' }));
  const sending = client.sendAll(messages, { signal: control.signal });
  await sandbox.waitFor(1);
  assert.ok(await ringing(sandbox));
  // The receipt of the first comes by the event channel, a moment after the delivery.
  await client.send('lenea@contoso.com', 'another');
  control.abort('enough');
  const [first, second, third] = await sending;
  assert.equal(first.value?.acceptedBy, 'lenea@contoso.com');
  assert.deepEqual([second.reason.kind, second.reason.cause], ['cancelled', 'enough']);
  assert.equal(third.reason.kind, 'invalid_input');
  await client.close();
});

test('a signal for many calls keeps no listener, and one that is used too late changes nothing', async (t) => {
  const { account } = await place(t);
  const control = new AbortController();
  for (let n = 0; n < 3; n++) {
    await sendIm('lenea@contoso.com', 'hi', { ...account, signal: control.signal });
    await sendIm('busy@contoso.com', 'hi', { ...account, signal: control.signal }).catch(() => {});
  }
  assert.equal(getEventListeners(control.signal, 'abort').length, 0);
  control.abort();
});

test('aborts at any moment lose nothing and send nothing twice', async (t) => {
  const { sandbox, account } = await place(t);
  const client = await Client.signIn(account);
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const signal = AbortSignal.timeout(n % 40);
      const [result] = await Promise.allSettled([client.send(`user${n}@contoso.com`, `message ${n}`, { signal })]);
      return result.status === 'fulfilled' ? 'delivered' : `${result.reason.kind} ${result.reason.sent}`;
    }),
  );
  await client.send('lenea@contoso.com', 'last');
  await client.close();
  const texts = sandbox.messages().map((message) => message.text);
  assert.equal(new Set(texts).size, texts.length);
  outcomes.forEach((outcome, n) => {
    assert.ok(['delivered', 'cancelled no', 'cancelled maybe'].includes(outcome), outcome);
    if (outcome === 'delivered') assert.ok(texts.includes(`message ${n}`));
    if (outcome === 'cancelled no') assert.ok(!texts.includes(`message ${n}`));
  });
  assert.ok(new Set(outcomes).size > 1);
});
