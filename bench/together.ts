import { cpuOf } from './cpu.ts';
import { type Load, measure } from './load.ts';

const CONNECTIONS = 50;

interface Outcome {
  /** The sum of all loads. */
  perSecond: number;
  /** Microseconds of CPU for each request, of each group of processes. */
  microseconds: number[];
}

/** Measures loads at the same time; together they use the usual number of connections. */
export async function measureTogether(
  loads: Load[],
  seconds: number,
  processes: number[][],
): Promise<Outcome> {
  const cpus = () => processes.map((pids) => pids.reduce((sum, pid) => sum + cpuOf(pid), 0));
  const before = cpus();
  const outcomes = await Promise.all(
    loads.map((load) => measure(load, seconds, CONNECTIONS / loads.length)),
  );
  const after = cpus();
  const requests = outcomes.reduce((sum, outcome) => sum + outcome.requests, 0);
  return {
    perSecond: requests / seconds,
    microseconds: after.map((cpu, n) => ((cpu - (before[n] ?? 0)) * 1e6) / requests),
  };
}
