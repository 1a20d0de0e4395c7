import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { publishResults } from './charts.ts';

/**
 * Writes the results of a part of the benchmarks to `results/`, and what follows from them: charts, and
 * the tables of the documents.
 *
 * @param report its table, in Markdown
 */
export function keepResults(part: string, report: string, results: object): void {
  const file = path.join(import.meta.dirname, 'results', `${part}.json`);
  const kept = { report: report.split('\n'), ...results };
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  publishResults();
}
