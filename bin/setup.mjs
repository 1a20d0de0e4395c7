// Makes sure that node_modules is what package-lock.json names, before an npm script needs it. Runs
// on the machine's own Node (20 or later) until the one that the project pins is installed.
import { fileURLToPath } from 'node:url';
import { ensureInstalled } from './setup/ensure-installed.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.exitCode = (await ensureInstalled(root)) ? 0 : 1;
