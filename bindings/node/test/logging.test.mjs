import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import test from 'node:test';
import { Client, sendIm } from 'send-im';
import { PASSWORD, place, script, stored } from './helper.mjs';

const TEXT = 'the text of the message, which is secret';
const SUBJECT = 'a secret subject';

/** Hears the channel during a test. */
function heard(t) {
  const steps = [];
  const hear = (step) => steps.push(step);
  diagnostics.subscribe('send-im:step', hear);
  t.after(() => diagnostics.unsubscribe('send-im:step', hear));
  return steps;
}

/** The warnings of the process during a test. */
function warned(t) {
  const warnings = [];
  const hear = (warning) => warnings.push(`${warning.name}: ${warning.message}`);
  process.on('warning', hear);
  t.after(() => process.off('warning', hear));
  return warnings;
}

test('onStep is called before the call returns, with the steps of the receipt and the sign-out', async (t) => {
  const { account } = await place(t);
  const seen = [];
  const receipt = await sendIm('lenea@contoso.com', 'hi', { ...account, onStep: (step) => seen.push(step) });
  assert.deepEqual(seen.slice(0, receipt.steps.length), receipt.steps);
  assert.equal(seen.at(-1).step, 'sign_out');
  assert.ok(seen.every((step) => Object.isFrozen(step)));
});

test('steps are told while the call goes on', async (t) => {
  const { sandbox, account } = await place(t, { slow: 300 });
  let delivered;
  const onStep = ({ step }) => {
    if (step === 'invite') delivered = sandbox.messages().length;
  };
  await sendIm('slow@contoso.com', 'hi', { ...account, onStep });
  assert.equal(delivered, 0);
});

test('what an onStep throws is a warning, once a call, and the send goes on', async (t) => {
  const { account } = await place(t);
  const warnings = warned(t);
  const throws = (thrown) => () => {
    throw thrown;
  };
  const rejects = async () => throws(new RangeError('key'))();
  for (const onStep of [throws(new RangeError('key')), throws({ key: 7 }), rejects]) {
    const receipt = await sendIm('lenea@contoso.com', 'hi', { ...account, onStep });
    assert.equal(receipt.acceptedBy, 'lenea@contoso.com');
  }
  await new Promise(setImmediate);
  assert.deepEqual(
    warnings,
    ['RangeError: key', '{ key: 7 }', 'RangeError: key'].map(
      (what) => `SendImWarning: onStep threw ${what} (reported once; the call goes on)`,
    ),
  );
});

test('an onStep may send by itself', async (t) => {
  const { sandbox, account } = await place(t);
  let inner;
  const onStep = () => {
    inner ??= sendIm('b@contoso.com', 'inner', account);
  };
  await sendIm('a@contoso.com', 'outer', { ...account, onStep });
  assert.equal((await inner).acceptedBy, 'b@contoso.com');
  assert.deepEqual(
    sandbox
      .messages()
      .map((message) => message.text)
      .sort(),
    ['inner', 'outer'],
  );
});

test('the channel publishes the steps of calls and clients that begin while it is heard', async (t) => {
  const { account } = await place(t);
  const steps = heard(t);
  await sendIm('lenea@contoso.com', 'hi', account);
  assert.ok(steps.some((step) => step.step === 'open_session'));
  const client = await Client.signIn(account);
  steps.length = 0;
  await client.send('lenea@contoso.com', 'hi');
  assert.ok(steps.some((step) => step.step === 'invite'));
  await client.close();
});

test('NODE_DEBUG=send-im writes each step to stderr', async (t) => {
  const { sandbox } = await place(t);
  const program = `import { sendIm } from 'send-im'; await sendIm('lenea@contoso.com', 'hi');`;
  const done = await script(t, program, { env: { ...stored(sandbox), NODE_DEBUG: 'send-im' } });
  assert.deepEqual([done.code, done.out], [0, '']);
  const lines = done.err.trimEnd().split('\n');
  assert.match(
    lines[0],
    new RegExp(`^SEND-IM \\d+: discover: ${new URL(sandbox.url).host} answered 200 after \\d+\\.\\d ms$`),
  );
  assert.match(lines.at(-1), /: sign_out: /);
  assert.ok(lines.length >= 6);
});

test('no secret is told', async (t) => {
  const { sandbox, account } = await place(t);
  const steps = heard(t);
  await sendIm('lenea@contoso.com', TEXT, { ...account, subject: SUBJECT });
  for (const [to, more] of [
    ['declines@contoso.com', {}],
    ['lenea@contoso.com', { password: 'wrong' }],
    ['lenea', {}],
  ]) {
    await assert.rejects(sendIm(to, TEXT, { ...account, subject: SUBJECT, ...more }));
  }
  const program = `import { sendIm } from 'send-im'; await sendIm('busy@contoso.com', '${TEXT}', { subject: '${SUBJECT}' });`;
  const done = await script(t, program, { env: { ...stored(sandbox), NODE_DEBUG: 'send-im' } });
  const told = `${JSON.stringify(steps)} ${done.err}`;
  assert.ok(steps.length > 10 && done.err.includes('sign_in'));
  // The source line of an uncaught error is Node's own.
  const ours = told.replaceAll(program, '');
  for (const secret of [PASSWORD, TEXT, SUBJECT, 'cwt=', 'Bearer']) assert.ok(!ours.includes(secret), secret);
});
