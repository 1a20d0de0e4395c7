// An empty cluster of the embedded database, kept beside the installed packages. Copying it takes a
// fraction of the time of `initdb`. Run as a program (bin/setup.mjs does), this file creates it.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';

const packages = path.resolve(import.meta.dirname, '../node_modules');
const cache = path.join(packages, '.cache');

/** Undefined if there is none (without the set-up, and in the image) or it is damaged. */
export function readEmptyCluster(): Blob | undefined {
  try {
    return new Blob([zstdDecompressSync(readFileSync(file()))], { type: 'application/x-tar' });
  } catch {
    return undefined;
  }
}

/** The file appears completely or not at all, since other processes may read it at any time. */
async function keepEmptyCluster(): Promise<void> {
  const pglite = await PGlite.create();
  const tar = await (await pglite.dumpDataDir('none')).bytes();
  await pglite.close();
  mkdirSync(cache, { recursive: true });
  const unfinished = path.join(cache, `empty-cluster-${process.pid}`);
  // With a checksum, so that reading detects damage.
  writeFileSync(
    unfinished,
    zstdCompressSync(tar, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  );
  renameSync(unfinished, file());
}

/** Another version of PGlite may need another cluster. */
function file(): string {
  const about = readFileSync(path.join(packages, '@electric-sql/pglite/package.json'), 'utf8');
  return path.join(cache, `empty-cluster-${JSON.parse(about).version}.tar.zst`);
}

if (import.meta.main) await keepEmptyCluster();
