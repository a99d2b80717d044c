// Makes what npm publishes: node pack.mjs LIBRARIES OUT
//
// LIBRARIES has a folder for each platform, such as linux-x64, with the library for it. A package of its own holds each, and the
// package that finds them names them all. Their tarballs go into the folder OUT.

import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, '..', '..');
const [libraries, out] = process.argv.slice(2).map((folder) => path.resolve(folder));
const manifest = JSON.parse(readFileSync(path.join(here, 'package.json'), 'utf8'));
const { version, description, license, engines } = manifest;
const room = mkdtempSync(path.join(tmpdir(), 'send-im-pack-'));

/** Packs what `files` puts into an empty folder. */
function pack(described, files) {
  const folder = path.join(room, described.name);
  mkdirSync(folder);
  files(folder);
  for (const licence of readdirSync(root).filter((name) => name.startsWith('LICENSE-')))
    copyFileSync(path.join(root, licence), path.join(folder, licence));
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(described, null, 2));
  const shell = process.platform === 'win32';
  const told = execFileSync('npm', ['pack', '--silent', '--pack-destination', out], {
    cwd: folder,
    encoding: 'utf8',
    shell,
  });
  console.log(path.join(out, told.trim()));
}

try {
  const optionalDependencies = {};
  for (const platform of readdirSync(libraries)) {
    const [os, cpu, libc] = platform.split('-');
    const name = `send-im-${platform}`;
    const [library] = readdirSync(path.join(libraries, platform));
    const described = { name, version, description, license, engines, main: 'send-im.node', os: [os], cpu: [cpu] };
    if (os === 'linux') described.libc = [libc ?? 'glibc'];
    pack(described, (folder) =>
      copyFileSync(path.join(libraries, platform, library), path.join(folder, described.main)),
    );
    optionalDependencies[name] = version;
  }
  pack({ ...manifest, optionalDependencies }, (folder) => {
    for (const name of ['README.md', ...manifest.files.filter((name) => !name.startsWith('LICENSE'))]) {
      cpSync(path.join(here, name), path.join(folder, name), { recursive: true });
    }
  });
} finally {
  rmSync(room, { recursive: true });
}
