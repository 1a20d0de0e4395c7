// The commands of the documents, unchanged.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findPrograms } from '../../db/testing/postgres.ts';
import { DOCS } from './proxies.ts';

/** The blocks of commands in a document of docs/, found by their beginning. */
export function commandsOf(document: string): (beginning: string) => string {
  const blocks = [
    ...readFileSync(path.join(DOCS, document), 'utf8').matchAll(/^ *```sh\n(.*?)^ *```$/gms),
  ].map(([, block = '']) => block);
  return (beginning) => {
    const [found, another] = blocks.filter((lines) => lines.trimStart().startsWith(beginning));
    assert.ok(found !== undefined && another === undefined, `one block begins with ${beginning}`);
    return found;
  };
}

/**
 * Runs commands in the project's folder, as `node server/…` requires, or as `owner` in `/`.
 *
 * @returns what the commands print
 */
export async function run(
  lines: string,
  env: Record<string, string>,
  owner: { uid: number; gid: number } | undefined = undefined,
): Promise<string> {
  const bin = [path.dirname(process.execPath), findPrograms(), process.env.PATH].join(':');
  const { stdout } = await promisify(execFile)('sh', ['-euc', lines], {
    ...owner,
    cwd: owner ? '/' : path.resolve(DOCS, '..'),
    env: { PATH: bin, ...env },
  });
  return stdout;
}
