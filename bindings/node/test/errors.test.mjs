import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { inspect } from 'node:util';
import { Client, Receipt, SendImError, sendIm } from 'send-im';
import { PACKAGE, PASSWORD, place, ROOT, script } from './helper.mjs';

const TEXT = 'the text of the message, which is secret';

async function failure(promise) {
  const [result] = await Promise.allSettled([promise]);
  assert.equal(result.status, 'rejected');
  assert.ok(result.reason instanceof SendImError, inspect(result.reason));
  return result.reason;
}

for (const [to, kind, step, exitCode] of [
  ['lenea', 'invalid_input', null, 2],
  ['unknown@contoso.com', 'recipient_not_found', 'confirm', 4],
  ['offline@contoso.com', 'recipient_unavailable', 'confirm', 4],
  ['declines@contoso.com', 'declined', 'confirm', 4],
  ['busy@contoso.com', 'busy', 'confirm', 4],
]) {
  test(`${kind}`, async (t) => {
    const { account } = await place(t);
    const error = await failure(sendIm(to, TEXT, account));
    assert.deepEqual([error.kind, error.step, error.sent, error.exitCode], [kind, step, 'no', exitCode]);
    assert.deepEqual([error.name, error.detail, error.cause], ['SendImError', error.message, undefined]);
    assert.match(error.message, /^\S.*\.$/);
  });
}

test('no server', async (t) => {
  const { account } = await place(t);
  const error = await failure(
    sendIm('lenea@contoso.com', TEXT, { ...account, server: 'http://127.0.0.1:1/', timeout: 5000 }),
  );
  assert.deepEqual([error.kind, error.step], ['discovery_failed', 'discover']);
  assert.ok(error.hops[0].url.includes('127.0.0.1:1') && error.hops[0].outcome);
  assert.ok(Object.isFrozen(error.hops) && Object.isFrozen(error.hops[0]));
});

test('the time given', async (t) => {
  const { sandbox, account } = await place(t);
  const error = await failure(sendIm('silent@contoso.com', TEXT, { ...account, timeout: 500 }));
  assert.equal(error.kind, 'timeout');
  assert.deepEqual(sandbox.messages(), []);
});

test('an unknown outcome', async (t) => {
  const { sandbox, account } = await place(t);
  sandbox.addFault('send_message', 'drop_before', { times: 9 });
  const error = await failure(sendIm('lenea@contoso.com', TEXT.repeat(30), { ...account, timeout: 4000 }));
  assert.deepEqual([error.kind, error.sent, error.exitCode], ['outcome_unknown', 'maybe', 6]);
});

test('what the server asked, in milliseconds', async (t) => {
  const { sandbox, account } = await place(t);
  const status = { http: 429, code: 'TooManyRequests', retry_after: 600 };
  sandbox.addFault('applications', { status }, { times: 0 });
  const error = await failure(sendIm('lenea@contoso.com', TEXT, account));
  assert.deepEqual(
    [error.kind, error.retryAfter, error.httpStatus, error.code],
    ['throttled', 600_000, 429, status.code],
  );
});

test('nothing secret is said', async (t) => {
  const { account } = await place(t);
  for (const [to, more] of [
    ['declines@contoso.com', {}],
    ['lenea@contoso.com', { password: 'wrong' }],
    ['lenea', {}],
    ['silent@contoso.com', { timeout: 300 }],
    ['lenea\0@contoso.com', {}],
  ]) {
    const error = await failure(sendIm(to, TEXT, { ...account, ...more }));
    const shown = `${error} ${error.stack} ${JSON.stringify(error)} ${inspect(error, { depth: 9, showHidden: true })}`;
    assert.ok(!shown.includes(PASSWORD) && !shown.includes(TEXT), shown);
  }
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
    await client.signOut();
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

test('as JSON it is whole', async (t) => {
  const { account } = await place(t);
  const told = JSON.parse(JSON.stringify(await failure(sendIm('busy@contoso.com', 'hi', account))));
  assert.deepEqual([told.name, told.kind, told.subcode, told.exitCode], ['SendImError', 'busy', 'DoNotDisturb', 4]);
  assert.match(told.detail, /^busy@contoso\.com /);
});

test('a program may make one in its tests', () => {
  const cause = new Error('why');
  const error = new SendImError('Busy.', { kind: 'busy', cause });
  assert.deepEqual([error.kind, error.exitCode, error.sent, error.hops, error.cause], ['busy', 4, 'no', [], cause]);
  assert.ok(error instanceof Error && `${error}` === 'SendImError: Busy.');
  for (const [kind, exitCode] of [
    ['credential_unavailable', 3],
    ['outcome_unknown', 6],
    ['cancelled', 130],
    ['of_a_newer_library', 5],
  ]) {
    assert.equal(new SendImError('It failed.', { kind }).exitCode, exitCode);
  }
  assert.equal(new SendImError('It failed.', { kind: 'busy', exitCode: 7 }).exitCode, 7);
  assert.equal(new SendImError('It failed.').kind, 'protocol');
  // A name that nobody knows may be a secret in the wrong place.
  assert.throws(() => new SendImError('x', { s3cret: 'busy' }), {
    name: 'TypeError',
    message: /^(?!.*s3cret).*kind, /,
  });
});

test('a program may make a receipt in its tests, and it is of the same class as one of a call', async (t) => {
  const made = new Receipt('lenea@contoso.com');
  const { account } = await place(t);
  const received = await sendIm('lenea@contoso.com', 'hi', account);
  assert.ok(made instanceof Receipt && received instanceof Receipt);
  assert.deepEqual({ ...made }, { ...received, steps: [], threadId: null });
  const other = { acceptedBy: null, evidence: 'submitted', format: 'html', threadId: 'x', steps: [{ step: 'invite' }] };
  assert.deepEqual({ ...new Receipt('lenea@contoso.com', other) }, { to: 'lenea@contoso.com', ...other });
  assert.ok(Object.isFrozen(made));
  const message = /^(?!.*s3cret).*acceptedBy, /;
  assert.throws(() => new Receipt('lenea@contoso.com', { s3cret: 'x' }), { name: 'TypeError', message });
});

test('an invitation rings until the timeout, not a part of it', async (t) => {
  const { account } = await place(t, { slow: 6_600 });
  const client = await Client.signIn(account);
  const receipt = await client.send('slow@contoso.com', 'hi', { timeout: 8_000 });
  assert.equal(receipt.acceptedBy, 'slow@contoso.com');
  await client.close();
});

test('the types and the README name every kind of the core, with its exit code', () => {
  const core = readFileSync(path.join(ROOT, 'core', 'client', 'src', 'error', 'kind.rs'), 'utf8');
  const kinds = new Map([...core.matchAll(/= "([a-z_]+)", exit (\d+);/g)].map(([, kind, code]) => [kind, code]));
  assert.ok(kinds.size > 15);
  const types = readFileSync(path.join(PACKAGE, 'index.d.ts'), 'utf8').match(/type Kind = Open<([^>]*)>/)[1];
  assert.deepEqual(new Set(types.match(/\w+/g)), new Set(kinds.keys()));
  const readme = readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| ([a-z_, ]+) \| (\d+) \|$/gm)];
  const told = rows.flatMap(([, names, code]) => names.split(', ').map((kind) => [kind, code]));
  assert.deepEqual(new Map(told.sort()), new Map([...kinds].sort()));
});
