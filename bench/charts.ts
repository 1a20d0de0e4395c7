// Draws the charts of results/ and writes its tables into the documents, as each run of the benchmarks
// does. To do it again without a run: node bench/charts.ts
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Bar, type Chart, drawChart, type Section } from './chart.ts';
import type { CheckLoad } from './comparisons.ts';
import type { Row as InstancesRow } from './instances.ts';
import { formatRatio, type Round, type Row, resultOf, spread, targetOf } from './rows.ts';
import type { Round as StartRound, Rounds as StartRounds } from './start.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const GOOD = { is: 'good' } as const;

if (import.meta.main) publishResults();

export function publishResults(): void {
  for (const [file, content] of publications()) writeFileSync(path.join(ROOT, file), content);
}

/** What follows from the results: files and their contents. */
export function publications(): [file: string, content: string][] {
  const checks = read<{ rows: Row[]; rounds: Partial<Round<CheckLoad>>[] }>('checks');
  const pages = read<{ rows: Row[] }>('pages');
  const instances = read<{ rows: InstancesRow[] }>('instances');
  const start = read<{ rounds: StartRounds }>('start');
  const charts = {
    'checks-per-second': checksPerSecond(checks.rounds),
    checks: ratios('Checks of keys', checks.rows),
    pages: ratios('Pages', pages.rows),
    instances: costsOfInstances(instances.rows),
    start: starts(start.rounds),
  };
  const documents = ['bench/README.md', 'docs/scale.md'];
  return [
    ...Object.entries(charts).map(([name, chart]): [string, string] => [
      `bench/results/${name}.svg`,
      drawChart(chart),
    ]),
    ...documents.map((file): [string, string] => [
      file,
      withTables(readFileSync(path.join(ROOT, file), 'utf8')),
    ]),
  ];
}

function read<Results>(part: string): Results & { report: string[] } {
  return JSON.parse(
    readFileSync(path.join(import.meta.dirname, 'results', `${part}.json`), 'utf8'),
  );
}

/** Puts the table of each part between the two comments that name its place. */
function withTables(document: string): string {
  return document.replaceAll(
    /(<!-- results of (\w+) -->\n).*?(?=<!-- end -->)/gs,
    (_, begin: string, part: string) => `${begin}\n${read(part).report.join('\n')}\n\n`,
  );
}

function checksPerSecond(rounds: Partial<Round<CheckLoad>>[]): Chart {
  const servers: [CheckLoad, label: string, note?: string][] = [
    [
      'plain',
      'Plain node:http, which checks nothing',
      'always the same answer: as fast as Node gets',
    ],
    ['express', 'Express, which checks nothing', 'an empty route with the same answer'],
    [
      'luaRedis',
      'nginx with Lua and Redis',
      'from memory: no expiry, no permissions, nothing durable',
    ],
    [
      'verify',
      'This app',
      'asks PostgreSQL each time: a removed key is refused from the next request on',
    ],
    ['usualStack', 'Express, passport-headerapikey and pg'],
    ['betterAuth', 'better-auth in an Express route'],
  ];
  const bars = servers.flatMap(([load, label, note]): Bar[] => {
    const measured = rounds.flatMap((round) => round[load]?.perSecond ?? []);
    if (measured.length === 0) return [];
    return [{ ...amount(measured), label, ...(note && { note }), ...(load === 'verify' && GOOD) }];
  });
  return {
    title: 'Checks of a key per second',
    caption:
      'Each server on one core, 1,000,000 keys, 50 connections. ' +
      'Bar: median of the rounds. Line: from the lowest to the highest.',
    sections: [{ kind: 'amounts', bars: bars.toSorted((a, b) => b.median - a.median) }],
  };
}

function ratios(title: string, rows: Row[]): Chart {
  // `the same` is that of the row above.
  let against = '';
  const bars = rows.map((row): Bar => {
    if (row.against !== 'the same') against = row.against;
    const target = targetOf(row);
    const result = resultOf(row);
    return {
      label: row.what === 'the same' ? '' : inPlainText(row.what),
      note: inPlainText(`against ${against}${target && `; target ${target}`}`),
      ...{ lowest: row.lowest, median: row.ratio, highest: row.highest },
      value: `${formatRatio(row.ratio)} ${result}`.trim(),
      target: row,
      ...(result && { is: result === 'reached' ? 'good' : 'short' }),
    };
  });
  const caption =
    'How many times as much as what it is compared with; 1 is the same. ' +
    'Dot: median of the rounds. Line: from the lowest to the highest. Bracket: the target.';
  return { title, caption, sections: [{ kind: 'ratios', bars }] };
}

function costsOfInstances(rows: InstancesRow[]): Chart {
  const sections = [...new Set(rows.map(({ what }) => what))].map((what): Section => {
    const bars = rows
      .filter((row) => row.what === what)
      .flatMap(({ instances, app, postgres }): Bar[] => {
        const label = instances === 1 ? '1 instance' : `${instances} instances`;
        return [
          { ...amount([app], 'µs'), label, note: 'the app', ...GOOD },
          { ...amount([postgres], 'µs'), label: '', note: 'PostgreSQL' },
        ];
      });
    return { heading: capitalized(what), kind: 'amounts', bars };
  });
  return {
    title: 'CPU time by number of instances',
    caption: 'Microseconds for each request, medians of the rounds. All instances share one core.',
    sections,
  };
}

function starts({ embedded, PostgreSQL }: StartRounds): Chart {
  const section = (
    heading: string,
    unit: string,
    values: [string, (round: StartRound) => number][],
  ) => {
    const bars = values.flatMap(([label, value]): Bar[] => [
      { ...amount(embedded.map(value), unit), label, note: 'embedded database' },
      { ...amount(PostgreSQL.map(value), unit), label: '', note: 'PostgreSQL', ...GOOD },
    ]);
    return { heading, kind: 'amounts', bars } satisfies Section;
  };
  return {
    title: 'npm start',
    caption: 'Bar: median of the rounds. Line: from the lowest to the highest.',
    sections: [
      section('Seconds until the first page', 's', [
        ['First start', ({ first }) => first.seconds],
        ['Second start', ({ second }) => second.seconds],
      ]),
      section('Memory', 'MB', [
        ['After a first start', ({ first }) => first.megabytes],
        ['After a second start', ({ second }) => second.megabytes],
        ['After 10,000 requests', ({ megabytesAfterRequests }) => megabytesAfterRequests],
      ]),
    ],
  };
}

function amount(measured: number[], unit = '') {
  const { lowest, median, highest } = spread(measured);
  const text = median.toLocaleString('en', { maximumSignificantDigits: 3 });
  return { lowest, median, highest, value: `${text} ${unit}`.trim() };
}

/** Without the marks of Markdown. */
function inPlainText(markdown: string): string {
  return markdown.replaceAll('`', '');
}

function capitalized(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
