import type { Request } from 'express';
import { localPath } from './local-path.ts';

/** What a person typed that a URL may carry. Passwords and tokens are not among it. */
const CARRIED = ['username', 'label', 'expires', 'next'];
const CARRIED_LENGTH = 128;

/**
 * Where the page of a request can be opened again. For a post that is the URL of its form, with
 * what was typed as the query, so that the form stands there filled in. Undefined where there is
 * no such page.
 */
export function formPath(req: Request): string | undefined {
  const reopened: unknown = req.res?.locals.formPath;
  if (typeof reopened === 'string') return reopened;
  const url = localPath(req.originalUrl);
  if (req.method === 'GET' || req.method === 'HEAD') return url;
  const path = url?.split('?')[0];
  if (path === undefined || path === '/logout') return undefined;
  const typed = new URLSearchParams();
  for (const name of CARRIED) {
    const value: unknown = req.body?.[name];
    if (typeof value === 'string' && value) typed.set(name, name === 'next' ? value : cut(value));
  }
  return typed.size > 0 ? `${path}?${typed}` : path;
}

/** A path of ours that leads on to another one. */
export function withNext(path: string, next: string | undefined): string {
  return next === undefined || next === '/' ? path : `${path}?${new URLSearchParams({ next })}`;
}

function cut(value: string): string {
  return [...value].slice(0, CARRIED_LENGTH).join('');
}
