// Random sequences of everything that can happen to keys, against a model of the table of transitions.
// A failure names its seed: `SEED=7 node --test db/api-keys/life.test.ts` repeats it.
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { describeOnEachDatabase } from '../testing/describe.ts';
import { KeyModel, type ModelKey } from '../testing/key-model.ts';
import { addKey, addUser, client, newKey, rotate } from '../testing/rows.ts';
import { setDisabled } from '../users.ts';
import type { ChangedKeys, KeysNotFound } from './change.ts';
import { editKey } from './edit.ts';
import { ENDED_KEY_DAYS, sweepEndedKeys } from './ended.ts';
import { lateUse, recordLateUses } from './late-uses.ts';
import { type KeyLookup, openKeyLookup } from './lookup.ts';
import { pauseKeys, resumeKeys } from './pause.ts';
import { removeKeys, removePresentedKey, reportLeakedKey, undoRemovals } from './remove.ts';
import { type Overlap, overlapHours } from './rotate.ts';
import { keyStage } from './state.ts';
import { recordKeyUses } from './uses.ts';

const SEQUENCES = 2;
const ACTIONS = 100;
/** No sum of them is the length of a pause, an overlap or a lifetime. */
const STEPS_MINUTES = [0.907, 8.311, 33.713, 61.331, 1_447.127, 43_217.119];

