import type { Bench } from './bench.ts';
import { findPostgres } from './cpu.ts';
import { fill } from './database.ts';
import { expecting } from './loads.ts';
import { keep, verify } from './requests.ts';
import { keepResults } from './results.ts';
import { median } from './rows.ts';
import { pidOf, startApp } from './servers.ts';
import { furnish, viewTabs } from './tab.ts';
import { measureTogether } from './together.ts';

/** The sum of all instances. */
interface Sample {
  perSecond: number;
  /** Microseconds of CPU for each request. */
  app: number;
  postgres: number;
}

/**
 * Measures one instance and two on one PostgreSQL. They share a core, so the rates show the cost of
 * sharing the work; the CPU time of each side per request shows what more cores would add.
 */
export async function instances({ server, folder, isQuick }: Bench): Promise<void> {
  const { url, secrets } = await fill(server, 'instances', isQuick ? 20_000 : 1_000_000);
  const origins = [await startApp(url), await startApp(url)];
  const processes = [origins.map(pidOf), [await findPostgres(url)]];
  await furnish(url);
  const [first = ''] = origins;
  const kinds = [
    { what: 'checks of a key', status: 204, requests: keep(folder, 'checks', secrets.map(verify)) },
    // The instances share their sessions.
    {
      what: 'views of the tab, 20 keys',
      status: 200,
      requests: keep(folder, 'tab', [(await viewTabs(first)).tab]),
    },
  ];

  const rows: Row[] = [];
  for (const { what, status, requests } of kinds) {
    const loads = await Promise.all(origins.map((origin) => expecting(status, origin, requests)));
    const samples: Sample[][] = [[], []];
    for (let round = 0; round <= (isQuick ? 1 : 7); round++) {
      for (const count of [1, 2]) {
        const seconds = isQuick ? 1 : 3;
        const outcome = await measureTogether(loads.slice(0, count), seconds, processes);
        const [app = 0, ofPostgres = 0] = outcome.microseconds;
        // The first round warms up.
        if (round === 0) continue;
        samples[count - 1]?.push({ perSecond: outcome.perSecond, app, postgres: ofPostgres });
      }
    }
    rows.push(...toRows(what, samples));
  }
  const report = toMarkdown(rows);
  console.log(`\n${report}\n`);
  if (!isQuick) keepResults('instances', report, { rows });
}

export interface Row extends Sample {
  what: string;
  instances: number;
}

function toRows(what: string, samples: Sample[][]): Row[] {
  return samples.map((round, index) => ({
    what,
    instances: index + 1,
    perSecond: median(round.map((sample) => sample.perSecond)),
    app: median(round.map((sample) => sample.app)),
    postgres: median(round.map((sample) => sample.postgres)),
  }));
}

function toMarkdown(rows: Row[]): string {
  const lines = rows.map(({ what, instances, perSecond, app, postgres }) => {
    const numbers = [instances, ...[perSecond, app, postgres].map(Math.round)];
    return `| ${what} | ${numbers.map((number) => number.toLocaleString('en')).join(' | ')} |`;
  });
  return [
    '| what | instances | per second | µs of the app | µs of PostgreSQL |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ].join('\n');
}
