import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { isAtLeast } from './versions.mjs';

/**
 * @typedef {{ version?: string, integrity?: string, dev?: boolean, optional?: boolean,
 *   os?: string[], cpu?: string[], libc?: string[] }} Package
 * @typedef {Record<string, Package>} Packages by their folder: `node_modules/pg`
 * @typedef {Pick<NodeJS.Process, 'execPath' | 'version'>} Runtime the Node that runs this
 */

const NODE = 'node_modules/node';

/**
 * Says in a sentence how `node_modules` differs from the `package-lock.json` beside it; undefined
 * where it does not. npm lists what it has installed in `node_modules/.package-lock.json`.
 * @param {string} folder
 * @param {Runtime} running
 */
export function findMismatch(folder, running = process) {
  const wanted = readPackages(path.join(folder, 'package-lock.json'));
  const installed = readPackages(path.join(folder, 'node_modules/.package-lock.json'));
  if (wanted === undefined) return 'package-lock.json is missing or damaged.';
  if (installed === undefined) return 'node_modules is missing or incomplete.';

  const names = new Set([...Object.keys(wanted), ...Object.keys(installed)]);
  const differing = [...names].filter(
    (name) => name !== '' && !isAsWanted(folder, name, wanted[name], installed[name]),
  );
  const nodeVersion = packageVersion(folder, 'node');
  if (differing.includes(NODE) && differing.every((name) => isLeftOut(name, wanted, installed))) {
    return (
      `node_modules has no development packages (npm ci --omit=dev leaves them out), and Node ` +
      `${nodeVersion} is one of them. To run the app without them, install that Node, or a later ` +
      'one, on the machine, and run: node server/main.ts'
    );
  }
  if (differing.length > 0) {
    const first = differing.slice(0, 3).map((name) => name.replace(/^node_modules\//, ''));
    const more = differing.length > 3 ? ` and ${differing.length - 3} more` : '';
    return `node_modules differs from package-lock.json: ${first.join(', ')}${more}.`;
  }
  if (!hasNode(folder, nodeVersion, running)) {
    return `The program of the package node (${nodeVersion}) in node_modules is missing or does not run.`;
  }
  return undefined;
}

/**
 * Whether the machine's own Node is as new as the project's. Where npm skips install scripts, the
 * package `node` has no program, and npm scripts run on the machine's own.
 * @param {string} version the project's
 * @param {Runtime} running
 */
export function isMachineNodeEnough(version, running = process) {
  const isOfMachine = !running.execPath.split(path.sep).includes('node_modules');
  return isOfMachine && isAtLeast(running.version.replace('v', ''), version);
}

/**
 * The Node on which npm scripts run: the program of the package `node`, or else the machine's own.
 * @param {string} folder
 */
export function nodeOf(folder) {
  const node = path.join(folder, NODE, 'bin/node');
  return existsSync(node) ? node : process.execPath;
}

/**
 * The version that package-lock.json names; empty where it names none.
 * @param {string} folder
 * @param {string} name
 */
export function packageVersion(folder, name) {
  const packages = readPackages(path.join(folder, 'package-lock.json'));
  return packages?.[`node_modules/${name}`]?.version ?? '';
}

/**
 * The package's install script brings the program, so the list of packages does not say whether it
 * is there.
 * @param {string} folder
 * @param {string} version
 * @param {Runtime} running
 */
function hasNode(folder, version, running) {
  const node = path.join(folder, NODE, 'bin/node');
  if (!existsSync(node)) return isMachineNodeEnough(version, running);
  const isRunning = realpathSync(node) === running.execPath;
  return isRunning || spawnSync(node, ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {Package | undefined} wanted
 * @param {Package | undefined} installed
 */
function isAsWanted(folder, name, wanted, installed) {
  if (wanted === undefined) return false;
  if (installed === undefined) return mayBeMissing(wanted);
  return (
    isMadeForMachine(installed) &&
    installed.version === wanted.version &&
    (installed.integrity ?? wanted.integrity) === wanted.integrity &&
    existsSync(path.join(folder, name, 'package.json'))
  );
}

/**
 * @param {string} name
 * @param {Packages} wanted
 * @param {Packages} installed
 */
function isLeftOut(name, wanted, installed) {
  return wanted[name]?.dev === true && installed[name] === undefined;
}

/**
 * npm leaves out what is made for other machines. It takes too long to find out which C library a
 * Linux has, so a package made for one of them may be missing.
 * @param {Package} wanted
 */
function mayBeMissing(wanted) {
  return wanted.optional === true && (wanted.libc !== undefined || !isMadeForMachine(wanted));
}

/** @param {Package} about */
function isMadeForMachine({ os, cpu }) {
  return isAllowed(os, process.platform) && isAllowed(cpu, process.arch);
}

/**
 * The fields `os` and `cpu` list what a package runs on or, with `!`, what it does not run on.
 * @param {string[] | undefined} list
 * @param {string} value
 */
function isAllowed(list, value) {
  if (list === undefined || list.includes(value)) return true;
  return list.every((item) => item.startsWith('!')) && !list.includes(`!${value}`);
}

/**
 * @param {string} file
 * @returns {Packages | undefined}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
