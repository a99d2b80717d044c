'use strict';

/**
 * The native library: where it is found, and its functions.
 *
 * No JavaScript function is ever handed to it. It reports to a mailbox (mailbox.js), so it may outlive the event loop,
 * and the worker, that began a call.
 */

const path = require('node:path');
const koffi = require('koffi');
const { unavailable, why } = require('./unloadable.js');

/** The interface this package was written for. */
const ABI = 1;

const NAMES = { darwin: 'libsend_im.dylib', win32: 'send_im.dll' };

/** @returns {string} the file to load */
function chosen() {
  const name = NAMES[/** @type {keyof typeof NAMES} */ (process.platform)] ?? 'libsend_im.so';
  const inside = path.join(__dirname, '..', 'prebuilds', `${process.platform}-${process.arch}`, name);
  return process.env.SEND_IM_LIBRARY || inside;
}

function load() {
  const place = chosen();
  let found;
  let library;
  try {
    library = koffi.load(place);
    found = library.func('send_im_abi_version', 'uint32', [])();
  } catch (error) {
    throw unavailable(place, why(place, error instanceof Error ? error.message : String(error)));
  }
  if (found !== ABI) {
    throw unavailable(place, `it has interface ${found}, this package needs ${ABI}`);
  }
  return { library, place };
}

const { library, place } = load();

const HANDLE = 'void *';
const TEXT = 'const char *';
const OUT = koffi.out(koffi.pointer('void *'));

/**
 * @param {string} name without `send_im_`
 * @param {any} result
 * @param {...any} parameters
 */
const declare = (name, result, ...parameters) => library.func(`send_im_${name}`, result, parameters);

const native = {
  version: declare('version', TEXT),
  shutdownAtExit: declare('shutdown_at_exit', 'bool', 'uint64'),
  stringFree: declare('string_free', 'void', HANDLE),

  errorNew: declare('error_new', HANDLE, TEXT, TEXT, 'bool'),
  errorExitCode: declare('error_exit_code', 'int', HANDLE),
  errorToJson: declare('error_to_json', TEXT, HANDLE),
  errorFree: declare('error_free', 'void', HANDLE),

  optionsNew: declare('options_new', HANDLE),
  optionsSet: declare('options_set', HANDLE, HANDLE, TEXT, TEXT),
  optionsSteps: declare('options_steps_by_mail', HANDLE, HANDLE, HANDLE, 'uint64'),
  optionsTokens: declare('options_tokens_by_mail', HANDLE, HANDLE, HANDLE, 'uint64'),
  optionsFree: declare('options_free', 'void', HANDLE),

  mailboxNew: declare('mailbox_new', HANDLE, OUT),
  mailboxDescriptor: declare('mailbox_descriptor', 'int', HANDLE),
  mailboxTake: declare('mailbox_take', HANDLE, HANDLE),
  mailboxFree: declare('mailbox_free', 'void', HANDLE),
  mailTicket: declare('mail_ticket', 'uint64', HANDLE),
  mailToJson: declare('mail_to_json', TEXT, HANDLE),
  mailTakeClient: declare('mail_take_client', HANDLE, HANDLE),
  mailTakeTokenReply: declare('mail_take_token_reply', HANDLE, HANDLE),
  mailFree: declare('mail_free', 'void', HANDLE),

  tokenReplyResolve: declare('token_reply_resolve', 'void', HANDLE, TEXT, 'uint64'),
  tokenReplyFail: declare('token_reply_fail', 'void', HANDLE, TEXT, 'uint64'),

  callCancel: declare('call_cancel', 'void', HANDLE),
  callFree: declare('call_free', 'void', HANDLE),

  sendIm: library.func('send_im_by_mail', HANDLE, [HANDLE, 'uint64', HANDLE, TEXT, TEXT, OUT]),
  clientSignIn: declare('client_sign_in_by_mail', HANDLE, HANDLE, 'uint64', HANDLE, OUT),
  clientSend: declare('client_send_by_mail', HANDLE, HANDLE, 'uint64', HANDLE, HANDLE, TEXT, TEXT, OUT),
  clientSendAll: declare('client_send_all_by_mail', HANDLE, HANDLE, 'uint64', HANDLE, HANDLE, OUT),
  clientSignOut: declare('client_sign_out_by_mail', HANDLE, HANDLE, 'uint64', HANDLE, 'int64', OUT),
  clientCancelAll: declare('client_cancel_all', HANDLE, HANDLE),
  clientFree: declare('client_free', 'void', HANDLE),

  messagesNew: declare('messages_new', HANDLE),
  messagesAdd: declare('messages_add', HANDLE, HANDLE, HANDLE, TEXT, TEXT),
  messagesFree: declare('messages_free', 'void', HANDLE),

  sandboxStart: declare('sandbox_start', HANDLE, TEXT, OUT),
  sandboxUrl: declare('sandbox_url', TEXT, HANDLE),
  sandboxCaFile: declare('sandbox_ca_file', TEXT, HANDLE),
  sandboxInbox: declare('sandbox_inbox', HANDLE, HANDLE, TEXT, OUT),
  sandboxWaitFor: declare('sandbox_wait_for', HANDLE, HANDLE, 'size_t', 'uint64', HANDLE),
  sandboxRequest: declare('sandbox_request', HANDLE, HANDLE, TEXT, TEXT, TEXT, OUT),
  sandboxAddFault: declare('sandbox_add_fault', HANDLE, HANDLE, TEXT),
  sandboxFree: declare('sandbox_free', 'void', HANDLE),
};

/**
 * Takes over a text that the library has made.
 *
 * @param {unknown} pointer
 * @returns {string}
 */
function takeText(pointer) {
  try {
    return koffi.decode.string(pointer);
  } finally {
    native.stringFree(pointer);
  }
}

module.exports = { native, place, takeText, version: /** @type {string} */ (native.version()) };