describeOnEachDatabase('the life of keys', (on) => {
  let lookup: KeyLookup;
  before(() => {
    lookup = openKeyLookup(on.db, on.location);
  });
  after(() => lookup.close());

  for (let n = 0; n < SEQUENCES; n++) {
    const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
    test(`follows the table of transitions in any order of actions, seed ${seed}`, () =>
      actAtRandom(seed, `user${n}`));
  }

  async function actAtRandom(seed: number, username: string): Promise<void> {
    const { db } = on;
    const random = randomNumbers(seed);
    const pick = <Item>(items: readonly Item[]): Item => {
      const item = items[Math.floor(random() * items.length)];
      if (item === undefined) throw new Error('There is nothing to pick.');
      return item;
    };
    const owner = await addUser(db, username);
    const model = new KeyModel();
    const history: string[] = [];
    const some = () => model.keys.filter(() => random() < 0.4).slice(0, 3);
    const idsOf = (keys: ModelKey[]) => keys.map(({ id }) => id);

    const happenings: Record<string, () => Promise<void>> = {
      async create() {
        if (model.keys.length >= 8) return;
        const hours = pick([1, 30, null]);
        const key = newKey({ lifetime: hours === null ? null : { hours } });
        model.add(await addKey(db, owner, key), key.digest, hours === null ? Infinity : hours * 60);
      },
      async edit() {
        const key = pick(model.keys);
        const [expiry, minutes] = pick([
          ['keep', key.expiresAt - model.now],
          [{ lifetime: null }, Infinity],
          [{ lifetime: { hours: 2 } }, 120],
          [{ at: '2014-02-13T07:42' }, 'past'],
          [{ at: '2999-12-31T23:59' }, 'too far'],
        ] as const);
        const edit = { label: pick(['a', 'b']), note: '', expiry, timeZone: 'UTC' };
        const { label } = await db
          .selectFrom('api_keys')
          .select('label')
          .where('id', '=', key.id)
          .executeTakeFirstOrThrow();
        const result = await editKey(db, owner, key.id, edit, client);
        if (result.outcome === 'bad expiry') return assert.equal(result.problem, minutes);
        const isSame =
          label === edit.label && (expiry === 'keep' || key.expiresAt - model.now === minutes);
        const [refusal] = model.act('edit', [key], () => {
          // An edit that changes nothing has no event.
          if (isSame) model.events--;
          if (typeof minutes === 'number') key.expiresAt = model.now + minutes;
        });
        assert.equal(result.outcome === 'refused' ? result.refusal : undefined, refusal);
      },
      async rotate() {
        const key = pick(model.keys);
        const overlap = pick<Overlap>([...overlapHours, 'until removed']);
        const isSame = random() < 0.5;
        const successor = newKey();
        const result = await rotate(db, owner, key.id, {
          ...{ digest: successor.digest, prefix: successor.prefix, overlap },
          expiry: isSame ? 'same' : { lifetime: { hours: 5 } },
        });
        const expected = model.rotation(key);
        if (typeof expected === 'string') {
          const { outcome } = result;
          return assert.equal(outcome === 'refused' ? result.refusal : outcome, expected);
        }
        if (result.outcome !== 'created') throw new Error(result.outcome);
        assert.equal(result.oldId, expected.old.id);
        const hours = overlap === 'until removed' ? undefined : overlap;
        const life = isSame ? key.expiresAt - key.createdAt : 300;
        model.rotate(key, result.id, successor.digest, hours, life);
      },
      async pause() {
        const [keys, minutes] = [some(), pick([15, Infinity])];
        const length = minutes === Infinity ? 'until resumed' : { minutes };
        agree(await pauseKeys(db, owner, idsOf(keys), length, client), model.pause(keys, minutes));
      },
      async resume() {
        const keys = some();
        agree(await resumeKeys(db, owner, idsOf(keys), client), model.resume(keys));
      },
      async remove() {
        const [keys, leaked] = [some(), random() < 0.1];
        agree(
          await removeKeys(db, owner, idsOf(keys), 'Linode Manager', client, { leaked }),
          model.remove(keys, leaked ? 'remove as leaked' : 'remove'),
        );
      },
      async undo() {
        const keys = some();
        agree(await undoRemovals(db, owner, idsOf(keys), client), model.undo(keys));
      },
      async report() {
        const key = pick(model.keys);
        const result = await reportLeakedKey(db, key.digest);
        const [refusal] = model.remove([key], 'remove as leaked');
        assert.equal(result, refusal ?? 'reported');
      },
      async removeItself() {
        const key = pick(model.keys);
        const result = await removePresentedKey(db, { userId: owner, id: key.id }, client);
        const [refusal] = model.remove([key], 'remove itself');
        assert.equal(result.outcome === 'refused' ? result.refusal : undefined, refusal);
      },
      async check() {
        const passed = some().filter((key) => model.state(key) === 'active');
        await recordKeyUses(
          db,
          idsOf(passed).map((keyId) => ({ keyId, ...client })),
        );
        model.use(passed);
        const key = pick(model.keys);
        const state = model.state(key);
        if (state === 'active' || state === 'disabled') return;
        const isPaused = state === 'paused';
        await recordLateUses(db, [{ keyId: key.id, ...client, count: 1, isPaused }]);
        model.useLate(key);
      },
      async disable() {
        model.isDisabled = !model.isDisabled;
        await setDisabled(db, username, model.isDisabled);
      },
      async sweep() {
        await sweepEndedKeys(db);
        model.sweep(ENDED_KEY_DAYS);
      },
      async age() {
        const minutes = pick(STEPS_MINUTES);
        history.push(`${minutes} minutes`);
        await age(owner, minutes);
        model.now += minutes;
      },
    };
    /** Some happen more often than others. */
    const names = [
      ...Object.keys(happenings),
      ...['check', 'age', 'undo', 'rotate', 'check', 'age'],
    ];

    for (let n = 0; n < ACTIONS; n++) {
      const name = model.keys.length === 0 ? 'create' : pick(names);
      history.push(name);
      model.tick();
      try {
        await happenings[name]?.();
        await agreesWith(model, owner);
      } catch (error) {
        throw new Error(`seed ${seed}: ${history.join(', ')}`, { cause: error });
      }
    }
  }

  /** Makes everything that has happened to a user's keys older. */
  async function age(owner: number, minutes: number): Promise<void> {
    const columns = [
      ...['created_at', 'expires_at', 'removed_at', 'leaked_at', 'last_used_at'],
      ...['late_used_at', 'replaced_at', 'paused_until'],
    ];
    const step = sql`make_interval(secs => ${minutes * 60}::float8)`;
    const changes = columns.map((column) => sql`${sql.ref(column)} = ${sql.ref(column)} - ${step}`);
    await sql`update api_keys set ${sql.join(changes)} where user_id = ${owner}`.execute(on.db);
  }

  async function agreesWith(model: KeyModel, owner: number): Promise<void> {
    const rows = await on.db
      .selectFrom('api_keys')
      .select([
        'id',
        keyStage('api_keys').as('stage'),
        sql<number | null>`(extract(epoch from expires_at - now()) / 60)::float8`.as('left'),
        'replaces_id as replacesId',
        sql<boolean>`last_used_at is not null`.as('used'),
        ...lateUse('api_keys'),
      ])
      .where('user_id', '=', owner)
      .orderBy('id')
      .execute();
    assert.deepEqual(
      rows.map(({ id, stage, left, replacesId, used, lateUseCount }) => {
        const expected = (model.find(id)?.expiresAt ?? 0) - model.now;
        const isClose = Math.abs((left ?? Infinity) - expected) < 0.5;
        return { id, stage, left: isClose ? expected : left, replacesId, used, lateUseCount };
      }),
      model.keys.map((key) => ({
        id: key.id,
        stage: model.stage(key),
        left: key.expiresAt === Infinity ? null : key.expiresAt - model.now,
        replacesId: key.replacesId ?? null,
        used: key.lastUsedAt !== undefined,
        lateUseCount: model.lateUses(key),
      })),
    );
    const checked = await lookup.find(model.keys.map(({ digest }) => digest.toString('hex')));
    assert.deepEqual(
      checked.map((key) => key?.state),
      model.keys.map((key) => model.state(key)),
    );
    const { count } = await on.db
      .selectFrom('events')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .where('user_id', '=', owner)
      .executeTakeFirstOrThrow();
    assert.equal(count, model.events);
  }
});

/** The same refusals, in any order. */
function agree(result: ChangedKeys | KeysNotFound, refusals: string[]): void {
  if (result.outcome === 'not found') throw new Error(result.outcome);
  const found = result.unchanged.map(({ refusal }) => refusal);
  assert.deepEqual(found.toSorted(), refusals.toSorted());
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
