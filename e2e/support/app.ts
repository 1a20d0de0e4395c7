import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createTestDatabase, dropTestDatabase, noPostgres } from '../../db/testing/databases.ts';
import { startFront } from '../proxies/instances.ts';
import { nginx, noProxy } from '../proxies/proxies.ts';

export type Command = Simple | { action: 'give a past'; username: string; keys: PastKey[] };

interface Simple {
  action:
    | 'add user'
    | 'make the password temporary'
    | 'let re-authentication pass'
    | 'let codes pass'
    | 'let two hours pass'
    | 'let the log in wait';
  username: string;
}

/** A key that existed before the test began. Times are ISO 8601 strings. */
export interface PastKey {
  label: string;
  prefix: string;
  via: 'Linode Manager' | 'API';
  createdAt: string;
  expiresAt?: string;
  lastUsedAt?: string;
  lastUsedIp?: string;
}

export type Deployment = 'embedded' | 'two instances';

/** Why the browser tests can't use two instances; false if they can. */
export const noTwoInstances = noPostgres || noProxy(nginx);

/** The app that the browser tests use. */
export interface App {
  origin: string;
  /** The same users and keys, where two-factor authentication is required. */
  strictOrigin: string;
  perform(action: Simple['action'], username: string): Promise<void>;
  /** Gives a user keys that were created in the past. */
  givePast(username: string, keys: PastKey[]): Promise<void>;
  /** Stops the app; rejects if it found secrets in its log or its database. */
  stop(): Promise<void>;
}

/** One process on the embedded database, or two on one PostgreSQL that answer alternately. */
export function startApp(deployment: Deployment): Promise<App> {
  return deployment === 'embedded' ? startInstance() : startInstances();
}

async function startInstances(): Promise<App> {
  const url = await createTestDatabase();
  const instances = [await startInstance(url), await startInstance(url)] as const;
  const hosts = instances.map(({ origin }) => new URL(origin).host);
  const front = await startFront(hosts);
  return {
    ...instances[0],
    origin: front.origin,
    async stop() {
      const turns = front.turns();
      await front.stop();
      for (const instance of instances) await instance.stop();
      await dropTestDatabase(url);
      const shares = hosts.map((host) => turns.filter((turn) => turn === host).length);
      // Otherwise what the instances share was not fully tested.
      if (Math.max(...shares) - Math.min(...shares) > 1) {
        throw new Error(`The instances did not alternate: ${shares.join(' and ')} requests.`);
      }
    },
  };
}

/** A process of server.ts. */
async function startInstance(url?: string): Promise<App> {
  const program = path.resolve(import.meta.dirname, 'server.ts');
  const child = fork(program, url === undefined ? [] : [url], { execArgv: [] });
  const exited: Promise<(number | null)[]> = once(child, 'exit');
  const failed = exited.then(() => {
    throw new Error('The app ended; its output is above.');
  });
  // Only what waits for the app has to know of this.
  failed.catch(() => {});
  const message: Promise<{ origin: string; strictOrigin: string }[]> = once(child, 'message');
  const [ready] = await Promise.race([message, failed]);
  if (!ready) throw new Error('The app did not say where it is.');
  let lastId = 0;
  return {
    ...ready,
    perform: (action, username) => ask({ action, username }),
    givePast: (username, keys) => ask({ action: 'give a past', username, keys }),
    async stop() {
      if (child.connected) child.disconnect();
      const [code] = await exited;
      if (code !== 0) throw new Error('The app failed; its output is above.');
    },
  };

  async function ask(command: Command): Promise<void> {
    const id = ++lastId;
    child.send({ id, command });
    const done = new Promise<void>((resolve) => {
      const listen = (message: { done: number }) => {
        if (message.done !== id) return;
        child.off('message', listen);
        resolve();
      };
      child.on('message', listen);
    });
    await Promise.race([done, failed]);
  }
}
