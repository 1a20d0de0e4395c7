import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findMismatch, isMachineNodeEnough, packageVersion } from './installation.mjs';

/**
 * Installs beside node_modules, and renames the result to node_modules when it is complete. Returns
 * undefined then. Otherwise it returns a sentence that says why, or throws an error of the file system,
 * and node_modules stays as it was.
 * @param {string} root the project's folder
 */
export function install(root) {
  const { fresh } = foldersOf(root);
  const nodeVersion = packageVersion(root, 'node');
  if (!isMachineNodeEnough(nodeVersion) && skipsInstallScripts(root)) {
    return (
      `npm is set to skip install scripts (ignore-scripts=true), and one of them installs Node ` +
      `${nodeVersion}, which the project runs on. Either run npm ci --ignore-scripts=false, or ` +
      'install that Node, or a later one, on the machine.'
    );
  }
  console.error('Installing what package-lock.json names …');
  try {
    prepare(root, fresh);
    const problem = runNpm(fresh) ?? findMismatch(fresh);
    if (problem === undefined) replaceCurrent(root);
    return problem;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * A process that was killed between the two renames has left node_modules under its other name.
 * @param {string} root
 */
export function restoreInterrupted(root) {
  const { current, old } = foldersOf(root);
  if (existsSync(old) && !existsSync(current)) renameSync(old, current);
}

/** @param {string} root */
function foldersOf(root) {
  return {
    current: path.join(root, 'node_modules'),
    fresh: path.join(root, '.setup-new'),
    old: path.join(root, '.setup-old'),
  };
}

/**
 * From the command line, the environment, or any .npmrc.
 * @param {string} root
 */
function skipsInstallScripts(root) {
  const { stdout } = spawnSync('npm', ['config', 'get', 'ignore-scripts'], { cwd: root });
  return String(stdout).trim() === 'true';
}

/**
 * @param {string} root
 * @param {string} fresh
 */
function prepare(root, fresh) {
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    const file = path.join(root, name);
    if (existsSync(file)) copyFileSync(file, path.join(fresh, name));
  }
}

/** @param {string} folder */
function runNpm(folder) {
  const { status } = spawnSync(
    'npm',
    [
      'ci',
      '--include=dev',
      '--include=optional',
      // The lockfile fixes the versions, so what npm has in its cache is as good as the registry's.
      '--prefer-offline',
      // Some packages need a newer Node than the machine's own. That Node is among the packages.
      '--engine-strict=false',
      '--loglevel=error',
      '--no-audit',
      '--no-fund',
    ],
    { cwd: folder, stdio: ['ignore', 2, 2] },
  );
  return status === 0 ? undefined : 'npm could not install it.';
}

/** @param {string} root */
function replaceCurrent(root) {
  const { current, fresh, old } = foldersOf(root);
  rmSync(old, { recursive: true, force: true });
  if (existsSync(current)) renameSync(current, old);
  try {
    renameSync(path.join(fresh, 'node_modules'), current);
  } catch (error) {
    restoreInterrupted(root);
    throw error;
  }
  rmSync(old, { recursive: true, force: true });
}
