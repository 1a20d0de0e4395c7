// A reporter for `node --test`: how many tests passed, failed and were skipped, as JSON.
import type { TestEvent } from 'node:test/reporters';

export default async function* countTests(events: AsyncIterable<TestEvent>) {
  for await (const { type, data } of events) {
    // Each file has a summary of its own; the summary of all files names no file.
    if (type === 'test:summary' && data.file === undefined) yield JSON.stringify(data.counts);
  }
}
