import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import express, { type Response, Router } from 'express';

const MOUNT = '/assets';
const FOLDER = path.resolve(import.meta.dirname, '../../public');
const YEAR_SECONDS = 31_536_000;

/** What is in public/, by name, such as `css/main.css`. Read once, when the process starts. */
const files = new Map(namesOfFiles().map((name) => [name, statSync(path.join(FOLDER, name))]));

/** The URL under which browsers keep public/ for good: it changes with the content. */
const VERSION_URL = `${MOUNT}/${hashOfFiles()}`;

/**
 * The URL of a file in public/, for pages to link.
 *
 * @param name as in `css/main.css`.
 * @throws when there is no such file.
 */
export function assetUrl(name: string): string {
  if (!files.has(name)) throw new Error(`There is no file public/${name}.`);
  return `${VERSION_URL}/${name}`;
}

/**
 * Serves public/ under /assets/<hash>/. Without the hash, or with that of another version of this
 * program (a page may come from there in a rolling restart), it serves the same file with no-cache.
 */
export function staticFiles(): Router {
  const serve = express.static(FOLDER, { cacheControl: false, redirect: false, setHeaders });
  return Router().use(`${MOUNT}/:version`, serve).use(MOUNT, serve);
}

function setHeaders(res: Response, file: string, { size, mtimeMs }: Stats): void {
  const hashed = files.get(path.relative(FOLDER, file));
  // A file that was replaced after it was hashed must not be kept under the old hash.
  const isAsHashed = hashed?.size === size && hashed.mtimeMs === mtimeMs;
  const isKept = isAsHashed && res.req.baseUrl === VERSION_URL;
  res.set('Cache-Control', isKept ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache');
}

function hashOfFiles(): string {
  const hash = createHash('sha256');
  for (const name of files.keys()) {
    const content = readFileSync(path.join(FOLDER, name));
    hash.update(`${name} ${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 10);
}

function namesOfFiles(): string[] {
  return readdirSync(FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(FOLDER, path.join(entry.parentPath, entry.name)))
    .sort();
}
