import { createServer } from 'node:http';
import { sweepKeyAddresses } from '../db/api-keys/addresses.ts';
import { sweepEndedKeys } from '../db/api-keys/ended.ts';
import { openDatabase } from '../db/database.ts';
import { sweepDevices } from '../db/devices.ts';
import { sweepEvents } from '../db/events.ts';
import { findInstallationId } from '../db/installation.ts';
import { sweepKnownAddresses } from '../db/known-addresses.ts';
import { sweepRateLimits } from '../db/rate-limit.ts';
import { sweepSessions } from '../db/sessions/end.ts';
import { sweepPendingSecrets } from '../db/two-factor.ts';
import { createApp } from './app.ts';
import { createFirstUser, type FirstUser } from './auth/first-user.ts';
import { startPasswords } from './auth/passwords.ts';
import { requireEncryptionKey } from './auth/two-factor/require-encryption-key.ts';
import { type Config, loadConfig } from './config/config.ts';
import { drain } from './http/drain.ts';
import { listen } from './http/listen.ts';
import { listeningAt } from './http/listening-at.ts';
import { createLogger } from './http/logger.ts';
import { MAX_HEAD_BYTES } from './http/request-limits.ts';
import { startKeyChecks } from './key-checks/check.ts';
import { openLookup } from './key-checks/open-lookup.ts';
import { startMetrics } from './metrics/metrics.ts';
import { startProblem } from './start-problem.ts';

/** Longer than proxies keep idle connections (nginx: 60 s), so that none sends on a closed one. */
const KEEP_ALIVE_MS = 75_000;
/** How long a client may take to send the head of a request, and the whole request. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 20_000;
const SWEEP_EVERY_MS = 5 * 60_000;

try {
  await start();
} catch (error) {
  const sentence = startProblem(error);
  if (sentence === undefined) throw error;
  console.error(sentence);
  process.exit(1);
}

async function start() {
  const config = loadConfig(process.env);
  const log = createLogger();
  // Before the app listens there is no request to finish, so a signal ends it at once.
  let stop: () => void = () => process.exit(0);
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => stop());

  // In parallel, since both take a while and the passwords have a thread of their own.
  const [db, passwords] = await Promise.all([openDatabase(config.database), startPasswords()]);
  await requireEncryptionKey(db, config.encryptionKeys);
  const firstUser = await createFirstUser(db, passwords, config.firstUser);
  const stopping = new AbortController();
  const checks = startKeyChecks(db, await openLookup(db, config, log), log);
  const metrics = config.metricsPort === undefined ? undefined : startMetrics(db);
  const app = createApp({
    config,
    installationId: await findInstallationId(db),
    db,
    passwords,
    checks,
    log,
    metrics,
    stopping: stopping.signal,
  });
  const server = createServer(
    {
      maxHeaderSize: MAX_HEAD_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: HEADERS_MS / 5,
    },
    app,
  );
  await listen(server, config.port, config.host);
  const metricsServer = metrics && createServer(metrics.listener);
  if (metricsServer) await listen(metricsServer, config.metricsPort, config.host);
  // Also at once: after an upgrade there may be much to delete, and an instance may never run for long.
  sweep();
  const sweeping = setInterval(sweep, SWEEP_EVERY_MS);

  stop = async () => {
    // Ctrl-C under npm arrives twice: from the terminal, and passed on by npm.
    if (stopping.signal.aborted) return;
    stopping.abort();
    clearInterval(sweeping);
    await drain(server);
    await passwords.close();
    await checks.close();
    await db.destroy();
    process.exit(0);
  };
  function sweep() {
    Promise.all([
      sweepEvents(db, config.eventRetentionDays),
      sweepSessions(db),
      sweepPendingSecrets(db),
      sweepRateLimits(db),
      sweepKnownAddresses(db),
      sweepDevices(db),
      sweepEndedKeys(db),
      sweepKeyAddresses(db),
    ]).catch((err) => {
      // A stop may close the database during a sweep.
      if (!stopping.signal.aborted) log.error({ err }, 'expired data was not swept');
    });
  }
  if (metricsServer) console.log(`Metrics are at ${listeningAt(metricsServer)}/metrics`);
  const url = config.publicUrl ?? listeningAt(server);
  console.log(
    [`Linode Manager is at ${url}`, ...introduce(firstUser, config.firstUser)].join('\n'),
  );
}

/** What to tell the person who starts the app about the first user. */
function introduce(firstUser: FirstUser, { username, settings }: Config['firstUser']): string[] {
  if (firstUser.outcome === 'created') {
    const { password } = firstUser;
    const secret = password ? ` with the password ${password} (not shown again)` : '';
    return [`Log in as ${username}${secret}`];
  }
  if (firstUser.isThere) return [`Log in as ${username}`];
  if (settings.length === 0) return [];
  const were = settings.length === 1 ? 'was' : 'were';
  return [`There are users already, so ${settings.join(' and ')} ${were} ignored.`];
}
