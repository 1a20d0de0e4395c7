import { randomInt } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { openKeyLookup } from '../../db/api-keys/lookup.ts';
import type { Database } from '../../db/database.ts';
import { findInstallationId } from '../../db/installation.ts';
import type { DatabaseLocation } from '../../db/location.ts';
import { createApp, createExpressApp } from '../app.ts';
import type { WaiterKind } from '../auth/password-queue.ts';
import { type Passwords, startPasswords } from '../auth/passwords.ts';
import type { Config } from '../config/config.ts';
import { listeningAt } from '../http/listening-at.ts';
import { createLogger } from '../http/logger.ts';
import { MAX_HEAD_BYTES } from '../http/request-limits.ts';
import { routesOf } from '../http/routes.ts';
import { startKeyChecks } from '../key-checks/check.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { memoryLog } from './memory-log.ts';
import { ENCRYPTION_KEY } from './two-factor.ts';
import { addUser, PASSWORD } from './users.ts';
import { Visitor } from './visitor.ts';

export type App = Awaited<ReturnType<typeof startApp>>;

interface Options {
  metrics?: Metrics;
  /** bcrypt's logarithm of rounds; 4 is its lowest. */
  passwordCost?: number;
  /** Puts a listener in front of the app. */
  wrap?: (app: RequestListener) => RequestListener;
  /** Receives each line of the log, as JSON. */
  onLogLine?: (line: string) => void;
}

/**
 * Starts the app as it ships, on a free port of the loopback interface.
 *
 * @param location where `db` is; only key checks, which have connections of their own, need it
 */
export async function startApp(
  db: Database,
  config: Partial<Config> = {},
  location: DatabaseLocation = { memory: true },
  { metrics, passwordCost = 4, wrap = (app) => app, onLogLine = () => {} }: Options = {},
) {
  const { stream, lines: logLines } = memoryLog(onLogLine);
  const log = createLogger(stream);
  const passwords = holdable(await startPasswords({ cost: passwordCost }));
  const checks = startKeyChecks(db, openKeyLookup(db, location), log);
  const stopping = new AbortController();
  const parts: Parameters<typeof createApp>[0] = {
    config: {
      publicUrl: undefined,
      secure: false,
      trustProxy: false,
      sessionSecrets: ['a secret of the tests, long enough'],
      encryptionKeys: [ENCRYPTION_KEY],
      requireTwoFactor: false,
      ...config,
    },
    installationId: await findInstallationId(db),
    db,
    passwords,
    checks,
    log,
    metrics,
    stopping: stopping.signal,
  };
  // A connection that the server closes for being idle may break the next request of a busy test.
  const limits = { maxHeaderSize: MAX_HEAD_BYTES, keepAliveTimeout: 0 };
  const server = createServer(limits, wrap(createApp(parts)));
  const open = new Set<ServerResponse>();
  server.on('request', (_req, res) => {
    open.add(res);
    res.once('close', () => open.delete(res));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = listeningAt(server);

  return {
    origin,
    /** What the app was created from. */
    parts,
    /** Every route but `/auth/verify`, which is outside of Express. */
    routes: () => routesOf(createExpressApp({ ...parts, trust: () => false })),
    /** Keeps the next password waiting before it is checked, so that a test can act meanwhile. */
    holdNextPasswordCheck() {
      const { reached, release } = passwords.hold(1);
      return { reached: reached(1), release };
    },
    /** Keeps every password waiting before it is checked, until all are released. */
    holdPasswordChecks: () => passwords.hold(Number.POSITIVE_INFINITY),
    /** Takes so many places in the queue for passwords until the test gives them back. */
    takePasswordPlaces(caller: WaiterKind, places: number): () => Promise<void> {
      const released = Promise.withResolvers<void>();
      const taken = Array.from({ length: places }, () =>
        passwords.withPlace({ caller }, () => released.promise),
      );
      return async () => {
        released.resolve();
        await Promise.all(taken);
      };
    },
    passwords,
    stopping,
    /** What the app has logged, one JSON text per line. */
    logLines,
    newVisitor: () => new Visitor(origin),
    newUser,
    /** A visitor who is logged in as a new user and, by default, has re-authenticated. */
    async signInNewUser({ authenticate = true } = {}) {
      const visitor = new Visitor(origin);
      await visitor.logIn(await newUser());
      if (authenticate) await visitor.authenticate();
      return visitor;
    },
    /** A visitor who is logged in and, by default, has re-authenticated. */
    async signIn(username: string, { authenticate = true, password = PASSWORD } = {}) {
      const visitor = new Visitor(origin);
      await visitor.logIn(username, password);
      if (authenticate) await visitor.authenticate(password);
      return visitor;
    },
    /** Resolves when every request so far is over and in the log, which may be after its answer. */
    async settled() {
      await Promise.all([...open].map((res) => once(res, 'close')));
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await passwords.close();
      await checks.close();
    },
  };

  /** Adds a user whose password is PASSWORD, and returns their name, which is unique. */
  async function newUser(): Promise<string> {
    const username = `user${randomInt(2 ** 40)}`;
    await addUser(db, username);
    return username;
  }
}

interface Held {
  /** Resolves when so many requests wait for their passwords to be checked. */
  reached(requests: number): Promise<void>;
  release(): void;
}

/** Passwords whose checks can be made to wait. */
function holdable(passwords: Passwords): Passwords & { hold(requests: number): Held } {
  let waitHere: () => Promise<void> = async () => {};
  return {
    ...passwords,
    withPlace: (waiter, task) =>
      passwords.withPlace(waiter, (hasher) =>
        task({
          ...hasher,
          async verify(password, digest) {
            await waitHere();
            return hasher.verify(password, digest);
          },
        }),
      ),
    hold(requests) {
      const released = Promise.withResolvers<void>();
      const arrivals = new EventEmitter();
      let waiting = 0;
      waitHere = async () => {
        if (++waiting > requests) return;
        arrivals.emit('arrival');
        await released.promise;
      };
      return {
        async reached(count) {
          while (waiting < count) await once(arrivals, 'arrival');
        },
        release: released.resolve,
      };
    },
  };
}
