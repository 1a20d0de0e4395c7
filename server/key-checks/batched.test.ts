import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batched } from './batched.ts';

/** A function that loads values when the test tells it to, and remembers the keys of each call. */
function controlled() {
  const calls: { keys: number[]; answer: () => void; fail: (error: Error) => void }[] = [];
  const called: (() => void)[] = [];
  const load = (keys: number[]) =>
    new Promise<(string | undefined)[]>((resolve, reject) => {
      calls.push({
        keys,
        answer: () => resolve(keys.map((key) => (key < 0 ? undefined : `value of ${key}`))),
        fail: reject,
      });
      called.shift()?.();
    });
  /** Resolves with the next call. */
  async function next() {
    if (calls.length === 0) await new Promise<void>((resolve) => called.push(resolve));
    const call = calls.shift();
    if (!call) throw new Error('There is no call.');
    return call;
  }
  return { load, next, calls };
}

test('questions that come together are loaded in one call, and each gets its own answer', async () => {
  const { load, next } = controlled();
  const find = batched(load);
  const answers = [find(1), find(-2), find(1)];
  const call = await next();
  assert.deepEqual(call.keys, [1, -2, 1]);
  call.answer();
  assert.deepEqual(await Promise.all(answers), ['value of 1', undefined, 'value of 1']);
});

test('a question that comes during a call is never answered by that call', async () => {
  const { load, next, calls } = controlled();
  const find = batched(load);
  const early = find(1);
  const first = await next();
  const late = [find(1), find(2)];
  assert.equal(calls.length, 0);
  first.answer();
  await early;
  const second = await next();
  assert.deepEqual(second.keys, [1, 2]);
  second.answer();
  await Promise.all(late);
});

test('a call that fails rejects all questions that wait, and none that comes later', async () => {
  const { load, next } = controlled();
  const find = batched(load);
  const early = find(1);
  const first = await next();
  const waiting = find(2);
  first.fail(new Error('away'));
  await assert.rejects(early, /away/);
  await assert.rejects(waiting, /away/);
  const later = find(3);
  const second = await next();
  assert.deepEqual(second.keys, [3]);
  second.answer();
  assert.equal(await later, 'value of 3');
});

test('one call loads at most 1,000 keys, and the next one loads the rest', async () => {
  const { load, next } = controlled();
  const find = batched(load);
  const answers = Array.from({ length: 1_500 }, (_, key) => find(key));
  const first = await next();
  assert.equal(first.keys.length, 1_000);
  first.answer();
  const second = await next();
  assert.equal(second.keys[0], 1_000);
  second.answer();
  assert.equal((await Promise.all(answers))[1_499], 'value of 1499');
});
