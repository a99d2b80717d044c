import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { Client, Receipt, SendImError, sendIm } from 'send-im';
import { place, script } from './helper.mjs';

const TEXT = 'the text of the message, which is secret';

async function failure(promise) {
  const [result] = await Promise.allSettled([promise]);
  assert.equal(result.status, 'rejected');
  assert.ok(result.reason instanceof SendImError, inspect(result.reason));
  return result.reason;
}

test('its members', async (t) => {
  const { account } = await place(t);
  for (const [to, kind, step, exitCode] of [
    ['lenea', 'invalid_input', null, 2],
    ['declines@contoso.com', 'declined', 'confirm', 4],
  ]) {
    const error = await failure(sendIm(to, TEXT, account));
    assert.deepEqual([error.kind, error.step, error.sent, error.exitCode], [kind, step, 'no', exitCode]);
    assert.equal(error.code, `ERR_SEND_IM_${kind.toUpperCase()}`);
    assert.deepEqual([error.name, error.detail, error.cause], ['SendImError', error.message, undefined]);
    assert.match(error.message, /^\S.*\.$/);
    assert.deepEqual(JSON.parse(JSON.stringify(error)), { name: error.name, detail: error.detail, ...error });
  }
});

test('no server', async (t) => {
  const { account } = await place(t);
  const error = await failure(
    sendIm('lenea@contoso.com', TEXT, { ...account, server: 'http://127.0.0.1:1/', timeout: 5000 }),
  );
  assert.deepEqual([error.kind, error.step], ['discovery_failed', 'discover']);
  assert.ok(error.hops[0].url.includes('127.0.0.1:1') && error.hops[0].outcome);
  assert.ok(Object.isFrozen(error.hops) && Object.isFrozen(error.hops[0]));
});

test('the stack is that of the call', async (t) => {
  const { account } = await place(t);
  async function theProgram() {
    const client = await Client.signIn(account);
    const stacks = [
      (await failure(sendIm('busy@contoso.com', 'hi', account))).stack,
      (await failure(sendIm('nobody', 'hi', account))).stack,
      (await failure(client.send('busy@contoso.com', 'hi'))).stack,
      (await client.sendAll([{ to: 'busy@contoso.com', text: 'hi' }]))[0].reason.stack,
      (await client.sendAll([{ to: 'nobody\0', text: 'hi' }]))[0].reason.stack,
    ];
    await client.close();
    return stacks;
  }
  for (const stack of await theProgram()) {
    const [first, second] = stack.split('\n');
    assert.match(first, /^SendImError: \S.*\.$/);
    assert.match(second, /errors\.test\.mjs/);
    assert.match(stack, /theProgram/);
    assert.doesNotMatch(stack, /mailbox\.js|errors\.js/);
  }
});

test('a program without stacks fails as well', async (t) => {
  const done = await script(
    t,
    `import { Sandbox, sendIm } from 'send-im';
     const sandbox = await Sandbox.start();
     Error.stackTraceLimit = 0;
     const sending = sendIm('busy@contoso.com', 'hi', { address: 'tosh@contoso.com', password: 'x', server: sandbox });
     console.log(await sending.catch((error) => error.kind));`,
  );
  assert.deepEqual(done, { code: 0, out: 'busy\n', err: '' });
});

test('an uncaught failure ends the program with its sentence', async (t) => {
  const done = await script(
    t,
    `import { Sandbox, sendIm } from 'send-im';
     const sandbox = await Sandbox.start();
     await sendIm('busy@contoso.com', 'hi', { address: 'tosh@contoso.com', password: 'x', server: sandbox });`,
  );
  assert.equal(done.code, 1);
  assert.match(done.err, /SendImError: busy@contoso\.com .*\.\n {4}at .*script\.mjs:3/);
});

test('a program may make one in its tests', () => {
  const cause = new Error('why');
  const error = new SendImError('Busy.', { kind: 'busy', cause });
  assert.deepEqual([error.kind, error.exitCode, error.sent, error.hops, error.cause], ['busy', 4, 'no', [], cause]);
  assert.ok(error instanceof Error && `${error}` === 'SendImError: Busy.');
  const aborted = new SendImError('It failed.', { kind: 'cancelled', sent: 'maybe' });
  assert.deepEqual([aborted.name, aborted.code, aborted.exitCode], ['AbortError', 'ABORT_ERR', 130]);
  assert.equal(new SendImError('Lost.', { kind: 'outcome_unknown' }).sent, 'maybe');
  assert.equal(new SendImError('It failed.').code, 'ERR_SEND_IM_PROTOCOL');
  // A name that nobody knows may be a secret in the wrong place.
  for (const fields of [{ s3cret: 'busy' }, { kind: 's3cret' }]) {
    assert.throws(() => new SendImError('x', fields), { name: 'TypeError', message: /^(?!.*s3cret).*kind/ });
  }
});

test('a program may make a receipt in its tests, and it is of the same class as one of a call', async (t) => {
  const made = new Receipt('lenea@contoso.com');
  const { account } = await place(t);
  const received = await sendIm('lenea@contoso.com', 'hi', account);
  assert.ok(made instanceof Receipt && received instanceof Receipt);
  assert.deepEqual({ ...made }, { ...received, steps: [], threadId: null });
  const other = { acceptedBy: null, evidence: 'submitted', format: 'html', threadId: 'x', steps: [{ step: 'invite' }] };
  assert.deepEqual({ ...new Receipt('lenea@contoso.com', other) }, { to: 'lenea@contoso.com', ...other });
  assert.equal(new Receipt('lenea@contoso.com', { evidence: 'submitted' }).acceptedBy, null);
  assert.ok(Object.isFrozen(made) && Object.isFrozen(received) && Object.isFrozen(received.steps[0]));
  const message = /^(?!.*s3cret).*acceptedBy, /;
  assert.throws(() => new Receipt('lenea@contoso.com', { s3cret: 'x' }), { name: 'TypeError', message });
});
