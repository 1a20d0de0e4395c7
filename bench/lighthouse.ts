import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { findBrowser } from '../e2e/support/browser.ts';
import { Visitor } from '../server/testing/visitor.ts';
import type { Bench } from './bench.ts';
import { keepResults } from './results.ts';
import { spread } from './rows.ts';
import { startServer } from './servers.ts';

const PASSWORD = 'the password of a benchmark';
const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;
const presets = { phone: [], desktop: ['--preset=desktop'] };

/** The part of Lighthouse's report that is used. */
interface Report {
  finalDisplayedUrl: string;
  categories: Record<(typeof CATEGORIES)[number], { score: number | null }>;
  audits: Record<string, { title: string; score: number | null; displayValue?: string }>;
}

/**
 * Runs Lighthouse on the log-in page and on the tab with twenty keys, as a phone and as a desktop.
 */
export async function lighthouse({ folder, isQuick }: Bench): Promise<void> {
  const origin = await startServer('../server/main.ts', {
    DATA_DIR: path.join(folder, 'data'),
    FIRST_PASSWORD: PASSWORD,
  });
  const pages = [
    { page: 'log in', target: '/login', headers: {} },
    {
      page: 'API Keys, twenty of them',
      target: '/profile/api-keys',
      headers: { Cookie: await signIn(origin) },
    },
  ];
  const lines = [`| page | as | ${CATEGORIES.join(' | ')} |`, '| --- | --- | --- | --- | --- |'];
  const short = new Set<string>();
  for (const { page, target, headers } of pages) {
    for (const [preset, options] of Object.entries(presets)) {
      console.log(`${page}, ${preset} …`);
      const reports: Report[] = [];
      for (let round = 1; round <= (isQuick ? 1 : 5); round++) {
        reports.push(await look(origin + target, { folder, headers, options }));
      }
      const scores = CATEGORIES.map((category) => scoresOf(reports, category));
      lines.push(`| ${page} | ${preset} | ${scores.join(' | ')} |`);
      for (const audit of reports.flatMap(auditsBelowOne)) {
        short.add(`${page}, ${preset}: ${audit}`);
      }
    }
  }
  const report = lines.join('\n');
  console.log(`\n${report}`);
  console.log(`\nAudits without full marks:\n${[...short].sort().join('\n') || 'none'}\n`);
  if (!isQuick) keepResults('lighthouse', report, { short: [...short].sort() });
}

/** Also creates twenty keys. */
async function signIn(origin: string): Promise<string> {
  const visitor = new Visitor(origin);
  await visitor.logIn('linodedemo', PASSWORD);
  await visitor.authenticate(PASSWORD);
  for (let key = 1; key <= 20; key++) await visitor.createKey({ label: `deploy script ${key}` });
  const { body } = await visitor.get('/profile/api-keys');
  if (body.match(/data-remove/g)?.length !== 20) throw new Error('There are not twenty keys.');
  return visitor.cookieHeader();
}

interface Look {
  folder: string;
  headers: object;
  options: string[];
}

async function look(url: string, { folder, headers, options }: Look): Promise<Report> {
  const file = path.join(folder, 'report.json');
  const program = path.join(import.meta.dirname, 'node_modules/.bin/lighthouse');
  const flags =
    '--headless=new --no-sandbox --disable-background-networking --disable-component-update --disable-sync';
  const lighthouse = spawn(
    program,
    [
      url,
      '--quiet',
      '--output=json',
      `--output-path=${file}`,
      `--only-categories=${CATEGORIES.join(',')}`,
      `--chrome-flags=${flags}`,
      `--extra-headers=${JSON.stringify(headers)}`,
      '--no-enable-error-reporting',
      ...options,
    ],
    { stdio: 'inherit', env: { ...process.env, CHROME_PATH: findBrowser() } },
  );
  const [code] = await once(lighthouse, 'close');
  if (code !== 0) throw new Error(`Lighthouse failed on ${url}.`);
  const report: Report = JSON.parse(readFileSync(file, 'utf8'));
  if (report.finalDisplayedUrl !== url) throw new Error(`${url} led to another page.`);
  return report;
}

function auditsBelowOne({ audits }: Report): string[] {
  return Object.entries(audits)
    .filter(([, { score }]) => score !== null && score < 1)
    .map(([id, { title, displayValue = '' }]) => `${id}, ${title} ${displayValue}`);
}

/** The median of the rounds, out of 100, and their range if they differ. */
function scoresOf(reports: Report[], category: (typeof CATEGORIES)[number]): string {
  const { lowest, median, highest } = spread(
    reports.map(({ categories }) => Math.round((categories[category].score ?? 0) * 100)),
  );
  return lowest === highest ? `**${median}**` : `**${median}** (${lowest} to ${highest})`;
}
