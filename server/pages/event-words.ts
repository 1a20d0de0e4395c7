import type { Activity } from '../../db/activity.ts';
import { eventKinds } from '../../db/event-kinds.ts';

const words: ReadonlyMap<string, string> = new Map(Object.entries(eventKinds));

/** What happened, in the words of the page. A kind that only a later version knows keeps its stored name. */
export function describe({ kind, details, count = 1 }: Described): string {
  const text = wordsOf(kind)
    .replace('{prefix}', details.prefix ?? '')
    .replace('{count}', String(details.count ?? ''))
    .concat(details.leaked ? ' as leaked' : '');
  return count > 1 ? `${text}, ${count} times` : text;
}

type Described = Pick<Activity, 'kind' | 'details'> & Partial<Pick<Activity, 'count'>>;

/** What a kind of event is called, without the details of one: `Created key`. */
export function nameKind(kind: string): string {
  const [name = kind] = wordsOf(kind).split(/ \(?\{/);
  return name;
}

function wordsOf(kind: string): string {
  return words.get(kind) ?? kind;
}
