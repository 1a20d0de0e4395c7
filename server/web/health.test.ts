import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KyselyPlugin } from 'kysely';
import { describeOnDatabase } from '../../db/testing/describe.ts';
import { readiness } from './health.ts';

describeOnDatabase('/readyz', (on) => {
  test('asks the database at most once a second', async () => {
    let statements = 0;
    const counter: KyselyPlugin = {
      transformQuery({ node }) {
        statements += 1;
        return node;
      },
      transformResult: async ({ result }) => result,
    };
    let now = 5_000;
    const isReady = readiness(on.db.withPlugin(counter), () => now);
    await isReady();
    const once = statements;
    assert.ok(once > 0);
    for (const [ms, expected] of [
      [0, once],
      [999, once],
      [1_000, 2 * once],
      [1_999, 2 * once],
      [2_000, 3 * once],
    ] as const) {
      now = 5_000 + ms;
      const answers = await Promise.all(Array.from({ length: 20 }, isReady));
      assert.ok(answers.every(Boolean));
      assert.equal(statements, expected, `after ${ms} ms`);
    }
  });
});
