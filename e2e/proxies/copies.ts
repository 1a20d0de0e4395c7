// nginx in front of copies of the app, with docs/scale/nginx.conf as it stands.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../../server/testing/processes.ts';
import { DOCS, nginx, type RunningProxy, startProxy } from './proxies.ts';

export interface Front extends RunningProxy {
  /** Which copy answered each request so far, by its `host:port`. */
  turns(): string[];
}

/**
 * @param copies the `host:port` of each.
 * @param limitsFloods whether the file's limit holds. Without, tests may ask as often as they like.
 */
export async function startFront(copies: string[], { limitsFloods = false } = {}): Promise<Front> {
  const port = await freePort();
  const servers = copies.map((copy) => `server ${copy} max_fails=0;`).join('\n');
  const front = await startProxy(nginx, path.join(DOCS, 'scale/nginx.conf'), {
    origin: `http://127.0.0.1:${port}`,
    changes: [
      ['listen 3000;', `listen 127.0.0.1:${port};`],
      // Here nobody knows names, and Debian's nginx is older.
      ['resolver 127.0.0.11 valid=1s;', ''],
      ['server app:3000 resolve max_fails=0;', servers],
      ...(limitsFloods ? [] : [['limit_req zone=callers burst=100 nodelay;', ''] as const]),
      // Nothing but whose turn it was.
      ['access_log off;', 'log_format turns $upstream_addr; access_log turns turns;'],
    ],
  });
  const turns = () =>
    readFileSync(path.join(front.folder, 'turns'), 'utf8').split('\n').filter(Boolean);
  return { ...front, turns };
}
