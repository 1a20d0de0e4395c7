import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { install, restoreInterrupted } from './install.mjs';
import { findMismatch, nodeOf, packageVersion } from './installation.mjs';
import { withLock } from './lock.mjs';

/**
 * Installs what package-lock.json names, unless node_modules has it already. Resolves to whether
 * node_modules has it at the end. Prints to standard error only: standard output belongs to the
 * command that follows.
 * @param {string} root the project's folder
 */
export async function ensureInstalled(root) {
  if (findMismatch(root) !== undefined) {
    const problem = await installUnderLock(root);
    if (problem !== undefined) {
      console.error(problem);
      if (existsSync(path.join(root, 'node_modules'))) console.error('node_modules is unchanged.');
      return false;
    }
  }
  keepEmptyCluster(root);
  return true;
}

/**
 * Resolves to a sentence that says why it is not installed; undefined when it is.
 * @param {string} root
 */
async function installUnderLock(root) {
  try {
    return await withLock(root, () => {
      restoreInterrupted(root);
      // Another process may have installed it while this one waited.
      const mismatch = findMismatch(root);
      if (mismatch === undefined) return undefined;
      console.error(mismatch);
      return install(root);
    });
  } catch (error) {
    // What the file system refuses: no permission, no space.
    if (!(error instanceof Error && 'code' in error)) throw error;
    return `${findMismatch(root)}\nThe installation failed: ${error.message}.`;
  }
}

/**
 * An empty database makes the first start and the tests quicker. They also work without one, so a
 * failure is ignored. The file's name is that in db/empty-cluster.ts.
 * @param {string} root
 */
function keepEmptyCluster(root) {
  const version = packageVersion(root, '@electric-sql/pglite');
  const file = path.join(root, `node_modules/.cache/empty-cluster-${version}.tar.zst`);
  if (existsSync(file) || !isWritable(path.join(root, 'node_modules'))) return;
  spawnSync(nodeOf(root), ['db/empty-cluster.ts'], { cwd: root, stdio: 'ignore' });
}

/** @param {string} folder */
function isWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
