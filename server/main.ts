import { createServer } from 'node:http';
import pino from 'pino';
import { openDatabase } from '../db/database.ts';
import { FolderInUse } from '../db/embedded.ts';
import { sweepSessions } from '../db/sessions.ts';
import { createApp } from './app.ts';
import { startPasswords } from './auth/passwords.ts';
import { ConfigError, loadConfig } from './config.ts';
import { makeFirstUser } from './first-user.ts';
import { listeningAt } from './http/listening-at.ts';

const GRACE_MS = 10_000;
const SWEEP_EVERY_MS = 5 * 60_000;

try {
  await start();
} catch (error) {
  const sentence = explain(error);
  if (sentence === undefined) throw error;
  console.error(sentence);
  process.exit(1);
}

async function start() {
  const config = loadConfig(process.env);
  const log = pino();
  const stopping = new AbortController();
  const db = await openDatabase(config.database);
  const passwords = await startPasswords();
  const newPassword = await makeFirstUser(db, passwords, config.firstUser);

  const server = createServer(createApp({ config, db, passwords, log, stopping: stopping.signal }));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(config.port, config.host, resolve);
  });
  const sweeping = setInterval(() => {
    sweepSessions(db).catch((err) => log.error({ err }, 'sessions were not swept'));
  }, SWEEP_EVERY_MS);
  announce(config.publicUrl ?? listeningAt(server), config.firstUser.username, newPassword);

  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);

  function stop() {
    stopping.abort();
    clearInterval(sweeping);
    setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
    server.close(async () => {
      await passwords.close();
      await db.destroy();
      process.exit(0);
    });
  }
}

/** What the person who starts it can mend; anything else is a fault, with its stack. */
function explain(error: unknown): string | undefined {
  if (error instanceof ConfigError || error instanceof FolderInUse) return error.message;
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    const { port, address } = { port: '', address: '', ...error };
    return `Port ${port} on ${address} is in use. Set PORT to another one.`;
  }
  return undefined;
}

function announce(url: string, username: string, password: string | undefined) {
  const lines = [`Linode Manager is at ${url}`];
  if (password !== undefined) {
    lines.push(
      `Log in as ${username} with the password ${password}`,
      '(shown this once; `npm run users -- password` sets another)',
    );
  }
  console.log(lines.join('\n'));
}
