// Workers: each has clients and sandboxes of its own, and may end at any time.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import { Client, sendIm } from 'send-im';
import { eventually, journal, openApplications, PASSWORD, place, SENDER, script } from './helper.mjs';

const HEADER = `
  const { parentPort, workerData: account } = require('node:worker_threads');
  const { Client, SendImError, sendIm } = require('send-im');
`;

/** Runs CommonJS in a worker. It resolves with what the worker posts, and how it ended. */
function run(sandbox, code) {
  const worker = new Worker(code, {
    eval: true,
    workerData: { address: SENDER, password: PASSWORD, server: sandbox.url },
  });
  const posted = [];
  worker.on('message', (message) => posted.push(message));
  const over = new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
  return { worker, posted, over };
}

/** The same, with the package loaded and who sends in `account`. */
const work = (sandbox, code) => run(sandbox, `${HEADER} (async () => { ${code} })()`);

test('a worker sends, fails and ends', async (t) => {
  const { sandbox } = await place(t);
  const { posted, over } = work(
    sandbox,
    `const receipt = await sendIm('lenea@contoso.com', 'from a worker', account);
     const error = await sendIm('busy@contoso.com', 'hi', account).catch((error) => error);
     parentPort.postMessage([receipt.acceptedBy, error instanceof SendImError, error.kind]);`,
  );
  assert.equal(await over, 0);
  assert.deepEqual(posted, [['lenea@contoso.com', true, 'busy']]);
  assert.equal(sandbox.messages()[0].text, 'from a worker');
});

test('ten workers and this thread send at the same time', async (t) => {
  const { sandbox, account } = await place(t);
  const workers = Array.from({ length: 10 }, (_, n) =>
    work(
      sandbox,
      `const client = await Client.signIn(account);
       for (let i = 0; i < 10; i++) await client.send('lenea@contoso.com', '${n}/' + i);
       await client.close();`,
    ),
  );
  await Promise.all(Array.from({ length: 10 }, (_, i) => sendIm('lenea@contoso.com', `main/${i}`, account)));
  assert.deepEqual(await Promise.all(workers.map(({ over }) => over)), Array(10).fill(0));
  const texts = sandbox.messages().map((message) => message.text);
  assert.deepEqual([texts.length, new Set(texts).size, openApplications(sandbox)], [110, 110, 0]);
});

test('a worker that ends with an open client signs it out, and the others go on', async (t) => {
  const { sandbox, account } = await place(t);
  for (const end of ['', 'process.exit(3);']) {
    const { over } = work(sandbox, `globalThis.kept = await Client.signIn(account); ${end}`);
    assert.equal(await over, end ? 3 : 0);
    assert.ok(await eventually(() => openApplications(sandbox) === 0));
  }
  assert.ok(await sendIm('lenea@contoso.com', 'after', account));
});

test('a worker that exits during a send withdraws it', async (t) => {
  const { sandbox } = await place(t);
  const { over } = work(
    sandbox,
    `sendIm('silent@contoso.com', 'hi', { ...account, onStep: ({ step }) => step === 'invite' && process.exit(5) });`,
  );
  assert.equal(await over, 5);
  assert.ok(await eventually(() => openApplications(sandbox) === 0));
  assert.deepEqual(sandbox.messages(), []);
});

test('listeners of exit in a worker send, whether registered before the package is loaded or after, and may look around', async (t) => {
  const { sandbox } = await place(t);
  const { posted, over } = run(
    sandbox,
    `const { parentPort, workerData } = require('node:worker_threads');
     let client, own, sendIm;
     process.on('exit', () => { sendIm('lenea@contoso.com', 'before', workerData); });
     const sendImPackage = require('send-im');
     ({ sendIm } = sendImPackage);
     process.on('exit', () => {
       client.send('lenea@contoso.com', 'after');
       parentPort.postMessage([own.inbox('a@contoso.com').length, own.url.slice(0, 4), own.caFile]);
     });
     sendImPackage.Sandbox.start().then(async (started) => {
       own = started;
       client = await sendImPackage.Client.signIn(workerData);
     });`,
  );
  await over;
  const texts = sandbox.messages().map((message) => message.text);
  assert.deepEqual([texts, posted, openApplications(sandbox)], [['before', 'after'], [[0, 'http', null]], 0]);
});

test('a worker that is terminated during many sends harms nobody, and its sessions are closed', async (t) => {
  const { sandbox, account } = await place(t);
  for (let n = 0; n < 5; n++) {
    const { worker, over } = work(
      sandbox,
      `const { password, ...who } = account;
       const client = await Client.signIn({ ...account, onStep: () => {} });
       for (let n = 0; n < 20; n++)
         (async () => { for (;;) await client.send('user' + n + '@contoso.com', 'hi'); })();
       sendIm('silent@contoso.com', 'hi', { ...account, timeout: 1000, onStep: () => {} }).catch(() => {});
       sendIm('lenea@contoso.com', 'hi', { ...who, timeout: 1000, token: () => new Promise(() => {}) }).catch(() => {});`,
    );
    const before = sandbox.messages().length;
    await sandbox.waitFor(before + 30 + n);
    await worker.terminate();
    assert.equal(await over, 1);
    assert.equal(openApplications(sandbox), 0);
    assert.ok(await sendIm('lenea@contoso.com', 'after', account));
  }
});

test('a worker that is terminated while it signs in leaves no session', async (t) => {
  const { sandbox, account } = await place(t);
  sandbox.addFault('applications', { delay: { ms: 300 } });
  const { worker } = work(sandbox, 'await Client.signIn(account);');
  assert.ok(await eventually(() => journal(sandbox).some(({ path }) => path.includes('applications'))));
  await worker.terminate();
  assert.ok(await sendIm('lenea@contoso.com', 'after', account));
  assert.ok(await eventually(() => openApplications(sandbox) === 0));
});

for (const loads of [true, false]) {
  test(`the process ends while workers send, and their sessions with it; the main thread ${loads ? 'has' : 'never'} loaded the package`, async (t) => {
    const { sandbox } = await place(t);
    const done = await script(
      t,
      `const { Worker } = require('node:worker_threads');
     if (${loads}) require('send-im');
     const code = \`
       const { Client } = require('send-im');
       const { parentPort, workerData } = require('node:worker_threads');
       (async () => {
         const client = await Client.signIn({ address: 'tosh@contoso.com', password: 'x', server: workerData });
         await client.send('lenea@contoso.com', 'hi');
         parentPort.postMessage('sent');
         await client.send('silent@contoso.com', 'hi');
       })();\`;
     let sent = 0;
     for (let n = 0; n < 3; n++) {
       new Worker(code, { eval: true, workerData: process.argv[2] }).on('message', () => {
         if (++sent === 3) setTimeout(() => process.exit(17), 20);
       });
     }`,
      { name: 'script.cjs', args: [sandbox.url] },
    );
    assert.deepEqual(done, { code: 17, out: '', err: '' });
    assert.ok(await eventually(() => openApplications(sandbox) === 0));
  });
}

test('clients and sandboxes cannot be posted to a worker', async (t) => {
  const { sandbox, account } = await place(t);
  const client = await Client.signIn(account);
  const posted = structuredClone({ client, sandbox });
  assert.equal(posted.client.send, undefined);
  assert.equal(posted.sandbox.inbox, undefined);
  await client.close();
});
