// Sends what the judge of tests/scenarios asks for, a line of JSON a case; the README there says how.

import { createInterface } from 'node:readline';
import { inspect } from 'node:util';
import { Client, sendIm } from 'send-im';

const timed = ({ timeout_ms: timeout, ...members }) => ({ ...members, timeout });

async function run({ action, account: { ca_file: caFile, ...given }, messages: all }) {
  const { timeout, ...account } = timed({ ...given, caFile });
  const messages = all.map(timed);
  const each = (send) => Promise.allSettled(messages.map(({ to, text, ...options }) => send(to, text, options)));
  if (action === 'send') return each((to, text, options) => sendIm(to, text, { ...account, ...options }));
  const client = await Client.signIn({ ...account, signInTimeout: timeout });
  try {
    if (action === 'send_all') return await client.sendAll(messages);
    return await each((to, text, options) => client.send(to, text, options));
  } finally {
    await client.close();
  }
}

function shown({ value, reason }) {
  const told = value ?? { ...reason.toJSON(), code: reason.serverCode };
  const members = Object.entries(told).map(([name, member]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    name === 'retryAfter' && member !== null ? member / 1000 : member,
  ]);
  const printed = `${value ?? reason} ${inspect(value ?? reason, { depth: 9, showHidden: true })}`;
  return { [value ? 'receipt' : 'error']: { ...Object.fromEntries(members), printed } };
}

for await (const line of createInterface({ input: process.stdin })) {
  const results = await run(JSON.parse(line));
  process.stdout.write(`${JSON.stringify(results.map(shown))}\n`);
}
