// A process that rotates the keys of its arguments again and again, `OWNER KEY…`, until it is killed. It
// prints a line for each rotation that is done: the ids of the old key and of the new one.
import { randomUUID } from 'node:crypto';
import { recordKeyUses } from '../../db/api-keys/uses.ts';
import { openDatabase } from '../../db/database.ts';
import { rotateKey } from '../../server/api-keys/rotate.ts';

const from = { ip: null, userAgent: 'test' };
const db = await openDatabase({ url: process.env.DATABASE_URL ?? '' });
const [owner = 0, ...ids] = process.argv.slice(2).map(Number);
await Promise.all(ids.map(keepRotating));

async function keepRotating(first: number): Promise<void> {
  for (let id = first; ; ) {
    const overlap = Math.random() < 0.5 ? 0 : 24;
    const request = { requestId: randomUUID(), overlap, expiry: 'same', timeZone: 'UTC' } as const;
    const rotated = await rotateKey(db, owner, id, request, from);
    if (rotated.outcome !== 'created') throw new Error(rotated.outcome);
    process.stdout.write(`${id} ${rotated.id}\n`);
    id = rotated.id;
    // A key that was never used would be replaced by the next rotation.
    await recordKeyUses(db, [{ keyId: id, ...from }]);
  }
}
