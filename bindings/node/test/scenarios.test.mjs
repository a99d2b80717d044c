// The cases that every language must pass. Their format is in tests/scenarios/README.md.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { inspect } from 'node:util';
import { Client, Sandbox, sendIm } from 'send-im';
import { eventually, ROOT } from './helper.mjs';

/** A text of so many characters or more is told from others. */
const TELLING = 10;

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The case's members before the defaults, object by object. */
function merged(defaults, given) {
  if (!isObject(defaults) || !isObject(given) || 'repeat' in given) return given;
  const names = new Set([...Object.keys(defaults), ...Object.keys(given)]);
  return Object.fromEntries(
    [...names].map((name) => [name, name in given ? merged(defaults[name], given[name]) : defaults[name]]),
  );
}

/** Every string in a value, made anew. */
function mapped(value, change) {
  if (Array.isArray(value)) return value.map((each) => mapped(each, change));
  if (!isObject(value)) return change(value);
  if ('repeat' in value && 'times' in value) return value.repeat.repeat(value.times);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, mapped(each, change)]));
}

const same = (value) => value;
const numbered = (value, n) => mapped(value, (each) => (typeof each === 'string' ? each.replaceAll('{n}', n) : each));

/** The names and units of the scenarios. */
const snake = (members) =>
  Object.fromEntries(
    Object.entries(members).map(([name, value]) => [name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]),
  );
const capitalised = (word) => word[0].toUpperCase() + word.slice(1);

function errorMembers(error) {
  const members = snake(error.toJSON());
  return { ...members, retry_after: error.retryAfter === null ? null : error.retryAfter / 1000 };
}

const onTheWire = (message) => ({
  ...snake(message),
  importance: capitalised(message.importance),
  format: `text/${message.format}`,
});

async function results(given, sandbox) {
  const { address, username, password, ca, server } = given.account;
  const account = {
    address,
    username,
    password,
    server: server === 'sandbox' ? sandbox.url : server.replaceAll('{root}', sandbox.url),
    caFile: ca === 'right' ? sandbox.caFile : null,
  };
  const messages = Array.from({ length: given.count }, (_, index) => {
    const { timeout_ms: timeout, ...message } = numbered(given.message, index + 1);
    return { ...message, timeout };
  });
  if (given.action === 'send') {
    const [{ to, text, ...options }] = messages;
    return Promise.allSettled([sendIm(to, text, { ...account, ...options })]);
  }
  const client = await Client.signIn(account);
  try {
    if (given.action === 'send_all') return await client.sendAll(messages);
    return await Promise.allSettled(messages.map(({ to, text, ...options }) => client.send(to, text, options)));
  } finally {
    await client.signOut();
  }
}

function checkResult(given, n, result) {
  const { expect, account } = given;
  const side = 'receipt' in expect ? 'receipt' : 'error';
  assert.equal(result.status, side === 'receipt' ? 'fulfilled' : 'rejected', inspect(result));
  const told = side === 'receipt' ? snake(result.value) : errorMembers(result.reason);
  const wanted = numbered(expect[side], n);
  const members = Object.fromEntries(Object.keys(wanted).map((name) => [name, told[name]]));
  assert.deepEqual(members, wanted, inspect(result));
  assert.equal(told.exit_code ?? 0, expect.exit_code ?? 0);
  const everything = `${JSON.stringify(told)} ${inspect(result, { depth: 9, showHidden: true })}`;
  if (account.password.length >= TELLING) assert.ok(!everything.includes(account.password));
  const { text } = numbered(given.message, n);
  if (side === 'error' && text.length >= TELLING) assert.ok(!everything.includes(text));
}

function checkInbox(entries, count, delivered) {
  const left = [...delivered];
  for (const entry of entries) {
    for (let n = 1; n <= count; n++) {
      const wanted = numbered(entry, n);
      const at = left.findIndex((each) => Object.entries(wanted).every(([name, value]) => each[name] === value));
      assert.notEqual(at, -1, `${inspect(wanted)} was not delivered`);
      left.splice(at, 1);
    }
  }
  assert.deepEqual(left, []);
}

function checkRequests(expect, journal) {
  if ('requests' in expect) assert.equal(journal.length, expect.requests, inspect(journal));
  if ('requests_before_accept' in expect) {
    const way = journal.filter((exchange) => !exchange.path.includes('/events'));
    const invitation = way.findIndex(
      ({ method, path }) => method === 'POST' && path.toLowerCase().endsWith('/messaginginvitations'),
    );
    // The invitation itself, and the event channel's answer.
    assert.ok(invitation !== -1 && invitation + 2 <= expect.requests_before_accept, inspect(way));
  }
}

async function run(given) {
  const { layout, https, ring_ms: ring, faults } = given.sandbox;
  const sandbox = await Sandbox.start({ layout, https, ring });
  try {
    for (const { route, action, ...more } of faults) sandbox.addFault(route, action, more);
    const { expect, count } = given;
    const told = await results(given, sandbox);
    assert.equal(told.length, count);
    for (const [index, result] of told.entries()) checkResult(given, index + 1, result);
    await sandbox.waitFor((expect.inbox ?? []).length * count);
    await eventually(() => sandbox.openApplications() === 0);
    const delivered = sandbox.messages().map(onTheWire);
    if ('inbox_count' in expect) assert.equal(delivered.length, expect.inbox_count);
    const nothing = 'error' in expect && told.every((result) => result.reason.sent === 'no') ? [] : undefined;
    const entries = expect.inbox ?? nothing;
    if (entries) checkInbox(entries, count, delivered);
    if (told.length === 1 && delivered.length === 1 && told[0].value) {
      assert.equal(delivered[0].format, `text/${told[0].value.format}`);
    }
    checkRequests(expect, sandbox.journal());
    assert.equal(sandbox.openApplications(), 0);
  } finally {
    await sandbox.stop();
  }
}

const file = path.join(ROOT, 'tests', 'scenarios', 'scenarios.json');
const { defaults, cases } = JSON.parse(readFileSync(file, 'utf8'));
assert.ok(cases.length > 0);
for (const each of cases) {
  const given = mapped(merged(defaults, each), same);
  test(given.name, () => run(given));
}
