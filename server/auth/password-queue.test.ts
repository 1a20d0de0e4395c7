import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { HttpError } from '../http/errors.ts';
import { createPasswordQueue, type PasswordQueue, type WaiterKind } from './password-queue.ts';

describe('the password queue', () => {
  let queue: PasswordQueue;
  let end: () => void;
  let isOver: Promise<void>;
  beforeEach(() => {
    queue = createPasswordQueue();
    ({ promise: isOver, resolve: end } = Promise.withResolvers<void>());
  });

  /** Takes so many places until `end()`, and returns how many are refused. */
  async function fill(count: number, caller: WaiterKind): Promise<number> {
    const refused: unknown[] = [];
    for (let n = 0; n < count; n++) {
      queue.withPlace({ caller }, () => isOver).catch((error) => refused.push(error));
    }
    await Promise.resolve().then(() => {});
    for (const error of refused) {
      assert.ok(error instanceof HttpError);
      assert.equal(error.status, 503);
      assert.equal(error.headers['Retry-After'], '5');
    }
    return refused.length;
  }

  test('unknown callers leave places to known ones', async () => {
    assert.equal(await fill(68, 'new'), 4);
    assert.equal(await fill(17, 'known'), 1);
  });

  test('requests without an address leave most places to others', async () => {
    assert.equal(await fill(20, 'none'), 4);
    assert.equal(await fill(49, 'new'), 1);
    assert.equal(await fill(17, 'known'), 1);
  });

  test('known callers may take every place', async () => {
    assert.equal(await fill(81, 'known'), 1);
    assert.equal(await fill(1, 'new'), 1);
  });

  test('a place is given back when its task succeeds or fails', async () => {
    const last = { caller: 'known', inTurnWith: 'one' } as const;
    await fill(79, 'known');
    assert.equal(await queue.withPlace(last, async () => 'done'), 'done');
    await assert.rejects(
      queue.withPlace(last, () => Promise.reject(new Error('failed'))),
      /failed/,
    );
    assert.equal(await queue.withPlace(last, async () => 'done'), 'done');
    end();
    await isOver;
  });

  test('tasks in one turn run one after the other, even when one fails', async () => {
    const order: string[] = [];
    const run = (name: string, inTurnWith: string) =>
      queue.withPlace({ caller: 'new', inTurnWith }, async () => {
        order.push(`${name} starts`);
        await isOver;
        order.push(`${name} ends`);
        if (name === 'first') throw new Error('failed');
      });
    const all = [run('first', 'a'), run('second', 'a'), run('other', 'b')];
    const outcomes = Promise.allSettled(all);
    end();
    const statuses = (await outcomes).map(({ status }) => status);
    assert.deepEqual(statuses, ['rejected', 'fulfilled', 'fulfilled']);
    assert.ok(order.indexOf('first ends') < order.indexOf('second starts'));
    assert.ok(order.indexOf('other starts') < order.indexOf('first ends'));
  });
});
