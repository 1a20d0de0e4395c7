// Runs first in each npm script: makes sure that node_modules is what package-lock.json names. Until
// it is, the machine's own Node runs this file. An old Node must get as far as the message below, so
// this file, and what it imports statically, use only what Node 12 understands.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isAtLeast } from './setup/versions.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const needed = engines.node.replace('>=', '');

if (isAtLeast(process.versions.node, needed)) {
  void import('./setup/ensure-installed.mjs')
    .then(({ ensureInstalled }) => ensureInstalled(root))
    .then((isInstalled) => {
      process.exitCode = isInstalled ? 0 : 1;
    });
} else {
  console.error(
    `Node ${needed} or later is needed to install the project, which then brings its own Node. ` +
      `This is ${process.versions.node} (${process.execPath}).`,
  );
  process.exitCode = 1;
}
