import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { Sandbox, sendIm } from 'send-im';
import { place, SENDER } from './helper.mjs';

test('inboxes and messages', async (t) => {
  const { sandbox, account } = await place(t);
  const before = Date.now();
  await sendIm('a@contoso.com', 'hi', account);
  await sendIm('b@contoso.com', 'ho', { ...account, importance: 'urgent', html: true });
  assert.deepEqual(
    sandbox.inbox('a@contoso.com').map((message) => message.to),
    ['a@contoso.com'],
  );
  const [first, second] = sandbox.messages();
  const { conversation, threadId, receivedAt, ...rest } = first;
  assert.deepEqual(rest, {
    number: 1,
    from: SENDER,
    to: 'a@contoso.com',
    acceptedBy: 'a@contoso.com',
    subject: null,
    importance: 'normal',
    format: 'plain',
    text: 'hi',
    via: 'invitation',
  });
  assert.ok(conversation && threadId && receivedAt instanceof Date);
  assert.ok(Math.abs(receivedAt - before) < 3_600_000);
  assert.deepEqual([second.importance, second.format, second.via], ['urgent', 'html', 'message']);
});

test('waitFor waits, gives up and can be aborted', async (t) => {
  const { sandbox, account } = await place(t, { slow: 200 });
  const waiting = sandbox.waitFor(1);
  await sendIm('slow@contoso.com', 'hi', account);
  assert.equal((await waiting)[0].text, 'hi');
  assert.equal((await sandbox.waitFor(0)).length, 1);
  await assert.rejects(sandbox.waitFor(2, { timeout: 50 }), { kind: 'timeout' });
  await assert.rejects(sandbox.waitFor(2, { signal: AbortSignal.timeout(50) }), { kind: 'cancelled' });
  await assert.rejects(sandbox.waitFor('1'), TypeError);
});

test('options', async (t) => {
  const users = { [SENDER]: 'right' };
  const { sandbox, account } = await place(t, { layout: 'two-pools', users, ring: 50, hostName: 'localhost' });
  const right = { ...account, password: 'right' };
  await assert.rejects(sendIm('silent@contoso.com', 'hi', right), { kind: 'no_answer' });
  await assert.rejects(sendIm('lenea@contoso.com', 'hi', account), { kind: 'sign_in_refused' });
  assert.match(sandbox.url, /^http:\/\/localhost:/);
  await assert.rejects(Sandbox.start({ layout: 'three-pools' }), { kind: 'invalid_input' });
  for (const options of [{ https: 'yes' }, { ring: '30' }, { users: 'tosh' }, { htps: true }, { layout: 2 }]) {
    await assert.rejects(Sandbox.start(options), { name: 'TypeError' });
  }
});

test('the authority is removed with the sandbox', async () => {
  const sandbox = await Sandbox.start({ https: true });
  const { caFile } = sandbox;
  assert.match(readFileSync(caFile, 'utf8'), /BEGIN CERTIFICATE/);
  await sandbox.stop();
  assert.deepEqual([existsSync(caFile), sandbox.caFile], [false, null]);
});

test('faults', async (t) => {
  const { sandbox, account } = await place(t);
  sandbox.addFault('applications', { status: { http: 403, code: 'Forbidden' } }, { times: 0 });
  await assert.rejects(sendIm('lenea@contoso.com', 'hi', account), { kind: 'forbidden' });
  sandbox.clearFaults();
  assert.ok(await sendIm('lenea@contoso.com', 'hi', account));
  sandbox.addFault('applications', { status: { http: 403, code: 'Forbidden' } }, { skip: 1 });
  assert.ok(await sendIm('lenea@contoso.com', 'hi', account));
  assert.throws(() => sandbox.addFault('nowhere', 'drop_before'), { kind: 'invalid_input' });
  assert.throws(() => sandbox.addFault('any', 'explode'), { kind: 'invalid_input' });
  assert.throws(() => sandbox.addFault('any', 'drop_before', { time: 1 }), TypeError);
});

test('its own interface', async (t) => {
  const { sandbox, account } = await place(t);
  assert.equal(sandbox.request('PUT', 'recipients/lenea@contoso.com', { forward_to: 'ada@contoso.com' }), undefined);
  assert.equal((await sendIm('lenea@contoso.com', 'hi', account)).acceptedBy, 'ada@contoso.com');
  assert.equal(sandbox.request('GET', 'messages?to=ada@contoso.com')[0].text, 'hi');
  sandbox.request('DELETE', 'messages');
  assert.deepEqual(sandbox.messages(), []);
  assert.throws(() => sandbox.request('GET', 'secrets'), {
    kind: 'invalid_input',
    detail: 'The sandbox refuses this request: there is no such resource or method.',
  });
});

test('a stopped sandbox says so, also one whose scope has ended, and none is made by new', async () => {
  assert.throws(() => new Sandbox(), TypeError);
  const sandbox = await Sandbox.start();
  await sandbox[Symbol.asyncDispose]();
  await sandbox.stop();
  for (const use of [
    () => sandbox.messages(),
    () => sandbox.request('GET', 'journal'),
    () => sandbox.clearFaults(),
    () => sandbox.addFault('any', 'drop_before'),
  ]) {
    assert.throws(use, { kind: 'closed' });
  }
  await assert.rejects(sandbox.waitFor(1), { kind: 'closed' });
});
