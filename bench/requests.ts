import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** What is asked: an address below the server's, and perhaps a header that says who asks. */
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

/** What is no key: one half has not the shape of a key, the other has one letter wrong. */
export function junk(secret: string, place: number): Request {
  if (place % 2 === 0) return verify(secret.slice(3));
  return verify(secret.replace(/.(?=.{6}$)/, (letter) => (letter === 'x' ? 'y' : 'x')));
}
