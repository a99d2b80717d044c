// The one implementation is lib/index.js: what is imported and what is required are the same classes.
import sendImPackage from './lib/index.js';

export const { Client, Receipt, Sandbox, SendImError, sendIm, version } = sendImPackage;
