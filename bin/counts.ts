// What a part of `npm test` reports: Node's through count-reporter.ts, Playwright's as its JSON.

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * What a part has counted. A part that ended badly has failed, even if its report has no failure; and so has
 * a part that ran nothing, or whose report is incomplete.
 *
 * @param code the exit code of the part, null when a signal ended it.
 * @param read gives the counts of its report; may throw.
 */
export function countsOf(code: number | null, read: () => Counts): Counts {
  let counts: Counts;
  try {
    counts = read();
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const hasFailed = code !== 0 || counts.passed === 0;
  return hasFailed && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

interface NodeReport {
  passed: number;
  failed: number;
  cancelled: number;
  skipped: number;
  todo: number;
}

/** @param json of count-reporter.ts. */
export function countNodeTests(json: string): Counts {
  const { passed, failed, cancelled, skipped, todo }: NodeReport = JSON.parse(json);
  return whole({ passed, failed: failed + cancelled, skipped: skipped + todo });
}

/** The part of Playwright's report that is read: https://playwright.dev/docs/api/class-jsonreport */
interface PlaywrightReport {
  config: { projects: { metadata: { deployment?: string } }[] };
  suites: Suite[];
}

interface Suite {
  suites?: Suite[];
  specs: { tests: { expectedStatus: string; status: string }[] }[];
}

/** @param json of Playwright's reporter `json`. */
export function countBrowserTests(json: string): Counts {
  const { config, suites }: PlaywrightReport = JSON.parse(json);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { expectedStatus, status } of suites.flatMap(testsOf)) {
    if (status === 'expected') counts.passed++;
    // A test that should have run and did not has the status `skipped`, too.
    else if (status === 'skipped' && expectedStatus === 'skipped') counts.skipped++;
    else counts.failed++;
  }
  // Without PostgreSQL or nginx, no project uses two instances.
  if (!config.projects.some(({ metadata }) => metadata.deployment === 'two instances'))
    counts.skipped++;
  return whole(counts);
}

function testsOf({ suites = [], specs }: Suite): Suite['specs'][number]['tests'] {
  return [...suites.flatMap(testsOf), ...specs.flatMap(({ tests }) => tests)];
}

function whole(counts: Counts): Counts {
  if (!Object.values(counts).every(Number.isInteger)) throw new Error('The report is not whole.');
  return counts;
}

export function add(parts: Counts[]): Counts {
  const sum = (of: keyof Counts) => parts.reduce((total, part) => total + part[of], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}
