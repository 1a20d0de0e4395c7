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
