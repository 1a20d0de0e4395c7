import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namesOfAll } from './names.ts';
import { type PrimaryState, type StandbyState, standbyProblem } from './state.ts';

const primary: PrimaryState = {
  ...{
    system: '7',
    timeline: 1,
    position: '0/1',
    seesStandbys: true,
    role: 'keys',
    clockMs: 5_000,
  },
  synchronous: 'FIRST 2 (db2, db3)',
  standbys: [
    { name: 'db2', state: 'streaming', sync: 'sync' },
    { name: 'db3', state: 'streaming', sync: 'sync' },
  ],
};
const standby: StandbyState = {
  ...{ system: '7', timeline: 1, name: 'db2', hasApplied: true, clockMs: 5_010 },
};
const problemWith = (
  ofPrimary: Partial<PrimaryState>,
  ofStandby: Partial<StandbyState> = {},
  tookMs = 20,
) => standbyProblem({ ...primary, ...ofPrimary }, { ...standby, ...ofStandby }, tookMs);

test('a commit waits for all named standbys only with FIRST and their number', () => {
  for (const setting of ['FIRST 2 (db2, db3)', 'first 2(db2,db3)', '2 (db2, db3)']) {
    assert.deepEqual(namesOfAll(setting), ['db2', 'db3'], setting);
  }
  for (const setting of ['db2', ' FIRST 1 (db2) ', '"db2"', '1 ("db2")']) {
    assert.deepEqual(namesOfAll(setting), ['db2'], setting);
  }
  for (const setting of [
    ...['', ' ', '*', 'FIRST 1 (*)', '"*"', 'db2, db3', 'FIRST 1 (db2, db3)', 'FIRST 3 (db2, db3)'],
    ...['ANY 1 (db2)', 'ANY 2 (db2, db3)', 'FIRST 2 (db2, *)', 'FIRST 1 ()', 'FIRST 0 ()'],
    ...['FIRST 2 (db2, db3', 'FIRST 2 (db2,, db3)', 'FIRST 1 ("a, b")', 'FIRST 1 (db2) x'],
  ]) {
    assert.equal(namesOfAll(setting), undefined, setting);
  }
});

test('a standby is read while the primary waits for it', () => {
  assert.equal(problemWith({}), undefined);
});

test('a standby is not read where anything may be missing there', () => {
  const streaming = { name: 'db2', state: 'streaming', sync: 'sync' };
  const problems: [RegExp, string | undefined][] = [
    [/GRANT pg_read_all_stats TO "keys"/, problemWith({ seesStandbys: false })],
    [/'ANY 1 \(db2\)', not FIRST n/, problemWith({ synchronous: 'ANY 1 (db2)' })],
    [/not in synchronous_standby_names/, problemWith({}, { name: 'db4' })],
    [/not in synchronous_standby_names/, problemWith({}, { name: '' })],
    [/another system/, problemWith({}, { system: '8' })],
    [/receives nothing/, problemWith({}, { timeline: null })],
    [/timeline 1, and the primary on 2/, problemWith({ timeline: 2 })],
    [/not connected/, problemWith({ standbys: [] })],
    [
      /catchup, async/,
      problemWith({ standbys: [{ ...streaming, state: 'catchup', sync: 'async' }] }),
    ],
    [/streaming, quorum/, problemWith({ standbys: [{ ...streaming, sync: 'quorum' }] })],
    [/several standbys/, problemWith({ standbys: [streaming, streaming] })],
  ];
  for (const [expected, problem = 'none'] of problems) assert.match(problem, expected);
});

test('a standby is not read where its clock may differ by more than a second', () => {
  assert.equal(problemWith({}, { clockMs: 5_990 }), undefined);
  assert.equal(problemWith({}, { clockMs: 4_030 }), undefined);
  assert.match(problemWith({}, { clockMs: 6_010 }) ?? '', /clock/);
  assert.match(problemWith({}, { clockMs: 3_990 }) ?? '', /clock/);
  // Read at the same time, as far as is known, or 800 ms apart.
  assert.match(problemWith({}, { clockMs: 4_700 }, 800) ?? '', /clock/);
});
