// The end of a program: its exit code is kept, nothing hangs, nothing aborts, sessions are signed out.
//
// Each test runs in a process of its own. The sandbox lets `silent@` ring for an hour: a process that waited for the answer
// would count as hanging.

import assert from 'node:assert/strict';
import test from 'node:test';
import { issueToken, openApplications, place, script, stored } from './helper.mjs';

const HEADER = `
  import { Client, Sandbox, sendIm } from 'send-im';
  import { setTimeout as sleep } from 'node:timers/promises';
  const sandbox = await Sandbox.start({ ring: 3_600_000 });
  const account = { address: 'tosh@contoso.com', password: 'x', server: sandbox };
  const ring = (more) => sendIm('silent@contoso.com', 'hi', { ...account, timeout: 3_600_000, ...more });
  async function ringing() {
    while (!sandbox.request('GET', 'journal').some(({ path }) => path.includes('messagingInvitations'))) await sleep(2);
  }
`;

/** An account of a sandbox that outlives the program. */
const OUTSIDE = `
  import { Client, sendIm } from 'send-im';
`;

async function ends(t, code, program, more) {
  const done = await script(t, program, more);
  assert.deepEqual(done, { code, out: '', err: '' });
}

test('importing alone ends at once, and starts nothing', (t) =>
  ends(
    t,
    0,
    `import { existsSync, readdirSync } from 'node:fs';
     const threads = () => (existsSync('/proc/self/task') ? readdirSync('/proc/self/task').length : 0);
     const handles = () => process.getActiveResourcesInfo().filter((name) => !/Promise|Req/.test(name)).join();
     const before = [threads(), handles()].join();
     await import('send-im');
     const after = [threads(), handles()].join();
     if (after !== before) throw new Error(before + ' became ' + after);`,
  ));

for (const [what, code, program] of [
  ['an open sandbox and an open client', 0, "(await Client.signIn(account)).send('lenea@contoso.com', 'hi');"],
  ['process.exitCode', 4, "process.exitCode = 4; await sendIm('lenea@contoso.com', 'hi', account);"],
  ['process.exit(0) during a send', 0, 'ring(); await ringing(); process.exit(0);'],
  ['process.exit(17) during a send', 17, 'ring(); await ringing(); process.exit(17);'],
  ['process.exit in the turn of the call', 17, 'ring(); process.exit(17);'],
  ['process.exit in onStep', 18, "ring({ onStep: ({ step }) => step === 'invite' && process.exit(18) });"],
  ['process.exit in a token function', 19, 'await ring({ password: null, token: () => process.exit(19) });'],
  [
    'a token function that never answers',
    6,
    'ring({ password: null, token: () => { setTimeout(() => process.exit(6), 50); return new Promise(() => {}); } });',
  ],
]) {
  test(`the process ends as ever, its exit code is kept: ${what}`, (t) => ends(t, code, `${HEADER} ${program}`));
}

test('sends under way keep the process alive, and the first that ends does not let go of it', async (t) => {
  const done = await script(
    t,
    `import { Sandbox, sendIm } from 'send-im';
     const sandbox = await Sandbox.start({ slow: 300 });
     const account = { address: 'tosh@contoso.com', password: 'x', server: sandbox };
     for (const to of ['lenea@contoso.com', 'slow@contoso.com'])
       sendIm(to, 'hi', account).then((receipt) => console.log(receipt.acceptedBy));`,
  );
  assert.deepEqual(done, { code: 0, out: 'lenea@contoso.com\nslow@contoso.com\n', err: '' });
});

test('an uncaught error during a send', async (t) => {
  const done = await script(
    t,
    `${HEADER} ring(); await ringing(); setTimeout(() => { throw new Error('on purpose'); }, 0);`,
  );
  assert.deepEqual([done.code, done.out], [1, '']);
  assert.match(done.err, /Error: on purpose/);
});

test('a signal ends it as ever', async (t) => {
  const aborted = await script(
    t,
    `${HEADER} ring(); await ringing(); process.kill(process.pid, 'SIGTERM'); await sleep(60_000);`,
  );
  assert.deepEqual(aborted, { code: 'SIGTERM', out: '', err: '' });
});

