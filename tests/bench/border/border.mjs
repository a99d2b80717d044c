// What a call costs from Node: border.mjs REFUSED SENT. Prints one line of JSON, times in milliseconds. Eight calls are under
// way at once where other languages have eight threads.

const began = performance.now();
const { Client, sendIm } = await import('../../../bindings/node/index.mjs');
// The first call loads the library. This one ends before any request.
await sendIm('nobody', 'disk full').catch(() => {});
const loaded = performance.now() - began;

/** Sends that are refused without a request: the recipient is no address. */
async function refused(client, calls) {
  const times = [];
  for (let call = 0; call < calls; call += 1) {
    const started = performance.now();
    try {
      await client.send('nobody', 'disk full');
    } catch (error) {
      if (error.kind !== 'invalid_input') throw error;
      times.push(performance.now() - started);
    }
  }
  if (times.length !== calls) throw new Error('the send to nobody was not refused');
  return times;
}

async function together(client, calls) {
  return (await Promise.all(Array.from({ length: 8 }, () => refused(client, Math.floor(calls / 8))))).flat();
}

async function sent(client, calls) {
  const times = [];
  for (let call = 0; call < calls; call += 1) {
    const started = performance.now();
    await client.send('kept@contoso.com', 'disk full');
    times.push(performance.now() - started);
  }
  return times;
}

function summary(times) {
  times.sort((a, b) => a - b);
  const at = (percent) => times[Math.floor((times.length * percent) / 100)];
  return { p50: at(50), p99: at(99) };
}

const [calls, sends] = process.argv.slice(2).map(Number);
const client = await Client.signIn();
await refused(client, Math.floor(calls / 10));
const told = { load_ms: loaded, refused_1: summary(await refused(client, calls)) };
told.refused_8 = summary(await together(client, calls));
told.sent = summary(await sent(client, sends));
await client.signOut();
console.log(JSON.stringify(told));
