import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addUser } from '../testing/rows.ts';
import { insertSession } from './change.ts';
import { endExcessSessions } from './end.ts';
import { findSession } from './find.ts';
import { MAX_SESSIONS } from './open.ts';
import { listSignIns } from './sign-ins.ts';

describeOnEachDatabase('the open sessions of a user', (on) => {
  async function addSessions(userId: number, count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, () => randomUUID());
    await on.db.transaction().execute(async (trx) => {
      for (const id of ids) {
        const csrfSecret = randomUUID();
        await insertSession(trx, { id, userId, csrfSecret, ip: null, userAgent: 'test' });
      }
    });
    return ids;
  }

  const endExcess = (userId: number) =>
    on.db.transaction().execute((trx) => endExcessSessions(trx, userId));

  test('beyond the limit, the least recently seen sessions end', async () => {
    const ada = await addUser(on.db, 'ada');
    const bob = await addUser(on.db, 'bob');
    const ids = await addSessions(ada, MAX_SESSIONS + 2);
    const others = await addSessions(bob, MAX_SESSIONS);
    const [first = '', second = '', third = ''] = ids;
    await sql`update sessions set seen_at = now() - interval '1 minute' where user_id = ${ada}`.execute(
      on.db,
    );
    await sql`update sessions set seen_at = now() where user_id = ${ada}
      and id = (select min(id) from sessions where user_id = ${ada})`.execute(on.db);

    assert.equal(await endExcess(ada), 2);
    assert.ok(await findSession(on.db, first));
    for (const id of [second, third]) assert.equal(await findSession(on.db, id), undefined);
    assert.equal((await listSignIns(on.db, ada, first)).length, MAX_SESSIONS);
    assert.equal(await endExcess(ada), 0);
    assert.equal(await endExcess(bob), 0);
    assert.equal((await listSignIns(on.db, bob, '')).length, others.length);
  });

  test('sessions that were idle for too long do not count', async () => {
    const carol = await addUser(on.db, 'carol');
    await addSessions(carol, 2);
    await sql`update sessions set seen_at = now() - interval '30 minutes' where user_id = ${carol}`.execute(
      on.db,
    );
    await addSessions(carol, MAX_SESSIONS);
    assert.equal(await endExcess(carol), 0);
  });

  test('the list is bounded, even if an earlier version left more sessions', async () => {
    const eve = await addUser(on.db, 'eve');
    await addSessions(eve, MAX_SESSIONS + 5);
    assert.equal((await listSignIns(on.db, eve, '')).length, MAX_SESSIONS);
  });
});