test('many sends in flight, with steps, end again and again', async (t) => {
  const program = `${HEADER}
    const client = await Client.signIn({ ...account, onStep: () => {} });
    for (let n = 0; n < 20; n++)
      (async () => { for (;;) await client.send('user' + n + '@contoso.com', 'hi'); })().catch(() => {});
    await sandbox.waitFor(40);
    process.exit(5);`;
  for (let n = 0; n < 10; n++) await ends(t, 5, program);
});

test('an open client is signed out at the end', async (t) => {
  const { sandbox } = await place(t);
  await ends(
    t,
    0,
    `${OUTSIDE}
     const client = await Client.signIn({ onStep: () => {} });
     await client.send('lenea@contoso.com', 'hi');
     globalThis.kept = client;`,
    { env: stored(sandbox) },
  );
  assert.deepEqual([sandbox.messages().length, openApplications(sandbox)], [1, 0]);
});

test('a send that was cut off is withdrawn and signed out', async (t) => {
  const { sandbox } = await place(t);
  await ends(
    t,
    9,
    `${OUTSIDE}
     sendIm('silent@contoso.com', 'hi', { onStep: ({ step }) => step === 'invite' && setImmediate(() => process.exit(9)) });`,
    { env: stored(sandbox) },
  );
  assert.deepEqual([sandbox.messages(), openApplications(sandbox)], [[], 0]);
});

test('an exit listener may look at what a call ended with', async (t) => {
  const done = await script(
    t,
    `${HEADER}
     ring().catch((error) => console.log(error.kind));
     await ringing();
     process.on('exit', (code) => console.log('exit', code));
     process.exit(7);`,
  );
  assert.deepEqual(done, { code: 7, out: 'exit 7\n', err: '' });
});

test('SIGINT may abort what rings', async (t) => {
  const done = await script(
    t,
    `${HEADER}
     const control = new AbortController();
     process.once('SIGINT', () => control.abort(new Error('interrupted')));
     ringing().then(() => console.log('ringing'));
     const error = await ring({ signal: control.signal }).catch((error) => error);
     while (sandbox.request('GET', 'state').open_applications !== 0) await sleep(2);
     console.log(error.kind, error.sent, error.cause.message, sandbox.messages().length);
     process.exitCode = error.exitCode;`,
    { on: (text, child) => text === 'ringing\n' && child.kill('SIGINT') },
  );
  assert.deepEqual(done, { code: 130, out: 'ringing\ncancelled maybe interrupted 0\n', err: '' });
});

const texts = (sandbox) => sandbox.messages().map((message) => message.text);

/** A program that sends in a listener registered before the package is loaded and in one registered after it. */
const listening = (event, send, end) => `
  let client, sendIm;
  process.once('${event}', () => (${send})('before'));
  const sendImPackage = require('send-im');
  ({ sendIm } = sendImPackage);
  process.once('${event}', () => (${send})('after'));
  sendImPackage.Client.signIn().then((signedIn) => { client = signedIn; ${end} });`;

const ONE_CALL = `(text) => sendIm('slow@contoso.com', text)`;
const CLIENT = `(text) => client.send('slow@contoso.com', text)`;
const CLOSING = `(text) => [client.sendAll([{ to: 'slow@contoso.com', text }]), text === 'after' && client.close()]`;

for (const [how, send] of Object.entries({
  'one call': ONE_CALL,
  'an open client': CLIENT,
  'a client it closes': CLOSING,
})) {
  for (const [way, code, end] of [
    ['ends by itself', 0, ''],
    ['calls process.exit', 3, 'process.exit(3)'],
    ['sets process.exitCode', 4, 'process.exitCode = 4'],
    ['throws', 1, `setTimeout(() => { throw new Error('on purpose'); }, 0)`],
    ['calls process.exit in a listener', 5, `process.on('exit', () => process.exit(5))`],
  ]) {
    test(`listeners of exit send by ${how} where the program ${way}`, async (t) => {
      const { sandbox } = await place(t, { slow: 200 });
      const done = await script(t, listening('exit', send, end), { name: 'script.cjs', env: stored(sandbox) });
      assert.deepEqual([done.code, done.out], [code, '']);
      if (code === 1) assert.match(done.err, /Error: on purpose/);
      else assert.equal(done.err, '');
      assert.deepEqual(texts(sandbox), ['before', 'after']);
      assert.equal(openApplications(sandbox), 0);
    });
  }
}

