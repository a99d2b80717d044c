import assert from 'node:assert/strict';
import test from 'node:test';
import { inspect } from 'node:util';
import { Client, SendImError, sendIm } from 'send-im';
import { journal, openApplications, PASSWORD, place, script } from './helper.mjs';

const texts = (sandbox) => sandbox.messages().map((message) => message.text);

test('signs in once for many messages', async (t) => {
  const { sandbox, account } = await place(t);
  const client = await Client.signIn(account);
  for (let n = 0; n < 5; n++) {
    assert.equal((await client.send('lenea@contoso.com', `message ${n}`)).acceptedBy, 'lenea@contoso.com');
  }
  assert.equal(client.closed, false);
  assert.equal(await client.close(), undefined);
  assert.equal(await client.close(), undefined);
  assert.equal(client.closed, true);
  assert.deepEqual(texts(sandbox), ['message 0', 'message 1', 'message 2', 'message 3', 'message 4']);
  const signIns = journal(sandbox).filter((exchange) => exchange.path.toLowerCase().includes('oauthtoken'));
  assert.deepEqual([signIns.length, openApplications(sandbox)], [1, 0]);
});

test('sendAll answers in order', async (t) => {
  const { sandbox, account } = await place(t);
  const messages = Array.from({ length: 20 }, (_, n) => ({ to: `user${n}@contoso.com`, text: `message ${n}` }));
  messages[7] = { to: 'declines@contoso.com', text: 'no' };
  messages[9] = { to: 'nobody', text: 'no address' };
  messages[11] = { to: 'a@contoso.com', text: 'bad', importance: 'huge' };
  messages[12] = { ...messages[12], subject: 'db7', importance: 'urgent' };
  messages[13] = { to: 'a@contoso.com', text: 'cut\0here' };
  const client = await Client.signIn(account);
  const results = await client.sendAll(new Set(messages).values());
  await client.close();
  const expected = Array.from({ length: 20 }, (_, n) => `user${n}@contoso.com`);
  expected[7] = 'declined';
  expected[9] = expected[11] = expected[13] = 'invalid_input';
  const told = results.map((result) => (result.status === 'fulfilled' ? result.value.acceptedBy : result.reason.kind));
  assert.deepEqual(told, expected);
  assert.ok(results[7].reason instanceof SendImError && results[11].reason instanceof SendImError);
  assert.equal(sandbox.messages().length, 16);
  const [{ subject, importance }] = sandbox.inbox('user12@contoso.com');
  assert.deepEqual([subject, importance], ['db7', 'urgent']);
});

test('sendAll of nothing, and options in the wrong place', async (t) => {
  const { account } = await place(t);
  const client = await Client.signIn(account);
  assert.deepEqual(await client.sendAll([]), []);
  await assert.rejects(client.sendAll(['hi']), TypeError);
  await assert.rejects(client.sendAll(undefined), TypeError);
  const unknown = { name: 'TypeError', code: 'ERR_SEND_IM_UNKNOWN_OPTION' };
  await assert.rejects(client.sendAll([{ to: 'lenea@contoso.com', text: 'hi', subjct: 'db7' }]), unknown);
  await assert.rejects(client.send('lenea@contoso.com', 'hi', { address: 'tosh@contoso.com' }), unknown);
  await assert.rejects(Client.signIn({ ...account, subject: 'db7' }), unknown);
  await assert.rejects(Client.signIn({ ...account, timeout: 5000 }), unknown);
  await client.close();
});

test('signing in has a timeout of its own', async (t) => {
  const { sandbox, account } = await place(t);
  sandbox.addFault('applications', { delay: { ms: 2000 } }, { times: 0 });
  await assert.rejects(Client.signIn({ ...account, signInTimeout: 100 }), { kind: 'timeout', sent: 'no' });
});

test('a message as one object', async (t) => {
  const { sandbox, account } = await place(t);
  const message = { to: 'lenea@contoso.com', text: 'full', subject: 'db7' };
  await sendIm(message, { ...account, subject: 'of less account' });
  const client = await Client.signIn(account);
  await client.send(message, { signal: null });
  await assert.rejects(client.send({ ...message, txet: 'x' }), TypeError);
  await assert.rejects(client.send({ ...message, text: undefined }), { name: 'TypeError', message: /text/ });
  await assert.rejects(client.send(message, account), TypeError);
  await client.close();
  const told = sandbox.messages().map(({ to, text, subject }) => ({ to, text, subject }));
  assert.deepEqual(told, [message, message]);
});

test('an unknown name is told where it is plainly one', async (t) => {
  const { account } = await place(t);
  const told = (name) => Client.signIn({ ...account, [name]: 'x' }).then(assert.fail, (error) => error.message);
  assert.match(await told('adress'), /^There is no option "adress" here; there are address, /);
  for (const name of ['s3cret', 'my s3cret', '\u{202e}s3cret', 's3cret'.repeat(10_000)]) {
    const message = await told(name);
    assert.match(message, /^There is no option of that name here; there are address, /);
    assert.ok(!message.includes('s3cret'));
  }
});

test('onStep of a client hears every send', async (t) => {
  const { account } = await place(t);
  const seen = [];
  const client = await Client.signIn({ ...account, onStep: (step) => seen.push(step.step) });
  assert.ok(seen.includes('open_session'));
  seen.length = 0;
  await client.send('lenea@contoso.com', 'hi');
  assert.ok(seen.includes('invite'));
  await client.close();
  assert.equal(seen.at(-1), 'sign_out');
});

test('a client nobody refers to is signed out, also one that listens and gives tokens', async (t) => {
  const done = await script(
    t,
    `import { Client, Sandbox } from 'send-im';
     import { setTimeout as sleep } from 'node:timers/promises';
     const sandbox = await Sandbox.start();
     async function use() {
       let client;
       client = await Client.signIn({
         address: 'tosh@contoso.com',
         server: sandbox,
         token: () => (client, sandbox.request('POST', 'tokens/tosh@contoso.com').token),
         onStep: () => client?.closed,
       });
       await client.send('lenea@contoso.com', 'hi');
     }
     await use();
     if (sandbox.request('GET', 'state').open_applications !== 1) throw new Error('it is not signed in');
     for (let n = 0; n < 2000 && sandbox.request('GET', 'state').open_applications !== 0; n++) {
       gc();
       await sleep(5);
     }
     console.log(sandbox.request('GET', 'state').open_applications);`,
    { flags: ['--expose-gc'] },
  );
  assert.deepEqual(done, { code: 0, out: '0\n', err: '' });
});

test('it is not made by new, and its inspection says who sends and no secret', async (t) => {
  const { sandbox, account } = await place(t);
  assert.throws(() => new Client(), TypeError);
  const client = await Client.signIn(account);
  assert.equal(inspect(client), `Client { address: '${account.address}', closed: false }`);
  assert.equal(inspect([sandbox]), `[ Sandbox { url: '${sandbox.url}', caFile: null } ]`);
  await client.close();
  const shown = inspect(client, { depth: 9, showHidden: true });
  assert.ok(shown.includes('closed: true') && !shown.includes(PASSWORD), shown);
});
