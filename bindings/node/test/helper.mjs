// What the tests share: a sandbox, who sends, and a script in a process of its own.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Sandbox } from 'send-im';

export const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
export const ROOT = path.resolve(PACKAGE, '..', '..');

export const SENDER = 'tosh@contoso.com';
export const PASSWORD = 's3cret-of-tosh';

/** Milliseconds after which a process counts as hanging. No test asserts on a shorter time. */
export const HANG = 120_000;

/** A sandbox for a test, and the options that make a call send through it. */
export async function place(t, options) {
  const sandbox = await Sandbox.start(options);
  t.after(() => sandbox.stop());
  return { sandbox, account: { address: SENDER, password: PASSWORD, server: sandbox } };
}

/** True as soon as the condition is; false if it is not for very long. */
export async function eventually(condition) {
  const deadline = performance.now() + HANG / 4;
  while (!(await condition())) {
    if (performance.now() > deadline) return false;
    await sleep(5);
  }
  return true;
}

/** Every request the sandbox received, oldest first. */
export const journal = (sandbox) => sandbox.request('GET', 'journal');

/** How many sessions are open on the server. */
export const openApplications = (sandbox) => sandbox.request('GET', 'state').open_applications;

/** A bearer token that the sandbox accepts for this address. */
export const issueToken = (sandbox, address) => sandbox.request('POST', `tokens/${address}`).token;

/** True as soon as an invitation rings. */
export const ringing = (sandbox) =>
  eventually(() => journal(sandbox).some((exchange) => exchange.path.includes('messagingInvitations')));

/** The environment without an account of ours, and without the colours that the runner of the tests asks for on a terminal. */
export const clean = () =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(SEND_IM_|NODE_|RUST_|FORCE_COLOR$)/.test(name)),
  );

/** What makes a program send from the test account through this sandbox. */
export const stored = (sandbox) => ({
  SEND_IM_ADDRESS: SENDER,
  SEND_IM_PASSWORD: PASSWORD,
  SEND_IM_SERVER: sandbox.url,
});

/** An empty folder in which the package is installed. */
export function room(t) {
  const folder = mkdtempSync(path.join(tmpdir(), 'send-im-test-'));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(PACKAGE, path.join(folder, 'node_modules', 'send-im'));
  return folder;
}

/** Runs a program and tells how it ended. */
export async function ended(command, { env = {}, cwd = PACKAGE, hang = HANG, on = () => {} } = {}) {
  const child = spawn(command[0], command.slice(1), { env: { ...clean(), ...env }, cwd });
  const hanging = setTimeout(() => child.kill('SIGKILL'), hang);
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
    on(text, child);
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    err += text;
  });
  const [code, signal] = await new Promise((resolve) => child.on('close', (...how) => resolve(how)));
  clearTimeout(hanging);
  return { code: code ?? signal, out, err };
}

/** Runs JavaScript in a process of its own. */
export function script(t, code, { name = 'script.mjs', args = [], flags = [], ...more } = {}) {
  const folder = room(t);
  writeFileSync(path.join(folder, name), code);
  return ended([process.execPath, ...flags, path.join(folder, name), ...args], { cwd: folder, ...more });
}