test('a listener of exit that ends the process before the others leaves no session', async (t) => {
  const { sandbox } = await place(t, { ring: 3_600_000 });
  const program = `
    process.on('exit', () => process.exit(5));
    const { Client, sendIm } = require('send-im');
    Client.signIn().then(() => {
      sendIm('silent@contoso.com', 'hi', { onStep: ({ step }) => step === 'invite' && setImmediate(() => process.exit(4)) });
    });`;
  const done = await script(t, program, { name: 'script.cjs', env: stored(sandbox) });
  assert.deepEqual(done, { code: 5, out: '', err: '' });
  assert.deepEqual([sandbox.messages(), openApplications(sandbox)], [[], 0]);
});

test('listeners of beforeExit send as ever', async (t) => {
  const { sandbox } = await place(t, { slow: 200 });
  for (const call of [ONE_CALL, CLIENT]) {
    const send = `(text) => (${call})(text).then((receipt) => console.log(text))`;
    const done = await script(t, listening('beforeExit', send, ''), { name: 'script.cjs', env: stored(sandbox) });
    assert.deepEqual({ ...done, out: done.out.split('\n').sort() }, { code: 0, out: ['', 'after', 'before'], err: '' });
  }
  assert.deepEqual(texts(sandbox).sort(), ['after', 'after', 'before', 'before']);
  assert.equal(openApplications(sandbox), 0);
});

test('a send in a listener of exit ends with its timeout', async (t) => {
  const { sandbox } = await place(t, { ring: 3_600_000 });
  const program = `${OUTSIDE} process.on('exit', () => { sendIm('silent@contoso.com', 'hi', { timeout: 500 }).catch(() => {}); });`;
  await ends(t, 0, program, { env: stored(sandbox) });
  assert.deepEqual([sandbox.messages(), openApplications(sandbox)], [[], 0]);
});

test('a call that cannot begin at the end is refused as ever', (t) =>
  ends(
    t,
    0,
    `${OUTSIDE} process.on('exit', () => { for (const text of ['hi', 7]) sendIm('nobody', text).catch(() => {}); });`,
  ));

test('a token function may answer at once in a listener of exit, and later it cannot', async (t) => {
  const { sandbox } = await place(t);
  const token = issueToken(sandbox, 'tosh@contoso.com');
  const program = (source) => `${OUTSIDE}
    const options = { address: 'tosh@contoso.com', server: process.argv[2], timeout: 3_600_000, onStep: () => console.log('step') };
    process.on('exit', () => { sendIm('lenea@contoso.com', 'hi', { ...options, token: ${source} }).catch(() => {}); });`;
  const more = { args: [sandbox.url] };
  const late = await script(t, program(`async () => '${token}'`), more);
  assert.deepEqual([late.code, late.err, texts(sandbox)], [0, '', []]);
  const atOnce = await script(t, program(`() => '${token}'`), more);
  assert.deepEqual([atOnce.code, atOnce.err, texts(sandbox)], [0, '', ['hi']]);
  assert.match(atOnce.out, /^(step\n){5,}$/);
  assert.equal(openApplications(sandbox), 0);
});

test('many copies of the package end the process once', (t) =>
  ends(
    t,
    2,
    `import { createRequire } from 'node:module';
     const require = createRequire(import.meta.url);
     const warned = (warning) => { throw warning; };
     process.on('warning', warned);
     for (let n = 0; n < 20; n++) {
       const { Client, Sandbox } = require('send-im');
       const server = await Sandbox.start();
       await Client.signIn({ address: 'tosh@contoso.com', password: 'x', server });
       for (const name of Object.keys(require.cache)) if (/send-im|lib/.test(name)) delete require.cache[name];
     }
     process.exit(2);`,
  ));
