import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createTestDatabase, dropTestDatabase, noPostgres } from '../db/testing/databases.ts';
import { startFront } from './proxies/copies.ts';
import { nginx, noProxy } from './proxies/proxies.ts';

export type Command = Simple | { action: 'give a past'; username: string; keys: PastKey[] };

interface Simple {
  action: 'add user' | 'let re-authentication pass' | 'let two hours pass';
  username: string;
}

/** A key from before the walk began. Times are as JSON has them. */
export interface PastKey {
  label: string;
  prefix: string;
  via: 'Linode Manager' | 'API';
  createdAt: string;
  expiresAt?: string;
  lastUsedAt?: string;
  lastUsedIp?: string;
}

export type Place = 'embedded' | 'two copies';

/** Why walks are skipped; false where nothing is missing. */
export const noCopies = noPostgres || noProxy(nginx);

/** The app as the walks find it. */
export interface App {
  origin: string;
  perform(action: Simple['action'], username: string): Promise<void>;
  /** Somebody has had these keys for a while. */
  givePast(username: string, keys: PastKey[]): Promise<void>;
  /** Stops it; it has looked for secrets in its log and database, and fails where it found one. */
  stop(): Promise<void>;
}

/** One process on the embedded database; or two on one PostgreSQL, that answer in turns. */
export function startApp(place: Place): Promise<App> {
  return place === 'embedded' ? startCopy() : startCopies();
}

async function startCopies(): Promise<App> {
  const url = await createTestDatabase();
  const copies = [await startCopy(url), await startCopy(url)] as const;
  const hosts = copies.map(({ origin }) => new URL(origin).host);
  const front = await startFront(hosts);
  return {
    ...copies[0],
    origin: front.origin,
    async stop() {
      const turns = front.turns();
      await front.stop();
      for (const copy of copies) await copy.stop();
      await dropTestDatabase(url);
      const shares = hosts.map((host) => turns.filter((turn) => turn === host).length);
      // One after the other, or else some of what they share was never put to the test.
      if (Math.max(...shares) - Math.min(...shares) > 1) {
        throw new Error(`The copies did not take turns: ${shares.join(' and ')} requests.`);
      }
    },
  };
}

/** A process of server.ts. */
async function startCopy(url?: string): Promise<App> {
  const program = path.resolve(import.meta.dirname, 'server.ts');
  const child = fork(program, url === undefined ? [] : [url], { execArgv: [] });
  const [ready]: { origin: string }[] = await once(child, 'message');
  if (!ready) throw new Error('The app did not start.');
  let lastId = 0;
  return {
    origin: ready.origin,
    perform: (action, username) => ask({ action, username }),
    givePast: (username, keys) => ask({ action: 'give a past', username, keys }),
    async stop() {
      child.disconnect();
      const [code]: (number | null)[] = await once(child, 'exit');
      if (code !== 0) throw new Error('The app did not end well; what it said stands above.');
    },
  };

  async function ask(command: Command): Promise<void> {
    const id = ++lastId;
    child.send({ id, command });
    await new Promise<void>((resolve) => {
      const listen = (message: { done: number }) => {
        if (message.done !== id) return;
        child.off('message', listen);
        resolve();
      };
      child.on('message', listen);
    });
  }
}
