// Sends one message: node send.mjs lenea@contoso.com "disk full on db7".
//
// Who sends comes from SEND_IM_ADDRESS and SEND_IM_PASSWORD, or from ~/.config/send-im/config.toml
// (on Windows %APPDATA%\send-im\config.toml).

import { SendImError, sendIm } from 'send-im';

const [recipient, text, ...more] = process.argv.slice(2);

if (text === undefined || more.length > 0) {
  console.error('usage: node send.mjs RECIPIENT TEXT');
  process.exit(2);
}

try {
  const receipt = await sendIm(recipient, text);
  console.log(`${receipt.acceptedBy ?? receipt.to} accepted the message (${receipt.evidence}).`);
} catch (error) {
  if (!(error instanceof SendImError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
