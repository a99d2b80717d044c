// Must compile. A line after @ts-expect-error must not.

import {
  Client,
  type Delivered,
  type ErrorCode,
  type Format,
  type Kind,
  type Message,
  Receipt,
  Sandbox,
  SendImError,
  type Step,
  sendIm,
  type TokenRequest,
  version,
  type Wait,
} from 'send-im';

const text: string = version;

const wait: Wait = 'submitted';
const format: Format = 'html';

const receipt: Receipt = await sendIm('lenea@contoso.com', text);
const by: string | null = receipt.acceptedBy;
const elapsed: number = receipt.steps[0].elapsed;

await sendIm('lenea@contoso.com', 'hi', {
  address: 'tosh@contoso.com',
  password: null,
  token: async (request: TokenRequest) => ({ value: request.origin, expiresIn: 3_600_000 }),
  server: new URL('https://lyncdiscover.contoso.com/'),
  caFile: new URL('file:///etc/ca.pem'),
  trustedDomains: ['contoso.net'],
  timeout: 20_000,
  onStep: (step: Step) => console.log(step.step, step.status?.toFixed()),
  subject: 'db7',
  importance: 'urgent',
  html: format === 'html',
  wait,
  signal: AbortSignal.timeout(100),
});

await sendIm(
  { to: 'lenea@contoso.com', text, subject: 'db7', timeout: 20_000 },
  { signal: new AbortController().signal },
);
// @ts-expect-error the text is missing
await sendIm({ to: 'lenea@contoso.com' });
// @ts-expect-error the text is missing
await sendIm('lenea@contoso.com');
// @ts-expect-error no such importance
await sendIm('lenea@contoso.com', 'hi', { importance: 'huge' });
// @ts-expect-error no such option
await sendIm('lenea@contoso.com', 'hi', { passwrod: 'x' });
// @ts-expect-error a number of milliseconds
await sendIm('lenea@contoso.com', 'hi', { timeout: '60' });
// @ts-expect-error a token has a value
await sendIm('lenea@contoso.com', 'hi', { token: () => 7 });
// @ts-expect-error a receipt is not changed
receipt.to = 'somebody@contoso.com';
// @ts-expect-error it may be null
const never: string = receipt.acceptedBy;

{
  await using client = await Client.signIn({ server: await Sandbox.start() });
  const messages: Message[] = [{ to: 'lenea@contoso.com', text: 'hi', subject: 'db7' }];
  for (const result of await client.sendAll(new Set(messages), { signal: null })) {
    const told: string = result.status === 'fulfilled' ? result.value.to : result.reason.kind;
    console.log(told, by, elapsed, never);
  }
  // @ts-expect-error an option of the account
  await client.send('lenea@contoso.com', 'hi', { address: 'tosh@contoso.com' });
  await client.send(messages[0], { signal: AbortSignal.timeout(100) });
  // @ts-expect-error a message has a text
  await client.sendAll([{ to: 'lenea@contoso.com' }]);
  // @ts-expect-error an option of a message
  await Client.signIn({ timeout: 5_000 });
  await Client.signIn({ signInTimeout: 5_000 });
  await client.close({ timeout: 5_000 });
  // @ts-expect-error a number of milliseconds
  await client.close({ timeout: '5' });
  client.cancelAll();
  const closed: boolean = client.closed;
  // @ts-expect-error it is told, not set
  client.closed = closed;
}

// @ts-expect-error clients are made by signIn
new Client();
// @ts-expect-error sandboxes are made by start
new Sandbox();

try {
  await using sandbox = await Sandbox.start({ layout: 'two-pools', https: true, users: { 'tosh@contoso.com': 'x' } });
  sandbox.addFault('applications', { status: { http: 503, retry_after: 1 } }, { times: 2 });
  // @ts-expect-error no such route
  sandbox.addFault('nowhere', 'drop_before');
  const [first]: Delivered[] = await sandbox.waitFor(1, { timeout: 100 });
  const when: Date = first.receivedAt;
  console.log(
    when,
    sandbox.inbox('lenea@contoso.com').length,
    sandbox.request<{ status: number }[]>('GET', 'journal')[0].status,
  );
  // @ts-expect-error no such layout
  await Sandbox.start({ layout: 'three-pools' });
} catch (error) {
  if (error instanceof SendImError) {
    const kind: Kind = error.kind;
    const code: ErrorCode = error.code;
    const maybe: boolean = error.sent === 'maybe';
    const pause: number | null = error.retryAfter;
    console.log(
      kind === 'busy',
      code === 'ERR_SEND_IM_NO_ANSWER',
      maybe,
      pause,
      error.hops[0]?.url,
      error.detail,
      error.cause,
      error.toJSON().exitCode,
    );
    // @ts-expect-error it is no or maybe
    console.log(error.sent === 'perhaps');
    // @ts-expect-error it is spelled declined
    console.log(error.kind === 'decliend');
    // @ts-expect-error no such code
    console.log(error.code === 'ERR_SEND_IM_CANCELLED');
    process.exit(error.exitCode);
  }
}

const made: Receipt = new Receipt('lenea@contoso.com', { acceptedBy: null, evidence: 'submitted' });
// @ts-expect-error no such field
console.log(made.threadId, new Receipt('lenea@contoso.com', { too: 'x' }));

throw new SendImError('Busy.', { kind: 'busy', sent: 'no', cause: new Error('why') });
