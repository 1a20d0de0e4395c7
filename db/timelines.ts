import { type Kysely, sql } from 'kysely';
import pg from 'pg';
import { WatchedClient } from './client.ts';
import { DatabaseReadOnly, ServerOutdated } from './errors.ts';

/**
 * The history of a server's data: each promotion of a standby begins a timeline, with the next number. A
 * server of another system was not copied from the same first server.
 */
export interface History {
  system: string;
  timeline: number;
}

/**
 * The timeline, from the name of the WAL file being written. That in the control file
 * (`pg_control_checkpoint`) is the old one until the first checkpoint after a promotion, which may take
 * minutes.
 */
export const TIMELINE = `('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int`;

/** @throws {DatabaseReadOnly} */
export async function historyOf(client: pg.Client): Promise<History> {
  if (client instanceof WatchedClient && client.isReadOnly) throw new DatabaseReadOnly();
  const { rows } = await client.query<History>(
    `select system_identifier::text as system, ${TIMELINE} as timeline from pg_control_system()`,
  );
  const [history] = rows;
  if (history === undefined) throw new Error('The server does not say its timeline.');
  return history;
}

/** Writes the latest timeline to a server that was left behind. Ignores errors. */
export async function writeLatest(url: string, { system, timeline }: History): Promise<void> {
  // The standby for which the commit would wait is the primary now.
  const options = '-c synchronous_commit=off';
  const limits = { connectionTimeoutMillis: 1_000, query_timeout: 1_000 };
  const client = new pg.Client({ connectionString: url, options, ...limits });
  // Without a listener the event would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(
      `insert into timelines (system, latest) values ($1, $2)
        on conflict (system) do update set latest = greatest(timelines.latest, excluded.latest)`,
      [system, timeline],
    );
  } catch {
    // The server has gone again, or has never had the table: an instance that starts on it can't know.
  } finally {
    client.end().catch(() => {});
  }
}

/** @throws {ServerOutdated} if an instance has written to this server that there is a later timeline. */
export async function requireLatest<Schema>(db: Kysely<Schema>): Promise<void> {
  const { rows } = await sql`
    select from timelines t, pg_control_system() s
    where t.system = s.system_identifier::text and t.latest > ${sql.raw(TIMELINE)}`.execute(db);
  if (rows.length > 0) throw new ServerOutdated();
}
