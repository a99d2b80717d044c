// The same types for CommonJS, where neither the DOM nor @types/node is known.

import sendImPackage = require('send-im');

const { Client, SendImError, sendIm } = sendImPackage;

async function main(): Promise<void> {
  const receipt: sendImPackage.Receipt = await sendIm('lenea@contoso.com', 'hi');
  const client: sendImPackage.Client = await Client.signIn();
  await client.close();
  const told: string[] = [receipt.to, new SendImError('x').message];
  // @ts-expect-error the text is missing
  await sendIm(told[0]);
}

main();
