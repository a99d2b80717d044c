// The same types for CommonJS.

import sendImPackage = require('send-im');

const { Client, SendImError, sendIm } = sendImPackage;

async function main(): Promise<void> {
  const receipt: sendImPackage.Receipt = await sendIm('lenea@contoso.com', 'hi');
  const client: sendImPackage.Client = await Client.signIn();
  await client.signOut();
  console.log(receipt.to, new SendImError('x') instanceof Error);
  // @ts-expect-error the text is missing
  await sendIm('lenea@contoso.com');
}

main();
