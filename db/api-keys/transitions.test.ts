import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sql } from 'kysely';
import type { Database } from '../database.ts';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { addKey, addUser, client, rotate } from '../testing/rows.ts';
import { editKey } from './edit.ts';
import { pauseKeys, resumeKeys } from './pause.ts';
import { removeKeys, removePresentedKey, undoRemovals } from './remove.ts';
import { type KeyStage, keyStage, keyStages } from './state.ts';
import { type KeyAction, refusalOf } from './transitions.ts';

/** The changes that bring a key's row to each stage. */
const rows: Record<KeyStage, string> = {
  active: `paused_until = now() - interval '1 minute', expires_at = now() + interval '1 hour'`,
  paused: `paused_until = 'infinity'`,
  expired: `expires_at = now() - interval '1 minute', paused_until = 'infinity'`,
  undoable: `removed_at = now() - interval '59 minutes', expires_at = now() - interval '1 hour'`,
  removed: `removed_at = now() - interval '61 minutes'`,
  leaked: `removed_at = now(), leaked_at = now()`,
};

/** The stage that each action leads to, where it is possible. */
const leadsTo: Partial<Record<KeyAction, KeyStage>> = {
  pause: 'paused',
  resume: 'active',
  remove: 'undoable',
  'remove as leaked': 'leaked',
  'remove itself': 'undoable',
};

interface Asked {
  db: Database;
  owner: number;
  id: number;
}

type Result = Promise<string>;

/** The result of each action: `ok`, `not found` or the reason of a refusal. */
const actions = {
  async edit({ db, owner, id }: Asked): Result {
    const edit = { label: 'new', note: 'note', expiry: 'keep', timeZone: 'UTC' } as const;
    const result = await editKey(db, owner, id, edit, client);
    return result.outcome === 'refused' ? result.refusal : ok(result.outcome);
  },
  async rotate({ db, owner, id }: Asked): Result {
    const result = await rotate(db, owner, id);
    return result.outcome === 'refused' ? result.refusal : ok(result.outcome);
  },
  async pause({ db, owner, id }: Asked): Result {
    return first(await pauseKeys(db, owner, [id], { minutes: 15 }, client));
  },
  async resume({ db, owner, id }: Asked): Result {
    return first(await resumeKeys(db, owner, [id], client));
  },
  async remove({ db, owner, id }: Asked): Result {
    return first(await removeKeys(db, owner, [id], 'Linode Manager', client));
  },
  async 'remove as leaked'({ db, owner, id }: Asked): Result {
    const leaked = { leaked: true };
    return first(await removeKeys(db, owner, [id], 'Linode Manager', client, leaked));
  },
  async 'remove itself'({ db, owner, id }: Asked): Result {
    const result = await removePresentedKey(db, { userId: owner, id }, client);
    return result.outcome === 'refused' ? result.refusal : ok(result.outcome);
  },
  async undo({ db, owner, id }: Asked): Result {
    return first(await undoRemovals(db, owner, [id], client));
  },
};

function isAction(name: string): name is keyof typeof actions {
  return name in actions;
}

function ok(outcome: string): string {
  return outcome === 'done' || outcome === 'created' ? 'ok' : outcome;
}

function first(result: Awaited<ReturnType<typeof removeKeys>>): string {
  if (result.outcome === 'not found') return result.outcome;
  return result.unchanged[0]?.refusal ?? 'ok';
}

describeOnEachDatabase('what can be done with a key in each stage', (on) => {
  let owner: number;
  let other: number;
  before(async () => {
    owner = await addUser(on.db, 'ada');
    other = await addUser(on.db, 'bob');
  });

  /** Adds a key in a stage. */
  async function keyIn(stage: KeyStage) {
    const id = await addKey(on.db, owner);
    await sql`update api_keys set ${sql.raw(rows[stage])} where id = ${id}`.execute(on.db);
    assert.equal(await stageOf(id), stage);
    return id;
  }

  async function stageOf(id: number): Promise<KeyStage> {
    const { stage } = await on.db
      .selectFrom('api_keys')
      .select(keyStage('api_keys').as('stage'))
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return stage;
  }

  async function rowAndEvents(id: number) {
    const { rows: row } = await sql`select * from api_keys where id = ${id}`.execute(on.db);
    const events = await on.db
      .selectFrom('events')
      .select(['kind', 'details'])
      .where('key_id', '=', id)
      .execute();
    return { row, events };
  }

  for (const action of Object.keys(actions).filter(isAction)) {
    for (const stage of keyStages) {
      const refusal = refusalOf(action, stage);
      test(`${action}, ${stage}: ${refusal ?? 'ok'}`, async () => {
        const id = await keyIn(stage);
        const key = { db: on.db, id };
        const earlier = await rowAndEvents(id);
        assert.equal(await actions[action]({ ...key, owner: other }), 'not found');
        assert.deepEqual(await rowAndEvents(id), earlier);

        assert.equal(await actions[action]({ ...key, owner }), refusal ?? 'ok');
        const later = await rowAndEvents(id);
        if (refusal) return assert.deepEqual(later, earlier);
        assert.equal(later.events.length, earlier.events.length + 1);
        assert.equal(later.events.at(-1)?.details.label, action === 'edit' ? 'new' : 'a label');
        if (action !== 'undo') assert.equal(await stageOf(id), leadsTo[action] ?? stage);
      });
    }
  }
});
