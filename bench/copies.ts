import type { Bench } from './bench.ts';
import { cpuOf, findPostgres } from './cpu.ts';
import { fill } from './database.ts';
import { type Load, measure } from './load.ts';
import { expecting } from './loads.ts';
import { keep, verify } from './requests.ts';
import { keepResults } from './results.ts';
import { median } from './rows.ts';
import { pidOf, startApp } from './servers.ts';
import { furnish, viewTab } from './tab.ts';

/** What some copies did together. */
interface Sample {
  perSecond: number;
  /** Microseconds of CPU for each request. */
  app: number;
  postgres: number;
}

const CONNECTIONS = 50;

/**
 * One copy and two on one PostgreSQL. They share a core, so that it is the cost of sharing the work
 * that shows; what more cores would bring follows from the CPU that each side spends on a request.
 */
export async function copies({ server, folder, isQuick }: Bench): Promise<void> {
  const { url, secrets } = await fill(server, 'copies', isQuick ? 20_000 : 1_000_000);
  const postgres = await findPostgres(url);
  const origins = [await startApp(url), await startApp(url)];
  await furnish(url);
  const [first = ''] = origins;
  const kinds = [
    { what: 'checks', status: 204, requests: keep(folder, 'checks', secrets.map(verify)) },
    // Signed in at one, and so at both.
    {
      what: 'views of the tab',
      status: 200,
      requests: keep(folder, 'tab', [await viewTab(first)]),
    },
  ];

  const rows: Row[] = [];
  for (const { what, status, requests } of kinds) {
    const loads = await Promise.all(origins.map((origin) => expecting(status, origin, requests)));
    const samples: Sample[][] = [[], []];
    for (let round = 0; round <= (isQuick ? 1 : 7); round++) {
      for (const count of [1, 2]) {
        const sample = await measureTogether(loads.slice(0, count), isQuick ? 1 : 3);
        // The first is to warm up.
        if (round > 0) samples[count - 1]?.push(sample);
      }
    }
    rows.push(...toRows(what, samples));
  }
  console.log(`\n${toMarkdown(rows)}\n`);
  if (!isQuick) keepResults('copies', { rows });

  async function measureTogether(loads: Load[], seconds: number): Promise<Sample> {
    const apps = () => origins.map(pidOf).reduce((sum, pid) => sum + cpuOf(pid), 0);
    const before = { app: apps(), postgres: cpuOf(postgres) };
    const outcomes = await Promise.all(
      loads.map((load) => measure(load, seconds, CONNECTIONS / loads.length)),
    );
    const requests = outcomes.reduce((sum, outcome) => sum + outcome.requests, 0);
    const microseconds = 1e6 / requests;
    return {
      perSecond: requests / seconds,
      app: (apps() - before.app) * microseconds,
      postgres: (cpuOf(postgres) - before.postgres) * microseconds,
    };
  }
}

interface Row extends Sample {
  what: string;
  copies: number;
}

function toRows(what: string, samples: Sample[][]): Row[] {
  return samples.map((some, index) => ({
    what,
    copies: index + 1,
    perSecond: median(some.map((sample) => sample.perSecond)),
    app: median(some.map((sample) => sample.app)),
    postgres: median(some.map((sample) => sample.postgres)),
  }));
}

function toMarkdown(rows: Row[]): string {
  const lines = rows.map(({ what, copies, perSecond, app, postgres }) => {
    const numbers = [copies, ...[perSecond, app, postgres].map(Math.round)];
    return `| ${what} | ${numbers.join(' | ')} |`;
  });
  return [
    '| what | copies | a second | µs of the app | µs of PostgreSQL |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}
