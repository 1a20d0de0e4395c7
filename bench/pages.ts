import assert from 'node:assert/strict';
import type { Bench } from './bench.ts';
import { fill } from './database.ts';
import { type Load, measure } from './load.ts';
import { expecting } from './loads.ts';
import { whileLoggingIn } from './log-ins.ts';
import { keep } from './requests.ts';
import { keepResults } from './results.ts';
import { type Comparison, compare, type Round, throughput, toMarkdown } from './rows.ts';
import { startApp, startServer } from './servers.ts';
import { furnish, PAGE, viewTabs } from './tab.ts';

type Loads =
  | 'tab'
  | 'express'
  | 'sameViews'
  | 'quiet'
  | 'withLogIns'
  | 'of25'
  | 'of10000'
  | 'ofRemoved'
  | 'searched'
  | 'sorted';

const comparisons: Comparison<Loads>[] = [
  {
    what: 'the API Keys tab with 20 keys, signed in',
    against: 'its HTML by Express 5 and EJS with default settings, without session and database',
    ratio: throughput('tab', 'express'),
    atLeast: 0.5,
  },
  {
    what: 'the same',
    against: "the same, its views compiled without `with`, like the app's",
    ratio: throughput('tab', 'sameViews'),
    atLeast: 0.5,
  },
  {
    what: 'p99 of the tab while 50 people log in',
    against: 'the same without log ins',
    ratio: ({ withLogIns, quiet }) => withLogIns.p99 / quiet.p99,
    atMost: 3,
  },
  {
    what: 'the cost of the tab with 10,000 keys',
    against: 'the same with 25 keys',
    ratio: throughput('of25', 'of10000'),
    atMost: 1.3,
  },
  {
    what: 'with 20 keys and 10,000 removed ones',
    against: 'the same',
    ratio: throughput('of25', 'ofRemoved'),
    atMost: 1.3,
  },
  {
    what: 'a search among 10,000 keys',
    against: 'the same',
    ratio: throughput('of25', 'searched'),
  },
  {
    what: '10,000 keys by label',
    against: 'the same',
    ratio: throughput('of25', 'sorted'),
  },
];

/** Compares the API Keys tab with its HTML alone, and with itself while people log in. */
export async function pages({ server, folder, isQuick }: Bench): Promise<void> {
  const { url } = await fill(server, 'pages', 1_000_000);
  await furnish(url);
  const app = await startApp(url);
  // Before the peers start, because the log in is part of the activity on the page.
  const views = await viewTabs(app);
  const peer = 'peers/express-ejs.ts';
  const express = await startServer(peer, { DATABASE_URL: url });
  const sameViews = await startServer(peer, { DATABASE_URL: url, WITHOUT_WITH: 'yes' });
  const loads = {
    tab: await expecting(200, app, keep(folder, 'tab', [views.tab])),
    of25: await expecting(200, app, keep(folder, 'of25', [views.of25])),
    of10000: await expecting(200, app, keep(folder, 'of10000', [views.of10000])),
    ofRemoved: await expecting(200, app, keep(folder, 'ofRemoved', [views.ofRemoved])),
    searched: await expecting(200, app, keep(folder, 'searched', [views.searched])),
    sorted: await expecting(200, app, keep(folder, 'sorted', [views.sorted])),
    express: await expecting(200, express, keep(folder, 'page', [{ path: PAGE }])),
    sameViews: await expecting(200, sameViews, keep(folder, 'page', [{ path: PAGE }])),
  };
  assert.equal(textOf(loads.express), textOf(loads.tab));
  assert.equal(textOf(loads.sameViews), textOf(loads.tab));

  await measureRound(1);
  const rounds: Round<keyof Awaited<ReturnType<typeof measureRound>>>[] = [];
  for (let round = 1; round <= (isQuick ? 1 : 7); round++) {
    console.log(`Round ${round} …`);
    rounds.push(await measureRound(isQuick ? 1 : 3));
  }
  const rows = compare(comparisons, rounds);
  const report = toMarkdown(rows);
  console.log(`\n${report}\n`);
  if (!isQuick) keepResults('pages', report, { rows, rounds });

  async function measureRound(seconds: number) {
    // With fifty connections an answer would take more than a second.
    const run = (load: Load, connections = 20) => measure(load, seconds, connections);
    return {
      express: await run(loads.express),
      tab: await run(loads.tab),
      sameViews: await run(loads.sameViews),
      of25: await run(loads.of25),
      of10000: await run(loads.of10000),
      ofRemoved: await run(loads.ofRemoved),
      // These views take longer.
      searched: await run(loads.searched, 4),
      sorted: await run(loads.sorted, 4),
      // One reader, so that it does not wait for other readers.
      quiet: await run(loads.tab, 1),
      withLogIns: await whileLoggingIn(app, 50, () => run(loads.tab, 1)),
    };
  }
}

/** A page without the parts that always differ: tokens and times. */
function textOf({ answer }: Load): string {
  return answer.body
    .replaceAll(/(name="(?:_csrf|request_id)" value)="[^"]+"/g, '$1')
    .replaceAll(/data-locks-in="\d+"|<time.*?<\/time>|(Right Now!|\d+ \w+ ago)<br>/g, '');
}
