import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** Keeps what a part of the benchmarks has found, beside this file. */
export function keepResults(part: string, results: object): void {
  const file = path.join(import.meta.dirname, 'results', `${part}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}
