// Sends from Node: sends.mjs SENDS MANY. Prints one line of JSON, times in milliseconds.

const began = performance.now();
const { Client, sendIm } = await import('../../../bindings/node/index.mjs');
// The first call loads the library. This one ends before any request: the recipient is no address.
await sendIm('nobody', 'disk full').catch(() => {});
const load_ms = performance.now() - began;

async function send(client) {
  const started = performance.now();
  await client.send('lenea@contoso.com', 'disk full');
  return performance.now() - started;
}

const [sends, many] = process.argv.slice(2).map(Number);
const client = await Client.signIn();
for (let n = 0; n < Math.floor(sends / 10); n += 1) await send(client);
const times = [];
for (let n = 0; n < sends; n += 1) times.push(await send(client));
times.sort((a, b) => a - b);

const messages = Array.from({ length: many }, (_, n) => ({ to: `user${n % 100}@contoso.com`, text: 'disk full' }));
const started = performance.now();
const results = await client.sendAll(messages);
const elapsed = performance.now() - started;
for (const { reason } of results) if (reason) throw reason;
await client.close();

const at = (percent) => times[Math.floor((sends * percent) / 100)];
console.log(
  JSON.stringify({ load_ms, send: { p50: at(50), p99: at(99) }, send_all_per_second: (many * 1000) / elapsed }),
);
