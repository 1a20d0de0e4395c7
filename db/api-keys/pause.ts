import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { Client } from '../events.ts';
import { type ChangedKeys, changeKeys, type KeysNotFound } from './change.ts';
import { isPaused } from './state.ts';

/** A year; a longer pause can only be one until the key is resumed. */
export const MAX_PAUSE_MINUTES = 525_600;

/** How long a pause lasts, in minutes (at most MAX_PAUSE_MINUTES), or until the key is resumed. */
export type PauseLength = { minutes: number } | 'until resumed';

/**
 * Pauses keys: checks refuse them until they are resumed or the time is over. The pause of a key that is
 * already paused gets another end. Checks are counted as late uses, from zero at each new pause.
 */
export function pauseKeys(
  db: Database,
  userId: number,
  ids: number[],
  length: PauseLength,
  from: Client,
): Promise<ChangedKeys | KeysNotFound> {
  const until =
    length === 'until resumed'
      ? sql<string>`timestamptz 'infinity'`
      : sql<string>`now() + make_interval(mins => ${length.minutes}::int)`;
  const ifPaused = <Value>(column: string, otherwise: string) =>
    sql<Value>`case when ${isPaused('api_keys')} then ${sql.ref(column)}
      else ${sql.raw(otherwise)} end`;
  return changeKeys(
    db,
    userId,
    ids,
    {
      action: 'pause',
      set: {
        paused_until: until,
        late_used_at: ifPaused<Date | null>('late_used_at', 'null'),
        late_used_ip: ifPaused<string | null>('late_used_ip', 'null'),
        late_used_agent: ifPaused<string | null>('late_used_agent', 'null'),
        late_use_count: ifPaused<number>('late_use_count', '0'),
      },
      event: () => ({
        kind: 'key paused',
        details: length === 'until resumed' ? {} : { minutes: length.minutes },
      }),
    },
    from,
  );
}

/** Ends the pauses of keys. */
export function resumeKeys(
  db: Database,
  userId: number,
  ids: number[],
  from: Client,
): Promise<ChangedKeys | KeysNotFound> {
  const event = () => ({ kind: 'key resumed' }) as const;
  return changeKeys(
    db,
    userId,
    ids,
    { action: 'resume', set: { paused_until: null }, event },
    from,
  );
}
