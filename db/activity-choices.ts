// What the events of a user can be filtered by.
import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { EventDetails } from './event-kinds.ts';

/** How many keys and how many kinds are offered as filters, at most: the newest keys, the first kinds. */
export const MAX_CHOICES = 100;

/** The kinds that occur among a user's events, in alphabetical order. */
export async function listKinds(db: Database, userId: number): Promise<string[]> {
  // Goes from one kind to the next in the index, however many events have the same kind.
  const { rows } = await sql<{ kind: string }>`
    with recursive found (kind, place) as (
      (select kind, 1 from events where user_id = ${userId} order by kind limit 1)
      union all
      select next.kind, place + 1
      from found, lateral (
        select kind from events
        where user_id = ${userId} and kind > found.kind
        order by kind limit 1) next
      where place < ${MAX_CHOICES})
    select kind from found order by place`.execute(db);
  return rows.map(({ kind }) => kind);
}

interface KeyWithEvents {
  id: number;
  details: EventDetails;
}

/** The newest keys that a user's events are about, the newest first, as the last event names them. */
export async function listKeysWithEvents(db: Database, userId: number): Promise<KeyWithEvents[]> {
  const { rows } = await sql<KeyWithEvents>`
    with recursive found (id, place) as (
      (select key_id, 1 from events
        where user_id = ${userId} and key_id is not null
        order by key_id desc limit 1)
      union all
      select next.key_id, place + 1
      from found, lateral (
        select key_id from events
        where user_id = ${userId} and key_id < found.id
        order by key_id desc limit 1) next
      where place < ${MAX_CHOICES})
    select found.id, last.details
    from found, lateral (
      select details from events
      where user_id = ${userId} and key_id = found.id
      order by events.id desc limit 1) last
    order by place`.execute(db);
  return rows;
}
