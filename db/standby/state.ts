// The states of the primary and of a standby, and whether checks may be read from the standby.
import type pg from 'pg';
import { TIMELINE } from '../timelines.ts';
import { namesOfAll } from './names.ts';

/** More would accept expired keys too long, since the standby's clock decides about them. */
const MAX_CLOCK_DIFFERENCE_MS = 1_000;

export interface PrimaryState {
  system: string;
  timeline: number;
  /** How far its log is written. */
  position: string;
  /** The setting `synchronous_standby_names`. */
  synchronous: string;
  standbys: { name: string; state: string; sync: string }[];
  /** Whether the role may see `standbys`. */
  seesStandbys: boolean;
  role: string;
  clockMs: number;
}

export interface StandbyState {
  system: string;
  /** The timeline that it receives; null while it receives nothing. */
  timeline: number | null;
  /** Its `cluster_name`, by which the primary knows it. */
  name: string;
  /** Whether it has applied the log up to the position in the question. */
  hasApplied: boolean;
  clockMs: number;
}

const CLOCK = `(extract(epoch from clock_timestamp()) * 1000)::float8 as "clockMs"`;

export async function askPrimary(primary: Pick<pg.Pool, 'query'>): Promise<PrimaryState> {
  const { rows } = await primary.query<PrimaryState>(`
    select system_identifier::text as system, ${TIMELINE} as timeline,
      pg_current_wal_flush_lsn()::text as position,
      current_setting('synchronous_standby_names') as synchronous,
      (select coalesce(json_agg(json_build_object(
        'name', application_name, 'state', state, 'sync', sync_state)), '[]')
        from pg_stat_replication) as standbys,
      pg_has_role('pg_read_all_stats', 'usage') as "seesStandbys", current_user as role, ${CLOCK}
    from pg_control_system()`);
  return only(rows);
}

export async function askStandby(
  standby: Pick<pg.Client, 'query'>,
  position: string,
): Promise<StandbyState> {
  const { rows } = await standby.query<StandbyState>(
    `select system_identifier::text as system, current_setting('cluster_name') as name,
      (select received_tli from pg_stat_wal_receiver where status = 'streaming') as timeline,
      coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, false) as "hasApplied", ${CLOCK}
    from pg_control_system()`,
    [position],
  );
  return only(rows);
}

function only<Row>([row]: Row[]): Row {
  if (row === undefined) throw new Error('The server does not say what it is.');
  return row;
}

/**
 * Why checks must not be read from a standby, in a sentence; undefined when every change that the primary
 * confirms is applied there first.
 *
 * @param tookMs how long it took to ask both, one after the other, the primary first.
 */
export function standbyProblem(
  primary: PrimaryState,
  standby: StandbyState,
  tookMs: number,
): string | undefined {
  if (!primary.seesStandbys) return missingGrant(primary);
  const names = namesOfAll(primary.synchronous);
  if (names === undefined) {
    return `synchronous_standby_names of the primary is '${primary.synchronous}', not FIRST n with n names`;
  }
  const { name } = standby;
  if (!names.includes(name)) {
    return `the standby's cluster_name is '${name}', which is not in synchronous_standby_names`;
  }
  if (standby.system !== primary.system) return 'it is of another system than the primary';
  if (standby.timeline === null) return 'it receives nothing from a primary';
  if (standby.timeline !== primary.timeline) {
    return `it is on timeline ${standby.timeline}, and the primary on ${primary.timeline}`;
  }
  const [row, ...others] = primary.standbys.filter((other) => other.name === name);
  if (others.length > 0) return `several standbys have the name '${name}'`;
  if (row?.state !== 'streaming' || row.sync !== 'sync') {
    return `the primary does not wait for it (${row ? `${row.state}, ${row.sync}` : 'not connected'})`;
  }
  // Their clocks were read at different times, at most so far apart.
  const difference = standby.clockMs - primary.clockMs;
  const furthest = Math.max(Math.abs(difference), Math.abs(difference - tookMs));
  if (furthest > MAX_CLOCK_DIFFERENCE_MS) {
    return `its clock differs from the primary's by more than ${MAX_CLOCK_DIFFERENCE_MS} ms`;
  }
  return undefined;
}

/** What to do where the role of DATABASE_URL may not see the standbys. */
export function missingGrant({ role }: PrimaryState): string {
  return (
    'CHECKS_DATABASE_URL needs a role that may see the standbys. Connect to the primary as a ' +
    `superuser and run: GRANT pg_read_all_stats TO "${role}"`
  );
}
