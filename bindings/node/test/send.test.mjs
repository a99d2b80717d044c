import assert from 'node:assert/strict';
import test from 'node:test';
import { pathToFileURL } from 'node:url';
import { sendIm } from 'send-im';
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
  [{ to: 'lenea\0@contoso.com' }, /recipient/],
  [{ to: 'lenea@contoso.com\0' }, /recipient/],
  [{ text: 'disk\0full of things' }, /text/],
  [{ text: 'half a pair \udc00 of things' }, /text/],
];
for (const [{ to = 'lenea@contoso.com', text = 'hi', ...options }, message] of refused) {
  test(`refused before any request: ${JSON.stringify({ to, text, ...options })} ${message}`, async (t) => {
    const { sandbox, account } = await place(t);
    const wanted = { kind: 'invalid_input', step: null, exitCode: 2, sent: 'no', message, stack: /^(?!.*of things)/s };
    await assert.rejects(sendIm(to, text, { ...account, ...options }), wanted);
    assert.deepEqual(journal(sandbox), []);
  });
}

test('a wrong type is a TypeError that shows no value', async (t) => {
  const { sandbox, account } = await place(t);
  for (const wrong of [
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
    const sending = sendIm('lenea@contoso.com', 'hi', { ...account, ...wrong });
    assert.ok(sending instanceof Promise);
    const message = new RegExp(`^(?!.*(424242|s3cret)).*${Object.keys(wrong)[0]}`);
    await assert.rejects(sending, { name: 'TypeError', message });
  }
  await assert.rejects(sendIm(null, 'hi'), { name: 'TypeError', message: /recipient/ });
  await assert.rejects(sendIm('lenea@contoso.com', 7), { name: 'TypeError', message: /text/ });
  await assert.rejects(sendIm('lenea@contoso.com', 'hi', 'fast'), { name: 'TypeError', message: /options/ });
  assert.deepEqual(journal(sandbox), []);
});

test('null and undefined are as not given, and an endless timeout is taken', async (t) => {
  const { account } = await place(t);
  const nothing = { username: null, subject: undefined, importance: null, html: null, wait: null, onStep: undefined };
  assert.ok(await sendIm('lenea@contoso.com', 'hi', { ...account, ...nothing, signal: null, timeout: null }));
  assert.ok(await sendIm('lenea@contoso.com', 'hi', { ...account, timeout: Number.POSITIVE_INFINITY }));
  assert.ok(await sendIm('lenea@contoso.com', 'hi', { ...account, timeout: 30_000.5 }));
});
