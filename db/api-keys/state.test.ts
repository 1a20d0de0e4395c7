import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser } from '../testing/rows.ts';
import { endOf, expiresSoon, hasNotEnded, isNeverUsed, keyState } from './state.ts';

describeOnEachDatabase('the state of a key', (on) => {
  let owner: number;
  before(async () => {
    owner = await addUser(on.db, 'ada');
  });

  /** The state of a key whose row is changed this way. */
  async function stateWith(change: string) {
    const id = await addKey(on.db, owner);
    await sql`update api_keys set ${sql.raw(change)} where id = ${id}`.execute(on.db);
    return on.db
      .selectFrom('api_keys')
      .innerJoin('users', 'users.id', 'api_keys.user_id')
      .select([
        keyState('api_keys', 'users').as('state'),
        hasNotEnded('api_keys').as('active'),
        sql<boolean>`coalesce(${endOf('api_keys')} <= now(), false)`.as('ended'),
        isNeverUsed('api_keys').as('neverUsed'),
        expiresSoon('api_keys').as('soon'),
      ])
      .where('api_keys.id', '=', id)
      .executeTakeFirstOrThrow();
  }

  test('a key is either active or has ended, and says how', async () => {
    const [past, future] = [`now() - interval '1 second'`, `now() + interval '1 hour'`];
    for (const [change, expected] of [
      ['expires_at = null', 'active'],
      [`expires_at = ${future}`, 'active'],
      ['expires_at = now()', 'expired'],
      [`expires_at = ${past}`, 'expired'],
      [`removed_at = ${past}`, 'removed'],
      [`removed_at = ${past}, expires_at = ${past}`, 'removed'],
      [`removed_at = ${past}, expires_at = ${future}`, 'removed'],
    ] as const) {
      const { state, active, ended } = await stateWith(change);
      assert.equal(state, expected, change);
      assert.equal(active, expected === 'active', change);
      assert.equal(ended, !active, change);
    }
  });

  test('a key counts as never used until a use is recorded', async () => {
    assert.equal((await stateWith('last_used_at = null')).neverUsed, true);
    assert.equal((await stateWith('last_used_at = now()')).neverUsed, false);
  });

  test('a key created for more than 28 days expires soon in its last 14', async () => {
    for (const [lifetime, left, expected] of [
      ['28 days 1 second', '14 days', true],
      ['365 days', '1 minute', true],
      ['28 days 1 second', '14 days 1 minute', false],
      ['28 days', '14 days', false],
      ['28 days', '1 minute', false],
      ['365 days', '0 seconds', false],
      ['365 days', '-1 days', false],
    ] as const) {
      const { soon } = await stateWith(
        `expires_at = now() + interval '${left}',
          created_at = now() + interval '${left}' - interval '${lifetime}'`,
      );
      assert.equal(soon, expected, `${left} left of ${lifetime}`);
    }
    assert.equal((await stateWith('expires_at = null')).soon, false);
  });
});
