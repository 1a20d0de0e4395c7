import { Visitor } from '../server/testing/visitor.ts';
import type { Outcome } from './load.ts';

const PAIRS = 8;

/** So that nobody is asked for twice, and nobody waits for having been wrong before. */
let asked = 100;

/** How fast wrong passwords are refused: for names that there are, and for names that there are not. */
export async function refuseLogIns(origin: string) {
  const known: number[] = [];
  const unknown: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    asked++;
    const number = String(asked).padStart(6, '0');
    // In turns, so that a slow spell of the machine meets both.
    known.push(await refusal(origin, `user${number}`));
    unknown.push(await refusal(origin, `none${number}`));
  }
  return { knownName: outcome(known), unknownName: outcome(unknown) };
}

/** Milliseconds. Each comes from an address of its own, that nobody has logged in from. */
async function refusal(origin: string, username: string): Promise<number> {
  const from = { 'x-forwarded-for': `10.0.${asked >> 8}.${asked & 255}` };
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
  return { perSecond: 1_000 / median, p99: sorted.at(-1) ?? Number.NaN, requests: times.length };
}
