import assert from 'node:assert/strict';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { SendImError, sendIm } from 'send-im';
import { journal, place } from './helper.mjs';

test('https with the authority of the sandbox in a file', async (t) => {
  const { sandbox, account } = await place(t, { https: true });
  const server = new URL(sandbox.url);
  await sendIm('lenea@contoso.com', 'by path', { ...account, server, caFile: sandbox.caFile });
  await sendIm('lenea@contoso.com', 'by url', { ...account, server, caFile: pathToFileURL(sandbox.caFile) });
  assert.equal(sandbox.messages().length, 2);
});

const refused = [
  [{ importance: 'huge' }, /importance/],
  [{ wait: 'forever' }, /wait/],
  [{ tls: 'old' }, /current or compatible/],
  [{ timeout: 0 }, /timeout/],
  [{ timeout: -1 }, /timeout/],
  [{ timeout: Number.NaN }, /timeout/],
  [{ subject: 'a\nb' }, /subject/],
  [{ subject: 'half a pair \ud83d' }, /subject/],
  [{ subject: 'cut\0here' }, /subject/],
  [{ password: 'cut\0here' }, /password/],
  [{ username: 'cut\0here' }, /username/],
  [{ caFile: 'cut\0here' }, /caFile/],
  [{ server: 'http://127.0.0.1/\0' }, /server/],
  [{ address: 'tosh\0@contoso.com' }, /address/],
  [{ trustedDomains: ['cut\0here'] }, /trustedDomains/],
  [{ token: () => 't' }, /one of them/],
];
for (const [options, complaint] of refused) {
  test(`refused before any request: ${JSON.stringify(options)} ${complaint}`, async (t) => {
    const { sandbox, account } = await place(t);
    const sending = sendIm('lenea@contoso.com', 'hi', { ...account, ...options });
    await assert.rejects(sending, { kind: 'invalid_input', exitCode: 2, sent: 'no', message: complaint });
    assert.deepEqual(journal(sandbox), []);
  });
}

for (const [what, to, text] of [
  ['recipient', 'lenea\0@contoso.com', 'hello'],
  ['recipient', 'lenea@contoso.com\0', 'hello'],
  ['text', 'lenea@contoso.com', 'disk\0full of things'],
  ['text', 'lenea@contoso.com', 'half a pair \udc00 of things'],
]) {
  test(`refused: ${what} ${JSON.stringify(what === 'text' ? text : to)}`, async (t) => {
    const { sandbox, account } = await place(t);
    await assert.rejects(sendIm(to, text, account), (error) => {
      assert.ok(error instanceof SendImError);
      assert.deepEqual([error.kind, error.step, error.sent], ['invalid_input', null, 'no']);
      assert.ok(error.message.includes(what) && !error.stack.includes('of things'));
      return true;
    });
    assert.deepEqual(journal(sandbox), []);
  });
}

for (const options of [
  { subject: 7 },
  { caFile: 7 },
  { trustedDomains: [7] },
  { trustedDomains: 'contoso.net' },
  { token: 7 },
  { timeout: '60' },
  { importance: 1 },
  { html: 'true' },
  { password: 424242 },
  { address: () => 'tosh@contoso.com' },
  { onStep: 'console.log' },
  { signal: 'now' },
  { passwrod: 's3cret' },
]) {
  test(`a wrong type is a TypeError that shows no value: ${Object.keys(options)}`, async (t) => {
    const { sandbox, account } = await place(t);
    const sending = sendIm('lenea@contoso.com', 'hi', { ...account, ...options });
    assert.ok(sending instanceof Promise);
    await assert.rejects(sending, (error) => {
      assert.ok(error instanceof TypeError && error.message.includes(Object.keys(options)[0]));
      assert.doesNotMatch(error.message, /424242|s3cret/);
      return true;
    });
    assert.deepEqual(journal(sandbox), []);
  });
}

test('a recipient, a text and options of a wrong type', async () => {
  await assert.rejects(sendIm(null, 'hi'), { name: 'TypeError', message: /recipient/ });
  await assert.rejects(sendIm('lenea@contoso.com', 7), { name: 'TypeError', message: /text/ });
  await assert.rejects(sendIm('lenea@contoso.com', 'hi', 'fast'), { name: 'TypeError', message: /options/ });
});

test('null and undefined are as not given, and an endless timeout is taken', async (t) => {
  const { account } = await place(t);
  const nothing = { username: null, subject: undefined, importance: null, html: null, wait: null, onStep: undefined };
  assert.ok(await sendIm('lenea@contoso.com', 'hi', { ...account, ...nothing, signal: null, timeout: null }));
  assert.ok(await sendIm('lenea@contoso.com', 'hi', { ...account, timeout: Number.POSITIVE_INFINITY }));
  assert.ok(await sendIm('lenea@contoso.com', 'hi', { ...account, timeout: 30_000.5 }));
});
