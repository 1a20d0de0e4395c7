import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { FEW_EVENTS, listActivity } from '../../../../db/activity.ts';
import { listExpiringKeys } from '../../../../db/api-keys/expiring.ts';
import { listLeakReports } from '../../../../db/api-keys/leak-reports.ts';
import { type ApiKey, listKeysById } from '../../../../db/api-keys/list.ts';
import { countKeys, type KeyPage, listKeyPage } from '../../../../db/api-keys/pagination.ts';
import { listRotations } from '../../../../db/api-keys/rotations.ts';
import { atOnce, type Database } from '../../../../db/database.ts';
import type { SignedInUser } from '../../../../db/sessions/find.ts';
import { DEFAULT_EXPIRY, expiries, findExpiry } from '../../../api-keys/expiry-choices.ts';
import { cutSecrets, prefixOf } from '../../../api-keys/secret.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { fieldsInQuery } from '../../../forms/fields.ts';
import type { FormFields } from '../../../forms/forms.ts';
import { siteUrl } from '../../../http/site-url.ts';
import { ago } from '../../../pages/dates.ts';
import { describe } from '../../../pages/event-words.ts';
import { describePause, describeRotation, type Sentence } from '../../../pages/key-words.ts';
import { leftNotice, type Notice } from '../../../pages/notices.ts';
import { render } from '../../../pages/render.ts';
import type { Views } from '../../../pages/views.ts';
import { endedKeys } from './ended.ts';
import {
  firstPage,
  isFirstPage,
  type Listing,
  lastPage,
  listingLinks,
  listingQuery,
  parseListing,
  parseSearch,
} from './listing.ts';

/** From this many keys on, the list can be sorted, searched and filtered. */
const LONG_LIST = 10;

/** What the URL says, unless a form said something else. */
type FromUrl = 'listing' | 'search' | 'form';

interface Tab {
  listing?: Listing;
  /** What was searched for, and what is wrong with it. */
  search?: { typed: string; problem: string | undefined };
  /** What the form is filled in with. */
  form?: FormFields<'/profile/api-keys'>;
  problems?: Views['profile/api-keys']['problems'];
  /** A secret that was just created; it is shown in this response only. */
  newKey?: string;
  found?: Found;
  /** Why nothing was done. */
  notice?: Notice;
}

/** The answer to a key that was pasted into the search: shown instead of a page of the list. */
export interface Found {
  keys: ApiKey[];
  text: string;
  good: boolean;
}

/** Answers with the API Keys tab of the signed-in user. The caller sets the status. */
export async function renderTab(
  db: Database,
  req: Request,
  res: Response,
  tab: Tab = {},
): Promise<void> {
  const listing = tab.listing ?? parseListing(req.query);
  const title = tab.newKey === undefined ? 'API Keys' : 'API key created · API Keys';
  render(req, res, 'profile/api-keys', [title, 'My Profile'], {
    ...(await readTab(db, signedInUser(req), {
      search: searchIn(req.query),
      form: fieldsInQuery(req, '/profile/api-keys'),
      ...tab,
      listing,
    })),
    siteUrl: siteUrl(req),
    ...(await aboutNotice(db, req, tab, listing)),
  });
}

