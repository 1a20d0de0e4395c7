import { sql } from 'kysely';
import type { Database } from '../database.ts';
import type { KeyEdits } from '../event-kinds.ts';
import type { Client } from '../events.ts';
import { changeSeenByChecks } from '../seen-by-checks.ts';
import { changeLocked, type KeysNotFound, lockKeys, type Refused } from './change.ts';
import { type ExpiryProblem, type NewExpiry, resolveExpiry } from './expiry.ts';
import { refusalOf } from './transitions.ts';

export const MAX_NOTE_CHARACTERS = 500;

/** What a key is changed to; the label as parseLabel returns it. */
export interface KeyEdit {
  label: string;
  /** At most MAX_NOTE_CHARACTERS. */
  note: string;
  expiry: NewExpiry | 'keep';
  timeZone: string;
}

export type Edited = { outcome: 'done' } | BadExpiry | KeysNotFound | Refused;

/** The date is refused: nothing was done. */
export interface BadExpiry {
  outcome: 'bad expiry';
  problem: ExpiryProblem;
}

/** Changes the label, the note and the expiry of a user's key that has not ended. */
export async function editKey(
  db: Database,
  userId: number,
  id: number,
  { label, note, expiry, timeZone }: KeyEdit,
  from: Client,
): Promise<Edited> {
  return changeSeenByChecks(db, async (trx) => {
    const [key] = await lockKeys(trx, userId, [id]);
    if (!key) return { outcome: 'not found' };
    const refusal = refusalOf('edit', key.stage);
    if (refusal) return { outcome: 'refused', refusal };
    const expires = expiry === 'keep' ? undefined : await resolveExpiry(trx, expiry, timeZone);
    if (expires && 'problem' in expires) return { outcome: 'bad expiry', problem: expires.problem };
    const expiresAt = expires?.value ?? sql<Date | null>`expires_at`;

    const before = await trx
      .selectFrom('api_keys')
      .select(['label', 'note', 'expires_at', sql<Date | null>`${expiresAt}`.as('newExpiresAt')])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    const edits = {
      ...editOf('label', before.label, label),
      ...editOf('note', before.note, note),
      ...editOf('expires', inWords(before.expires_at), inWords(before.newExpiresAt)),
    };
    // An edit that changes nothing has no event.
    if (Object.keys(edits).length === 0) return { outcome: 'done' };
    await changeLocked(
      trx,
      userId,
      [key],
      {
        action: 'edit',
        set: { label, note, expires_at: expiresAt },
        event: () => ({ kind: 'key edited', details: { label, edits } }),
      },
      from,
    );
    return { outcome: 'done' };
  });
}

function editOf(field: keyof KeyEdits, before: string, after: string): KeyEdits {
  return before === after ? {} : { [field]: { before, after } };
}

function inWords(expiresAt: Date | null): string {
  return expiresAt?.toISOString() ?? 'never';
}
