// nginx in front of instances of the app, with docs/scale/nginx.conf.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../../server/testing/processes.ts';
import { DOCS, nginx, type RunningProxy, startProxy } from './proxies.ts';

export interface Front extends RunningProxy {
  /** The `host:port` of the instance that answered each request so far. */
  turns(): string[];
}

/**
 * @param instances the `host:port` of each.
 * @param limitsFloods whether to keep the file's limit on requests.
 */
export async function startFront(
  instances: string[],
  { limitsFloods = false } = {},
): Promise<Front> {
  const port = await freePort();
  const servers = instances.map((instance) => `server ${instance} max_fails=0;`).join('\n');
  const front = await startProxy(nginx, path.join(DOCS, 'scale/nginx.conf'), {
    origin: `http://127.0.0.1:${port}`,
    changes: [
      ['listen 3000;', `listen 127.0.0.1:${port};`],
      // There is no resolver here, and Debian's nginx does not know `resolve`.
      ['resolver 127.0.0.11 valid=1s;', ''],
      ['server app:3000 resolve max_fails=0;', servers],
      ...(limitsFloods ? [] : [['limit_req zone=callers burst=100 nodelay;', ''] as const]),
      // The log has only the instance that answered.
      ['access_log off;', 'log_format turns $upstream_addr; access_log turns turns;'],
    ],
  });
  const turns = () =>
    readFileSync(path.join(front.folder, 'turns'), 'utf8').split('\n').filter(Boolean);
  return { ...front, turns };
}
