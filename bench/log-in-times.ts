import { Visitor } from '../server/testing/visitor.ts';
import type { Outcome } from './load.ts';

const PAIRS = 8;

/** Counts pairs, so that no name is used twice: after earlier failures it would have to wait. */
let pairs = 100;

/** How fast wrong passwords are refused, for known and for unknown names. */
export async function refuseLogIns(origin: string) {
  const known: number[] = [];
  const unknown: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    pairs++;
    const number = String(pairs).padStart(6, '0');
    // Alternately, so that a slow period of the machine affects both.
    known.push(await refusal(origin, `user${number}`));
    unknown.push(await refusal(origin, `none${number}`));
  }
  return { knownName: outcome(known), unknownName: outcome(unknown) };
}

/** Returns the time in ms. Each pair comes from a different IP address, without earlier log ins. */
async function refusal(origin: string, username: string): Promise<number> {
  const from = { 'x-forwarded-for': `10.0.${pairs >> 8}.${pairs & 255}` };
  const visitor = new Visitor(origin);
  await visitor.get('/login', from);
  const start = performance.now();
  const { status } = await visitor.post('/login', { username, password: 'wrong', next: '' }, from);
  if (status !== 401) throw new Error(`A wrong password was answered with ${status}.`);
  return performance.now() - start;
}

function outcome(times: number[]): Outcome {
  const sorted = times.sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return {
    perSecond: 1_000 / median,
    p99: sorted.at(-1) ?? Number.NaN,
    requests: times.length,
    cpu: Number.NaN,
  };
}
