// One contract for closing: it waits, has a bound, and tells the truth about what it cuts off.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { Client } from 'send-im';
import { openApplications, place, ringing, script } from './helper.mjs';

const HOUR = 3_600_000;
const outcome = ({ value, reason }) => (reason ? `${reason.kind} ${reason.sent}` : value.acceptedBy);

test('closing waits for every send that was called before, also for those that wait for their turn', async (t) => {
  const { sandbox, account } = await place(t, { slow: 300 });
  const client = await Client.signIn(account);
  // More than are under way at a time, and two for one recipient.
  const recipients = Array.from({ length: 50 }, (_, n) => `slow@d${n % 49}.contoso.com`);
  const sends = recipients.map((to) => client.send(to, 'hi'));
  const all = client.sendAll([{ to: 'lenea@contoso.com', text: 'hi' }]);
  await client.close();
  assert.equal(openApplications(sandbox), 0);
  assert.deepEqual(
    (await Promise.all(sends)).map((receipt) => receipt.acceptedBy),
    recipients,
  );
  assert.equal(outcome((await all)[0]), 'lenea@contoso.com');
  assert.equal(sandbox.messages().length, 51);
  await assert.rejects(client.send('lenea@contoso.com', 'late'), { kind: 'closed', sent: 'no' });
});

for (const timeout of [0, 200]) {
  test(`what has not ended after a bound of ${timeout} ms is cancelled`, async (t) => {
    const { sandbox, account } = await place(t, { ring: HOUR });
    const client = await Client.signIn(account);
    const sending = assert.rejects(client.send('silent@contoso.com', 'hi', { timeout: HOUR }), {
      kind: 'cancelled',
      sent: 'maybe',
      exitCode: 130,
    });
    assert.ok(await ringing(sandbox));
    await client.close({ timeout });
    await sending;
    assert.deepEqual([sandbox.messages(), openApplications(sandbox)], [[], 0]);
  });
}

test('a bound that is none closes nothing', async (t) => {
  const { account } = await place(t);
  const client = await Client.signIn(account);
  await assert.rejects(client.close({ timeout: '5' }), TypeError);
  await assert.rejects(client.close({ timout: 5 }), TypeError);
  await assert.rejects(client.close({ timeout: Number.NaN }), { kind: 'invalid_input' });
  assert.equal(client.closed, false);
  await client.send('lenea@contoso.com', 'hi');
  await client.close({ timeout: Number.POSITIVE_INFINITY });
});

test('cancelAll ends every send at once', async (t) => {
  const { sandbox, account } = await place(t, { ring: HOUR });
  const client = await Client.signIn(account);
  const options = { timeout: HOUR };
  const sends = [1, 2].map((n) => client.send('silent@contoso.com', `message ${n}`, options));
  const all = client.sendAll([{ to: 'silent@contoso.com', text: 'another', ...options }]);
  assert.ok(await ringing(sandbox));
  assert.equal(client.cancelAll(), undefined);
  assert.equal(client.closed, true);
  const told = [...(await Promise.allSettled(sends)), ...(await all)].map(outcome);
  // One rang, whichever, and the others waited for it.
  assert.deepEqual(told.sort(), ['cancelled maybe', 'cancelled no', 'cancelled no']);
  await assert.rejects(client.send('lenea@contoso.com', 'late'), { kind: 'closed', sent: 'no' });
  await client.close();
  client.cancelAll();
  assert.deepEqual([sandbox.messages(), openApplications(sandbox)], [[], 0]);
});

test('the end of a scope closes, and hides no failure of the scope', async (t) => {
  const { sandbox, account } = await place(t);
  const client = await Client.signIn(account);
  await client.send('lenea@contoso.com', 'hi');
  await client[Symbol.asyncDispose]();
  assert.deepEqual([client.closed, openApplications(sandbox)], [true, 0]);

  const other = await Client.signIn(account);
  sandbox.addFault('delete_application', { status: { http: 400 } }, { times: 0 });
  const warned = once(process, 'warning');
  await other[Symbol.asyncDispose]();
  const [warning] = await warned;
  assert.match(`${warning}`, /^SendImWarning: A session was not closed: \S/);
  await assert.rejects(other.close(), { step: 'sign_out' });
});

test('a program that is told to end by a signal drains what is under way', async (t) => {
  const done = await script(
    t,
    `import { Client, Sandbox } from 'send-im';
     const sandbox = await Sandbox.start({ slow: 500, ring: ${HOUR} });
     const client = await Client.signIn({ address: 'tosh@contoso.com', password: 'x', server: sandbox });
     process.once('SIGTERM', async () => {
       await client.close({ timeout: 5000 });
       console.log(sandbox.request('GET', 'state').open_applications, sandbox.messages().length);
       process.exitCode = 143;
     });
     const sends = ['slow@contoso.com', 'silent@contoso.com'].map((to) => client.send(to, 'hi', { timeout: ${HOUR} }));
     console.log('sending');
     for (const { value, reason } of await Promise.allSettled(sends)) console.log(value?.acceptedBy ?? reason.kind);`,
    { on: (text, child) => text === 'sending\n' && child.kill('SIGTERM') },
  );
  const lines = done.out.trimEnd().split('\n').sort();
  assert.deepEqual([done.code, lines, done.err], [143, ['0 1', 'cancelled', 'sending', 'slow@contoso.com'], '']);
});
