import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** A request: a path and optionally a header with credentials. */
export interface Request {
  path: string;
  header?: { name: string; value: string };
}

/** Requests, and the file that load.lua reads them from. */
export interface Requests {
  all: Request[];
  file: string;
}

/** Writes requests into a file, one a line. */
export function keep(folder: string, name: string, all: Request[]): Requests {
  const file = path.join(folder, name);
  const lines = all.map(
    ({ path, header }) => `${path}\t${header?.name ?? ''}\t${header?.value ?? ''}\n`,
  );
  writeFileSync(file, lines.join(''));
  return { all, file };
}

export function verify(secret: string): Request {
  return { path: '/auth/verify', header: { name: 'Authorization', value: `Bearer ${secret}` } };
}

export function echo(secret: string): Request {
  return { path: `/api/?api_action=test.echo&api_key=${secret}&foo=bar` };
}

/** An invalid key: every other one lacks the form of a key, the rest have one wrong letter. */
export function junk(secret: string, index: number): Request {
  if (index % 2 === 0) return verify(secret.slice(3));
  return verify(secret.replace(/.(?=.{6}$)/, (letter) => (letter === 'x' ? 'y' : 'x')));
}
