import { writeFileSync } from 'node:fs';
import path from 'node:path';

/** Writes the results of a part of the benchmarks to `results/`. */
export function keepResults(part: string, results: object): void {
  const file = path.join(import.meta.dirname, 'results', `${part}.json`);
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
}
