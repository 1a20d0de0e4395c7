import { ENDED_KEY_DAYS, listEndedKeys, MAX_ENDED_COUNTED } from '../../../../db/api-keys/ended.ts';
import type { Database } from '../../../../db/database.ts';
import { describeEnd, describeLateUse } from '../../../pages/ended-key-words.ts';
import type { EndedKeysSection } from '../../../pages/views.ts';

const MAX_ENDED_SHOWN = 25;

/** The section with a user's expired and removed keys; undefined if there are none. */
export async function endedKeys(
  db: Database,
  userId: number,
  timeZone: string,
): Promise<EndedKeysSection | undefined> {
  const { keys, total, stillTried } = await listEndedKeys(db, userId, MAX_ENDED_SHOWN);
  if (total === 0) return undefined;
  return {
    keys: keys.map((key) => ({
      id: key.id,
      label: key.label,
      prefix: key.prefix,
      endedAt: key.endedAt,
      undoableUntil: key.undoableUntil,
      end: describeEnd(key, timeZone),
      lateUse: describeLateUse(key, timeZone),
    })),
    total: total > MAX_ENDED_COUNTED ? `more than ${format(MAX_ENDED_COUNTED)}` : format(total),
    isPart: total > keys.length,
    stillTried,
    days: ENDED_KEY_DAYS,
  };
}

function format(count: number): string {
  return count.toLocaleString('en');
}