/** Everything that the tab of a user shows. */
export async function readTab(
  db: Database,
  { id, timeZone }: Pick<SignedInUser, 'id' | 'timeZone'>,
  {
    listing,
    search,
    form,
    problems = {},
    newKey,
    found,
    notice,
  }: Tab & Required<Pick<Tab, FromUrl>>,
) {
  const [first, expiring, ended, reports, activity] = await atOnce(db, (one) =>
    Promise.all([
      findPage(one, id, firstPage),
      listExpiringKeys(one, id),
      endedKeys(one, id, timeZone),
      leakReports(one, id, timeZone),
      recentActivity(one, id),
    ]),
  );
  // A short list is always whole.
  const isLong = first.keys.length >= LONG_LIST;
  // A new key is on the last page.
  const shown = isLong ? (newKey === undefined ? listing : lastPage) : firstPage;
  const page = found
    ? { keys: found.keys, previous: undefined, next: undefined }
    : isFirstPage(shown)
      ? first
      : await findPage(db, id, shown);
  const [counts, sentences] = await atOnce(db, (one) =>
    Promise.all([
      isLong ? countKeys(one, id) : undefined,
      listSentences(one, id, page.keys, timeZone),
    ]),
  );
  const list = counts
    ? {
        ...listingLinks(shown, counts, page),
        query: listingQuery(shown),
        // Never a key.
        search: cutSecrets(search.typed),
      }
    : undefined;
  return {
    keys: page.keys,
    sentences,
    list,
    found,
    newKey,
    newKeyId: page.keys.find(({ prefix }) => newKey !== undefined && prefix === prefixOf(newKey))
      ?.id,
    isNewKeyMarked: page.previous !== undefined,
    expiring,
    ended,
    timeZone,
    activity,
    lifetimes: expiries,
    notice: notice ?? found,
    leakReports: reports,
    form: {
      ...form,
      expires: findExpiry(form.expires)?.value ?? DEFAULT_EXPIRY,
      request_id: randomUUID(),
    },
    problems: { ...(isLong && search.problem !== undefined && { q: search.problem }), ...problems },
  };
}

/** A page of the list. If its cursor is beyond an end of the list, since keys were removed, that end. */
async function findPage(db: Database, userId: number, listing: Listing): Promise<KeyPage> {
  const page = await listKeyPage(db, userId, listing, listing.position);
  if (page.keys.length > 0 || !listing.position.cursor) return page;
  const { side } = listing.position;
  return listKeyPage(db, userId, listing, { side: side === 'after' ? 'before' : 'after' });
}

function searchIn({ q }: Request['query']): Required<Tab>['search'] {
  const search = parseSearch(q);
  const typed = typeof q === 'string' ? q : '';
  return { typed, problem: 'problem' in search ? search.problem : undefined };
}

/** The keys that the notice is about, as far as they are the user's, and whether it can be undone. */
async function aboutNotice(db: Database, req: Request, tab: Tab, listing: Listing) {
  const { name, keyIds } = leftNotice(req);
  const isShown = !tab.found && !tab.notice && keyIds.length > 0;
  const keys = isShown ? await listKeysById(db, signedInUser(req).id, keyIds) : [];
  const isRestored = name === 'key-restored' || name === 'keys-restored';
  const isRemoved = name === 'key-removed' || name === 'keys-removed';
  const undoable = isRemoved ? keys.filter(({ undoableUntil }) => undoableUntil) : [];
  const query = listingQuery(listing);
  return {
    noticeKeys: keys.map((key) => ({ ...key, remark: isRestored ? remarkOn(key) : '' })),
    undo:
      undoable.length > 0
        ? {
            action: `/profile/api-keys/undo${query.size > 0 ? `?${query}` : ''}`,
            keyIds: undoable.map(({ id }) => id),
          }
        : undefined,
  };
}

/** Why programs can't use a key that was just restored; empty if they can. */
function remarkOn({ expired, paused }: ApiKey): string {
  if (expired) return '(has expired)';
  return paused ? '(is paused)' : '';
}

async function leakReports(db: Database, userId: number, timeZone: string) {
  const reports = await listLeakReports(db, userId);
  return reports.map(({ at, readAt, ...report }) => ({
    ...report,
    when: ago(at, readAt, timeZone),
  }));
}

/** The pauses and rotations of keys in sentences, by the ids of the keys. */
async function listSentences(db: Database, userId: number, keys: ApiKey[], timeZone: string) {
  const ids = keys.map((key) => key.id);
  const rotations = keys.length > 0 ? await listRotations(db, userId, ids) : [];
  return new Map(
    keys.map((key) => {
      const rotation = rotations.find((one) => one.key.id === key.id);
      const sentences: Sentence[] = [
        ...describePause(key, timeZone),
        ...(rotation ? describeRotation(rotation, key.readAt, timeZone) : []),
      ];
      return [key.id, sentences];
    }),
  );
}

async function recentActivity(db: Database, userId: number) {
  const { rows } = await listActivity(db, userId, { length: FEW_EVENTS });
  return rows.map((row) => ({ ...row, what: describe(row) }));
}
