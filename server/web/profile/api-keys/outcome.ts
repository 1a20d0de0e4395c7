import type { Request, Response } from 'express';
import type { ChangedKeys, KeysNotFound } from '../../../../db/api-keys/change.ts';
import { actionRefusals } from '../../../../db/api-keys/transitions.ts';
import type { Database } from '../../../../db/database.ts';
import { notFound } from '../../../http/errors.ts';
import { leaveNotice, type NoticeName } from '../../../pages/notices.ts';
import { describeNothingDone, type Unchanged } from '../../../pages/unchanged-words.ts';
import { listingUrl, parseListing } from './listing.ts';
import { renderTab } from './tab.ts';

/** The notices for what was done: about one key, and about several. */
const notices = {
  removed: ['key-removed', 'keys-removed'],
  leaked: ['key-leaked', 'keys-leaked'],
  restored: ['key-restored', 'keys-restored'],
  paused: ['key-paused', 'keys-paused'],
  resumed: ['key-resumed', 'keys-resumed'],
} as const satisfies Record<string, [one: NoticeName, more: NoticeName]>;

export type Done = keyof typeof notices;

/**
 * Answers a change of keys: redirects to the tab, with a notice, if a key was changed or all of them
 * already were as asked; shows the tab with 422 if none was changed and any was refused.
 */
export async function answerChange(
  db: Database,
  req: Request,
  res: Response,
  result: ChangedKeys | KeysNotFound,
  done: Done,
): Promise<void> {
  if (result.outcome === 'not found') throw notFound();
  const { changed, unchanged: others } = result;
  const unchanged = countUnchanged(result, done);
  if (changed.length > 0) {
    const [one, more] = notices[done];
    const keyIds = changed.map(({ id }) => id);
    return backToList(req, res, changed.length === 1 ? one : more, { keyIds, unchanged });
  }
  if (others.some(({ refusal }) => actionRefusals[refusal].weight === 'refused')) {
    res.status(422);
    const notice = { text: describeNothingDone(unchanged), good: false };
    return renderTab(db, req, res, { notice });
  }
  nothingDone(req, res, others, unchanged);
}

/** Redirects to the list, whose notice says why nothing was done to these keys. */
export function nothingDone(
  req: Request,
  res: Response,
  keys: { id: number }[],
  unchanged: Unchanged,
): void {
  // Of several keys, the notice says only how many there are for each reason.
  const keyIds = keys.length === 1 ? keys.map(({ id }) => id) : [];
  backToList(req, res, 'keys-unchanged', { keyIds, unchanged });
}

/** Redirects to the page of the list that the person came from. */
export function backToList(
  req: Request,
  res: Response,
  notice: NoticeName,
  about: Parameters<typeof leaveNotice>[2] = {},
): void {
  leaveNotice(res, notice, about);
  res.redirect(303, listingUrl(parseListing(req.query)));
}

function countUnchanged({ changed, unchanged }: ChangedKeys, done: Done): Unchanged {
  const counts: Unchanged = {};
  for (const { refusal } of unchanged) counts[refusal] = (counts[refusal] ?? 0) + 1;
  const pausedBefore = changed.filter(({ stage }) => stage === 'paused').length;
  if (done === 'paused' && pausedBefore > 0) counts['paused before'] = pausedBefore;
  return counts;
}
