// Builds the native library and puts it into this folder, where the package looks for it.
//
// SEND_IM_PROFILE is a profile of cargo: dev, which is quick to build, or release.

import { execFileSync } from 'node:child_process';
import { copyFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { platform } from './lib/platform.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '..', '..');
const profile = process.env.SEND_IM_PROFILE ?? 'dev';
execFileSync('cargo', ['build', '--quiet', '-p', 'send-im-node', '--profile', profile], {
  cwd: root,
  stdio: 'inherit',
});

const built = path.join(
  process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'),
  profile === 'dev' ? 'debug' : profile,
);
const names = { win32: 'send_im_node.dll', darwin: 'libsend_im_node.dylib' };
const place = path.join(here, `${platform()}.node`);
// A program that has the old one open keeps it.
copyFileSync(path.join(built, names[process.platform] ?? 'libsend_im_node.so'), `${place}.new`);
renameSync(`${place}.new`, place);
