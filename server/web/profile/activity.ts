import { type Request, type Response, Router } from 'express';
import { type ActivityFilter, type ActivityPage, listActivity } from '../../../db/activity.ts';
import { listKeysWithEvents, listKinds } from '../../../db/activity-choices.ts';
import type { Database } from '../../../db/database.ts';
import { signedInUser } from '../../auth/require-sign-in.ts';
import { describe, nameKind } from '../../pages/event-words.ts';
import { render } from '../../pages/render.ts';
import { downloads } from './activity/download.ts';
import { readActivityQuery, withActivityQuery } from './activity/query.ts';

const ROWS_ON_PAGE = 25;

export function activity(db: Database): Router {
  return Router().get('/', showActivity).use('/', downloads(db));

  /** `?key=7&kind=key+made` filters, `&before=1234` is an older page, `&after=…` a newer one. */
  async function showActivity(req: Request, res: Response) {
    const { id, timeZone } = signedInUser(req);
    const { filter, cursor } = readActivityQuery(req);
    const page = await listActivity(db, id, { length: ROWS_ON_PAGE, filter, cursor });
    render(req, res, 'profile/activity', ['Activity', 'My Profile'], {
      timeZone,
      activity: page.rows.map((row) => ({ ...row, what: describe(row) })),
      filter,
      keys: await keyChoices(id, filter),
      kinds: await kindChoices(id, filter),
      links: linksOf(page, filter, { isNewest: cursor === undefined }),
    });
  }

  async function keyChoices(userId: number, { keyId }: ActivityFilter) {
    const keys = (await listKeysWithEvents(db, userId)).map(({ id, details }) => ({
      id,
      label: details.label ?? '',
      prefix: details.prefix,
    }));
    if (keyId === undefined || keys.some(({ id }) => id === keyId)) return keys;
    return [...keys, { id: keyId, label: '', prefix: undefined }];
  }

  async function kindChoices(userId: number, { kind }: ActivityFilter) {
    const kinds = new Set(await listKinds(db, userId));
    if (kind !== undefined) kinds.add(kind);
    return [...kinds]
      .map((value) => ({ value, text: nameKind(value) }))
      .sort((a, b) => a.text.localeCompare(b.text, 'en'));
  }
}

function linksOf(page: ActivityPage, filter: ActivityFilter, { isNewest }: { isNewest: boolean }) {
  const path = '/profile/activity';
  const newest = page.rows[0]?.newestId;
  const oldest = page.rows.at(-1)?.oldestId;
  return {
    newest: isNewest ? undefined : withActivityQuery(path, filter),
    newer:
      page.hasNewer && newest !== undefined
        ? withActivityQuery(path, filter, { after: newest })
        : undefined,
    older:
      page.hasOlder && oldest !== undefined
        ? withActivityQuery(path, filter, { before: oldest })
        : undefined,
    csv: withActivityQuery(`${path}/download.csv`, filter),
    ndjson: withActivityQuery(`${path}/download.ndjson`, filter),
  };
}
