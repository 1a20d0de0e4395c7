import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser, newKey, removeKey } from '../testing/rows.ts';
import { setDisabled } from '../users.ts';
import { type KeyLookup, openKeyLookup } from './lookup.ts';
import { recordKeyUses } from './uses.ts';

describeOnEachDatabase('keys looked up by their digests', (on) => {
  let ada: number;
  let lookup: KeyLookup;
  before(async () => {
    ada = await addUser(on.db, 'ada');
    lookup = openKeyLookup(on.db, on.location);
  });
  after(() => lookup.close());

  const hex = ({ digest }: { digest: Buffer }) => digest.toString('hex');

  /** Changes a column of a key's row, and looks the key up. */
  async function found(change: { set: string } | undefined = undefined) {
    const key = newKey();
    const id = await addKey(on.db, ada, key);
    if (change) {
      await sql`update api_keys set ${sql.raw(change.set)} where id = ${id}`.execute(on.db);
    }
    const [known] = await lookup.find([hex(key)]);
    return { id, key, known };
  }

  test('each result is at the position of its digest, also for repeated and unknown digests', async () => {
    const [one, two, absent] = [newKey(), newKey(), newKey()];
    const ids = [await addKey(on.db, ada, one), await addKey(on.db, ada, two)];
    const asked = [two, absent, one, two].map(hex);
    const answers = await lookup.find(asked);
    assert.deepEqual(
      answers.map((known) => known?.id),
      [ids[1], undefined, ids[0], ids[1]],
    );
    assert.deepEqual(await lookup.find([]), []);
  });

  test('a key is known with its user and what the user may do now', async () => {
    const { id, key, known } = await found();
    assert.equal(known?.id, id);
    assert.equal(known.prefix, key.prefix);
    assert.equal(known.userId, ada);
    assert.equal(known.username, 'ada');
    assert.deepEqual(known.permissions, ['*']);
    assert.equal(known.expiresAt, null);
    assert.equal(known.state, 'active');
    await sql`update users set permissions = '{domains,linodes}'`.execute(on.db);
    assert.deepEqual((await lookup.find([hex(key)]))[0]?.permissions, ['domains', 'linodes']);
    await sql`update users set permissions = '{}'`.execute(on.db);
    assert.deepEqual((await lookup.find([hex(key)]))[0]?.permissions, []);
  });

  test('the states of a key, removal before expiry before its user', async () => {
    const past = `expires_at = now() - interval '1 second'`;
    assert.equal(
      (await found({ set: `expires_at = now() + interval '1 hour'` })).known?.state,
      'active',
    );
    assert.equal((await found({ set: past })).known?.state, 'expired');
    assert.equal((await found({ set: `removed_at = now(), ${past}` })).known?.state, 'removed');
    await setDisabled(on.db, 'ada', true);
    assert.equal((await found()).known?.state, 'disabled');
    assert.equal((await found({ set: past })).known?.state, 'expired');
    await setDisabled(on.db, 'ada', false);
  });

  test('a removal takes effect with the next lookup', async () => {
    const { id, key } = await found();
    await removeKey(on.db, ada, id, 'Linode Manager');
    assert.equal((await lookup.find([hex(key)]))[0]?.state, 'removed');
  });

  test('a use is recorded with time and client, and again only after a minute', async () => {
    const { id, key, known } = await found();
    assert.equal(known?.usedLately, false);
    const note = (ip: string | null, userAgent: string) =>
      recordKeyUses(on.db, [{ keyId: id, ip, userAgent }]);
    const noted = () =>
      on.db
        .selectFrom('api_keys')
        .select(['last_used_at', 'last_used_ip', 'last_used_agent'])
        .where('id', '=', id)
        .executeTakeFirstOrThrow();

    await note('203.0.113.9', 'curl/8');
    assert.equal((await lookup.find([hex(key)]))[0]?.usedLately, true);
    await note('198.51.100.1', 'other');
    const first = await noted();
    assert.equal(first.last_used_ip, '203.0.113.9');
    assert.equal(first.last_used_agent, 'curl/8');
    assert.ok(first.last_used_at);

    await sql`update api_keys set last_used_at = now() - interval '61 seconds'`.execute(on.db);
    assert.equal((await lookup.find([hex(key)]))[0]?.usedLately, false);
    await note(null, '');
    const second = await noted();
    assert.equal(second.last_used_ip, null);
    assert.equal(second.last_used_agent, '');
  });

  // Lookups separate fields by tabs and lines by line breaks.
  for (const separator of ['\t', '\n']) {
    test(`no field of a lookup can contain ${JSON.stringify(separator)}`, async () => {
      const id = await addKey(on.db, ada);
      const text = `a${separator}b`;
      await assert.rejects(
        sql`update api_keys set prefix = ${text.padEnd(16, 'k')} where id = ${id}`.execute(on.db),
        /api_keys_prefix_format/,
      );
      await assert.rejects(
        sql`update users set username = ${text} where id = ${ada}`.execute(on.db),
        /users_username_format/,
      );
      await assert.rejects(
        sql`update users set permissions = ${[text]} where id = ${ada}`.execute(on.db),
        /users_permissions_format/,
      );
    });
  }

  for (const permissions of [
    '{*,a b}',
    '{"a b"}',
    '{Domains}',
    '{""}',
    '{null}',
    '{a,null}',
    '{9}',
  ]) {
    test(`permissions can't be ${permissions}`, async () => {
      await assert.rejects(
        sql`update users set permissions = ${permissions}::text[]`.execute(on.db),
        /users_permissions_format/,
      );
    });
  }
});
