import type { Database } from './database.ts';
import type { EventKind } from './schema.ts';

/** Who sent a request: the client's address, where known, and what its program calls itself. */
export interface Client {
  ip: string | null;
  userAgent: string;
}

interface Event extends Client {
  kind: EventKind;
  /** Absent when nobody we know was involved, as in a log in under an unknown name. */
  userId?: number | undefined;
  keyId?: number;
}

/** Something that happened to a user, as their page tells it. */
export interface Activity extends Client {
  kind: EventKind;
  at: Date;
  /** The first characters of the key it is about, if it is about one. */
  keyPrefix: string | null;
}

/** The latest of what happened to a user, newest first. */
export async function listActivity(
  db: Database,
  userId: number,
  limit: number,
): Promise<Activity[]> {
  return db
    .selectFrom('events')
    .leftJoin('api_keys', 'api_keys.id', 'events.key_id')
    .select([
      'events.kind',
      'events.at',
      'events.ip',
      'events.user_agent as userAgent',
      'api_keys.prefix as keyPrefix',
    ])
    .where('events.user_id', '=', userId)
    .orderBy('events.id', 'desc')
    .limit(limit)
    .execute();
}

/** Appends to the record of what happened; give it the transaction of what it tells. */
export async function insertEvent(db: Database, event: Event): Promise<void> {
  await db
    .insertInto('events')
    .values({
      kind: event.kind,
      user_id: event.userId ?? null,
      key_id: event.keyId ?? null,
      ip: event.ip,
      user_agent: event.userAgent,
    })
    .execute();
}
