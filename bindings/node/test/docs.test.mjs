// What the documentation shows is run.

import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { ended, openApplications, PACKAGE, place, room, script, stored } from './helper.mjs';

const README = readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');
const snippets = [...README.matchAll(/^```(js|ts)\n(.*?)^```/gms)].map(([, language, code]) => ({ language, code }));
const nameFor = ({ code }) => (code.includes('require(') ? 'script.cjs' : 'script.mjs');
const tsc = path.join(PACKAGE, 'node_modules', 'typescript', 'bin', 'tsc');

const wanted = [
  [/import.*hello world/s, 0, 'lenea@contoso.com hello world\n'],
  [/require.*hello world/s, 0, 'lenea@contoso.com hello world\n'],
  [/subject: 'db7'/, 0, 'lenea@contoso.com invitation_accepted\n'],
  [/sendAll/, 0, 'lenea@contoso.com\nfailed: busy@contoso.com does not want to be disturbed.\n'],
  [/await using/, 0, ''],
  [/SIGINT/, 0, ''],
  [/instanceof/, 4, 'ERR_SEND_IM_BUSY busy@contoso.com does not want to be disturbed.\n'],
  // On a slow machine the invitation has not left yet.
  [/AbortSignal/, 0, /^AbortError (maybe|no) TimeoutError\n$/],
  [/assert/, 0, ''],
  [/new Receipt/, 0, ''],
];

test('every snippet of the README is here, and the first has five lines', () => {
  assert.equal(snippets.length, wanted.length);
  assert.equal(snippets[0].code.trimEnd().split('\n').length, 5);
});

snippets.forEach((snippet, n) => {
  const [mark, code, out] = wanted[n] ?? [];
  test(`snippet ${n} of the README works: ${mark}`, async (t) => {
    assert.match(snippet.code, mark);
    const { sandbox } = await place(t);
    const env = stored(sandbox);
    const done =
      snippet.language === 'ts'
        ? await compiled(t, snippet.code, env)
        : await script(t, snippet.code, { name: nameFor(snippet), env });
    assert.deepEqual([done.code, done.err], [code, '']);
    if (typeof out === 'string') assert.equal(done.out, out);
    else assert.match(done.out, out);
    assert.equal(openApplications(sandbox), 0);
    if (mark.source === 'await using') assert.equal(sandbox.messages().length, 1);
  });
});

test('Ctrl-C ends the program of the README as the page says', async (t) => {
  const { sandbox } = await place(t);
  const { code } = snippets.find(({ code }) => code.includes('SIGINT'));
  const interrupted = code
    .replace('lenea@', 'silent@')
    .replace('timeout: 5000', 'timeout: 200')
    .replace('try {', "setTimeout(() => process.kill(process.pid, 'SIGINT'), 300);\ntry {");
  const done = await script(t, interrupted, { env: stored(sandbox) });
  assert.deepEqual([done.code, done.out], [130, '']);
  assert.match(done.err, /^[^\n]*cancelled[^\n]*\n$/);
  assert.equal(openApplications(sandbox), 0);
});

/** Compiles TypeScript as a project would, and runs it. */
async function compiled(t, code, env) {
  const folder = room(t);
  symlinkSync(path.join(PACKAGE, 'node_modules', '@types'), path.join(folder, 'node_modules', '@types'));
  writeFileSync(path.join(folder, 'script.mts'), code);
  const options = [
    '--strict',
    '--target',
    'es2022',
    '--module',
    'node16',
    '--types',
    'node',
    '--skipLibCheck',
    'false',
  ];
  const made = await ended([process.execPath, tsc, ...options, 'script.mts'], { cwd: folder });
  assert.deepEqual(made, { code: 0, out: '', err: '' });
  return ended([process.execPath, 'script.mjs'], { cwd: folder, env });
}
