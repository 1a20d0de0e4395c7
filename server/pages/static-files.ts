import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import express, { type RequestHandler, type Response } from 'express';
import { noStore } from '../http/headers.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../public');
const YEAR_SECONDS = 31_536_000;

interface PublicFile {
  /** The plain address, `/css/main.css`. */
  name: string;
  /** With the hash of the content, `/css/main.3f9c0a1b2d.css`. */
  address: string;
  size: number;
  mtimeMs: number;
}

/** By name. Read once, as the process starts. */
const files = new Map(findFiles().map((file) => [file.name, file]));

/**
 * The address under which pages link a file of public/: another content has another address.
 *
 * @param name as in `/css/main.css`.
 * @throws when there is no such file.
 */
export function addressOf(name: string): string {
  const file = files.get(name);
  if (!file) throw new Error(`There is no file public${name}.`);
  return file.address;
}

/**
 * Serves public/. What is asked for by the hash of its content is kept for good. A name without a
 * hash, or with one that is not ours (in a rolling restart the page may come from another version),
 * gets what we have, to be asked for again each time.
 */
export function publicFiles(): RequestHandler {
  const serve = express.static(FOLDER, { cacheControl: false, redirect: false, setHeaders });
  return (req, res, next) => {
    const file = files.get(req.path) ?? files.get(req.path.replace(/\.[0-9a-f]{10}(?=\.\w+$)/, ''));
    // Pages need not look on the disk first.
    if (!file) return next();
    const { url } = req;
    res.locals.isAskedByHash = req.path === file.address;
    req.url = file.name;
    serve(req, res, (error?: unknown) => {
      req.url = url;
      noStore(req, res, () => next(error));
    });
  };
}

function setHeaders(res: Response, _file: string, { size, mtimeMs }: PublicFile): void {
  const file = files.get(res.req.path);
  // A file that was replaced since it was hashed must not be kept under the old hash.
  const isAsHashed = file?.size === size && file.mtimeMs === mtimeMs;
  const isForGood = isAsHashed && res.locals.isAskedByHash === true;
  res.set('Cache-Control', isForGood ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache');
}

function findFiles(): PublicFile[] {
  const entries = readdirSync(FOLDER, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => describe(path.join(entry.parentPath, entry.name)));
}

function describe(file: string): PublicFile {
  const name = `/${path.relative(FOLDER, file).replaceAll(path.sep, '/')}`;
  const hash = createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 10);
  const { size, mtimeMs } = statSync(file);
  return { name, address: name.replace(/\.\w+$/, `.${hash}$&`), size, mtimeMs };
}
