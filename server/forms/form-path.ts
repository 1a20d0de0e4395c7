import type { Request } from 'express';
import { MAX_NOTE_CHARACTERS } from '../../db/api-keys/edit.ts';
import { cutSecrets } from '../api-keys/secret.ts';
import { howCarried } from './forms.ts';
import { localPath } from './local-path.ts';

const CARRIED_LENGTH = 128;
/** Marks the URL of a form that was sent and not acted upon, so that its page says so. */
const NOT_DONE = 'not_done';

/**
 * Where the page of a request can be opened again. For a post that is the URL of its form, with what
 * was typed as the query, so that the form can be sent again. Undefined where there is no such page.
 */
export function formPath(req: Request): string | undefined {
  const url = localPath(req.originalUrl);
  if (req.method === 'GET' || req.method === 'HEAD') return url;
  const path = url?.split('?')[0];
  if (path === undefined || path === '/logout') return undefined;
  return withNotDone(filledInPath(req, path));
}

/** The path of a form, with what was typed in a post of it as the query; of a key, only the prefix. */
export function filledInPath(req: Request, path: string): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries<unknown>(req.body ?? {})) {
    const how = howCarried(path, name);
    if (typeof value !== 'string' || !value || !how) continue;
    query.set(name, carry(name, cutSecrets(value), how));
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

/**
 * The path of a form whose page says that what was sent was not acted upon. The mark is in the URL,
 * not in the cookie of a notice, because it has to last through log in and Authenticate.
 */
export function withNotDone(path: string): string {
  return `${path}${path.includes('?') ? '&' : '?'}${NOT_DONE}=1`;
}

/**
 * Whether a path with its query was made by `withNotDone`. False for a path that is longer than that of
 * any form: this is called for URLs that were refused too, and parsing a query takes quadratic time.
 */
export function isNotDone(path: string): boolean {
  const url = localPath(path) ?? '/';
  return URL.parse(url, 'http://here.invalid')?.searchParams.has(NOT_DONE) ?? false;
}

/** A path of this site that leads on to another one. */
export function withNext(path: string, next: string | undefined): string {
  return next === undefined || next === '/' ? path : `${path}?${new URLSearchParams({ next })}`;
}

function carry(name: string, value: string, how: 'carried' | 'carried as hex'): string {
  if (name === 'next') return value;
  if (how === 'carried') return cut(value, CARRIED_LENGTH);
  // Forms send line breaks as two characters.
  const text = cut(value.replaceAll('\r\n', '\n'), MAX_NOTE_CHARACTERS);
  return Buffer.from(text).toString('hex');
}

function cut(value: string, length: number): string {
  return [...value].slice(0, length).join('');
}
