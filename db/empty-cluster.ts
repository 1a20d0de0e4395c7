// An empty cluster of the embedded database, kept beside the installed packages. To copy it takes a
// fraction of the time in which `initdb` makes one. Run as a program (bin/setup.mjs does), this file
// makes it.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';

const packages = path.resolve(import.meta.dirname, '../node_modules');
const cache = path.join(packages, '.cache');

/** Undefined where none was kept (without the set-up, and in the image) or where it is damaged. */
export function readEmptyCluster(): Blob | undefined {
  try {
    return new Blob([zstdDecompressSync(readFileSync(file()))], { type: 'application/x-tar' });
  } catch {
    return undefined;
  }
}

/** It appears whole or not at all, since others may read it at any time. */
async function keepEmptyCluster(): Promise<void> {
  const pglite = await PGlite.create();
  const tar = await (await pglite.dumpDataDir('none')).bytes();
  await pglite.close();
  mkdirSync(cache, { recursive: true });
  const unfinished = path.join(cache, `empty-cluster-${process.pid}`);
  // With a checksum, so that reading tells what is damaged.
  writeFileSync(
    unfinished,
    zstdCompressSync(tar, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  );
  renameSync(unfinished, file());
}

/** Another version of PGlite may need another one. */
function file(): string {
  const about = readFileSync(path.join(packages, '@electric-sql/pglite/package.json'), 'utf8');
  return path.join(cache, `empty-cluster-${JSON.parse(about).version}.tar.zst`);
}

if (import.meta.main) await keepEmptyCluster();
