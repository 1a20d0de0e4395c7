import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser, client } from '../testing/rows.ts';
import { findKeyDetails } from './details.ts';
import { editKey, type KeyEdit, MAX_NOTE_CHARACTERS } from './edit.ts';
import { MAX_EXPIRY_YEARS } from './expiry.ts';

describeOnEachDatabase('an edited key', (on) => {
  let owner: number;
  let id: number;
  let users = 0;
  beforeEach(async () => {
    owner = await addUser(on.db, `user${++users}`);
    id = await addKey(on.db, owner);
  });

  const edit = (changes: Partial<KeyEdit>) => {
    const same: KeyEdit = { label: 'a label', note: '', expiry: 'keep', timeZone: 'UTC' };
    return editKey(on.db, owner, id, { ...same, ...changes }, client);
  };
  const details = () => findKeyDetails(on.db, owner, id);

  test('has the new label and note, and the same expiry unless that is changed too', async () => {
    await edit({ expiry: { lifetime: { hours: 1 } } });
    const expiresAt = (await details())?.expiresAt;
    await edit({ label: 'laptop', note: 'for backups' });
    const key = await details();
    assert.deepEqual([key?.label, key?.note], ['laptop', 'for backups']);
    assert.deepEqual(key?.expiresAt, expiresAt);
    assert.ok(expiresAt);
  });

  test('expires after a lifetime from now on, at a date in the time zone of its owner, or never', async () => {
    const year = new Date().getUTCFullYear() + 2;
    await edit({ expiry: { at: `${year}-07-01T12:00` }, timeZone: 'Europe/Berlin' });
    assert.equal((await details())?.expiresAt?.toISOString(), `${year}-07-01T10:00:00.000Z`);
    await sql`update api_keys set created_at = now() - interval '1 year'`.execute(on.db);
    await edit({ expiry: { lifetime: { hours: 1 } } });
    const { expiresAt, readAt } = (await details()) ?? {};
    const minutes = ((expiresAt?.getTime() ?? 0) - (readAt?.getTime() ?? 0)) / 60_000;
    assert.equal(Math.round(minutes), 60);
    await edit({ expiry: { lifetime: null } });
    assert.equal((await details())?.expiresAt, null);
  });

  test('stays as it is if the date is past or too far away', async () => {
    const before = await details();
    const year = new Date().getUTCFullYear();
    for (const [at, problem] of [
      [`${year - 1}-12-31T23:59`, 'past'],
      [`${year + MAX_EXPIRY_YEARS + 1}-12-31T23:59`, 'too far'],
    ] as const) {
      const outcome = await edit({ label: 'other', expiry: { at } });
      assert.deepEqual(outcome, { outcome: 'bad expiry', problem });
    }
    assert.deepEqual({ ...(await details()), readAt: 0 }, { ...before, readAt: 0 });
  });

  test('has an event that says what was before and after, and none if nothing changed', async () => {
    await edit({});
    const year = new Date().getUTCFullYear() + 1;
    await edit({ label: 'laptop', expiry: { at: `${year}-01-02T03:04` } });
    const prefix = (await details())?.prefix;
    const events = await on.db
      .selectFrom('events')
      .select(['kind', 'details', 'ip'])
      .where('key_id', '=', id)
      .where('kind', '<>', 'key made')
      .execute();
    const edits = {
      label: { before: 'a label', after: 'laptop' },
      expires: { before: 'never', after: `${year}-01-02T03:04:00.000Z` },
    };
    assert.deepEqual(events, [
      { kind: 'key edited', details: { label: 'laptop', prefix, edits }, ip: client.ip },
    ]);
  });

  test('has a note of a limited length', async () => {
    await edit({ note: '\u{1f511}'.repeat(MAX_NOTE_CHARACTERS) });
    await assert.rejects(
      edit({ note: 'x'.repeat(MAX_NOTE_CHARACTERS + 1) }),
      /api_keys_note_length/,
    );
  });
});
