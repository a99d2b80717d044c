import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, sendIm } from 'send-im';
import { eventually, issueToken, place, SENDER } from './helper.mjs';

/** A sandbox, and a send with a token in the place of a password. */
async function tokens(t, options) {
  const { sandbox } = await place(t, options);
  const issue = () => issueToken(sandbox, SENDER);
  const send = (token, more) => sendIm('lenea@contoso.com', 'hi', { address: SENDER, token, server: sandbox, ...more });
  return { sandbox, issue, send };
}

test('a function gives a token in the place of a password, and another once that is revoked', async (t) => {
  const { sandbox, issue } = await tokens(t);
  const asked = [];
  const token = (request) => {
    asked.push(request);
    return issue();
  };
  const client = await Client.signIn({ address: SENDER, token, server: sandbox });
  await client.send('lenea@contoso.com', 'before');
  sandbox.request('POST', 'actions/revoke-tokens');
  assert.equal((await client.send('lenea@contoso.com', 'after')).acceptedBy, 'lenea@contoso.com');
  await client.close();
  assert.deepEqual([asked[0].origin, asked[0].rejected], [new URL(sandbox.url).origin, false]);
  assert.ok(asked.some((request) => request.rejected));
  const members = ['authorizationUri', 'clientId', 'origin', 'rejected', 'trustedIssuers'];
  assert.deepEqual(Object.keys(asked[0]).sort(), members);
});

test('the function may take its time', async (t) => {
  const { issue, send } = await tokens(t, { layout: 'two-pools' });
  const receipt = await send(async () => {
    await sleep(20);
    return { value: issue(), expiresIn: 3_600_000.5 };
  });
  assert.equal(receipt.acceptedBy, 'lenea@contoso.com');
  assert.ok(await send(() => ({ value: issue() })));
  assert.ok(await send(() => ({ value: issue(), expiresIn: null })));
});

test('a token that is given as a string', async (t) => {
  const { sandbox, issue, send } = await tokens(t);
  const token = issue();
  assert.ok(await send(token));
  sandbox.request('POST', 'actions/revoke-tokens');
  await assert.rejects(send(token), (error) => error.kind === 'sign_in_refused' && !error.stack.includes(token));
});

test('what a function throws is the cause of the error, whose text says nothing of it', async (t) => {
  const { sandbox, send } = await tokens(t);
  for (const thrown of [new RangeError('vault is sealed, key s3cret'), 's3cret', null, 7]) {
    const throws = () => {
      throw thrown;
    };
    for (const token of [throws, async () => throws()]) {
      const signIn = () => Client.signIn({ address: SENDER, token, server: sandbox });
      for (const call of [() => send(token), signIn]) {
        await assert.rejects(call, (error) => {
          assert.deepEqual([error.kind, error.step, error.exitCode], ['credential_unavailable', 'sign_in', 3]);
          assert.ok(Object.hasOwn(error, 'cause'));
          assert.equal(error.cause, thrown);
          assert.ok(!`${error.stack} ${JSON.stringify(error)}`.includes('s3cret'));
          return true;
        });
      }
    }
  }
});

test('a client that gets no more tokens tells each send why', async (t) => {
  const { sandbox, issue } = await tokens(t);
  const thrown = [];
  const token = () => {
    if (thrown.push(new Error(`failure ${thrown.length}`)) === 1) return issue();
    throw thrown.at(-1);
  };
  const client = await Client.signIn({ address: SENDER, token, server: sandbox });
  sandbox.request('POST', 'actions/revoke-tokens');
  // More than are kept.
  for (let n = 0; n < 100; n++) {
    const error = await client.send('lenea@contoso.com', 'hi').catch((error) => error);
    assert.deepEqual([error.kind, error.sent], ['credential_unavailable', 'no']);
    assert.ok(thrown.includes(error.cause));
  }
  const sends = [1, 2].map((n) => ({ to: `user${n}@contoso.com`, text: 'hi' }));
  for (const { reason } of await client.sendAll(sends)) assert.ok(thrown.includes(reason.cause));
  await client.close().catch(() => {});
});

for (const value of [undefined, null, 7, {}, { value: 7 }, 'cut\0here', { value: 'x', expiresIn: 'soon' }]) {
  test(`a function that returns something else: ${JSON.stringify(value)}`, async (t) => {
    const { send } = await tokens(t);
    await assert.rejects(
      send(() => value),
      (error) => error.kind === 'credential_unavailable' && /^(TypeError|SendImError)$/.test(error.cause.name),
    );
  });
}

test('a rejected token is a sign-in error', async (t) => {
  const { send } = await tokens(t);
  await assert.rejects(
    send(() => 'not-of-this-server'),
    (error) => error.kind === 'sign_in_refused' && !error.stack.includes('not-of-this-server'),
  );
});

test('a token that never comes lets the timeout pass, and one that comes later harms nobody', async (t) => {
  const { issue, send } = await tokens(t);
  let late;
  const never = () =>
    new Promise((resolve) => {
      late = resolve;
    });
  await assert.rejects(send(never, { timeout: 200 }), { kind: 'timeout' });
  late(issue());
  await assert.rejects(send(never, { signal: AbortSignal.timeout(100) }), { kind: 'cancelled', sent: 'no' });
  late(issue());
  assert.ok(await send(issue));
});

test('an expired token is asked for while nothing is sent', async (t) => {
  const { sandbox, issue } = await tokens(t, { pollTimeout: 100 });
  let asked = 0;
  const token = () => {
    asked++;
    return { value: issue(), expiresIn: 100 };
  };
  const client = await Client.signIn({ address: SENDER, token, server: sandbox });
  const before = asked;
  assert.ok(await eventually(() => asked > before));
  await client.close();
});
