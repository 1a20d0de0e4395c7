import { eventKinds } from '../../db/event-kinds.ts';
import type { Activity } from '../../db/events.ts';

const words: ReadonlyMap<string, string> = new Map(Object.entries(eventKinds));

/** What happened, in the words of the page. A later version's kind is shown under its own name. */
export function describe({ kind, details }: Pick<Activity, 'kind' | 'details'>): string {
  const text = words.get(kind) ?? kind;
  return text
    .replace('{prefix}', details.prefix ?? '')
    .replace('{count}', String(details.count ?? ''));
}
