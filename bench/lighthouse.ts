// `npm run bench:lighthouse`: the page where one logs in and the tab with twenty keys, as Lighthouse
// sees them on a phone and on a desktop; README.md says how.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findBrowser } from '../e2e/browser.ts';
import { Visitor } from '../server/testing.ts';
import { prepare } from './prepare.ts';
import { startServer, stopServers } from './servers.ts';

const ROUNDS = process.argv.includes('--quick') ? 1 : 5;
const PASSWORD = 'the password of a benchmark';
const CATEGORIES = ['performance', 'accessibility', 'best-practices'] as const;
const presets = { phone: [], desktop: ['--preset=desktop'] };

/** Of what Lighthouse writes, what we read. */
interface Report {
  finalDisplayedUrl: string;
  categories: Record<(typeof CATEGORIES)[number], { score: number | null }>;
  audits: Record<string, { title: string; score: number | null; displayValue?: string }>;
}

prepare();
const folder = mkdtempSync(path.join(tmpdir(), 'bench-lighthouse-'));
try {
  const origin = await startServer('../server/main.ts', {
    DATA_DIR: path.join(folder, 'data'),
    FIRST_PASSWORD: PASSWORD,
  });
  const cookie = await signIn(origin);
  const lines: string[] = [];
  const short = new Set<string>();
  for (const [page, address, headers] of [
    ['log in', '/login', {}],
    ['API Keys, twenty of them', '/profile/api-keys', { Cookie: cookie }],
  ] as const) {
    for (const [preset, options] of Object.entries(presets)) {
      console.log(`${page}, ${preset} …`);
      const reports: Report[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        reports.push(await look(origin + address, headers, options));
      }
      const scores = CATEGORIES.map((category) => scoresOf(reports, category));
      lines.push(`| ${page} | ${preset} | ${scores.join(' | ')} |`);
      for (const report of reports) {
        for (const [id, { title, score, displayValue = '' }] of Object.entries(report.audits)) {
          if (score !== null && score < 1)
            short.add(`${page}, ${preset}: ${id}, ${title} ${displayValue}`);
        }
      }
    }
  }
  console.log(`\n| page | as | ${CATEGORIES.join(' | ')} |\n| --- | --- | --- | --- | --- |`);
  console.log(lines.join('\n'));
  console.log(`\nAudits that were not passed in full:\n${[...short].sort().join('\n') || 'none'}`);
} finally {
  await stopServers();
  rmSync(folder, { recursive: true });
}

/** Makes twenty keys as well. */
async function signIn(origin: string): Promise<string> {
  const visitor = new Visitor(origin);
  await visitor.logIn('linodedemo', PASSWORD);
  await visitor.authenticate(PASSWORD);
  for (let key = 1; key <= 20; key++) await visitor.createKey({ label: `deploy script ${key}` });
  const { body } = await visitor.get('/profile/api-keys');
  if (body.match(/data-remove/g)?.length !== 20) throw new Error('There are not twenty keys.');
  return visitor.cookieHeader();
}

async function look(url: string, headers: object, options: string[]): Promise<Report> {
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

/** The median of the rounds, of 100, and what they lay between where they differ. */
function scoresOf(reports: Report[], category: (typeof CATEGORIES)[number]): string {
  const scores = reports
    .map(({ categories }) => Math.round((categories[category].score ?? 0) * 100))
    .sort((a, b) => a - b);
  const [lowest, median, highest] = [0, scores.length >> 1, scores.length - 1].map(
    (at) => scores[at],
  );
  return lowest === highest ? `**${median}**` : `**${median}** (${lowest} to ${highest})`;
}
