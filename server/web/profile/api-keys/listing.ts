import type { Request } from 'express';
import type {
  KeyCounts,
  KeyCursor,
  KeyFilter,
  KeyPage,
  KeyQuery,
  KeySort,
  PagePosition,
} from '../../../../db/api-keys/pagination.ts';
import { UNUSED_DAYS } from '../../../../db/api-keys/state.ts';
import { MAX_LABEL_CHARACTERS, parseLabel } from '../../../api-keys/label.ts';
import { cutSecrets } from '../../../api-keys/secret.ts';

/** Which part of the list of keys a URL asks for. */
export interface Listing extends KeyQuery {
  position: PagePosition;
}

export const firstPage: Listing = {
  sort: 'created',
  isDescending: false,
  filter: undefined,
  search: '',
  position: { side: 'after' },
};

export const lastPage: Listing = { ...firstPage, position: { side: 'before' } };

const sortNames = ['created', 'label', 'expires'] as const satisfies KeySort[];
const filterNames = ['expires-soon', 'never-used', 'unused'] as const satisfies KeyFilter[];
const filters: Record<KeyFilter, string> = {
  'expires-soon': 'Expires soon',
  'never-used': 'Never used',
  unused: `Not used for ${UNUSED_DAYS} days`,
};

/** Whether a listing is what the plain URL of the list shows. */
export function isFirstPage(listing: Listing): boolean {
  return listingQuery(listing).size === 0;
}

/** In UTF-16 code units, more than the longest label in lower case and an id. */
const MAX_CURSOR_LENGTH = 1_024;

/** The listing that a query asks for; invalid parameters are ignored. */
export function parseListing(query: Request['query']): Listing {
  const { sort, isDescending } = parseSort(query.sort);
  const search = parseSearch(query.q);
  return {
    sort,
    isDescending,
    filter: filterNames.find((name) => name === query.filter),
    search: 'problem' in search ? '' : search.value,
    position: parsePosition(query, sort),
  };
}

/** What to search for, trimmed and composed; or what is wrong with it, in a sentence. */
export function parseSearch(typed: unknown): { value: string } | { problem: string } {
  if (typeof typed !== 'string') return { value: '' };
  // What is searched for is at most a whole label.
  const text = parseLabel(cutSecrets(typed));
  if ('value' in text) return text;
  return {
    problem: `Search for at most ${MAX_LABEL_CHARACTERS} characters, without control characters.`,
  };
}

/** The URL of a listing. */
export function listingUrl(listing: Listing): string {
  const query = listingQuery(listing);
  return query.size > 0 ? `/profile/api-keys?${query}` : '/profile/api-keys';
}

export function listingQuery(listing: Listing): URLSearchParams {
  const { sort, isDescending, filter, search, position } = listing;
  const query = new URLSearchParams();
  if (search) query.set('q', search);
  if (filter) query.set('filter', filter);
  if (sort !== 'created' || isDescending) query.set('sort', `${isDescending ? '-' : ''}${sort}`);
  const { side, cursor } = position;
  if (cursor) query.set(side, `${cursor.value}.${cursor.id}`);
  else if (side === 'before') query.set('before', 'end');
  return query;
}

/** Links from a listing to others of the same keys. */
export function listingLinks(listing: Listing, counts: KeyCounts, page: KeyPage) {
  const to = (changes: Partial<Listing>) =>
    listingUrl({ ...listing, position: firstPage.position, ...changes });
  const sortLink = (sort: KeySort) => {
    const isCurrent = listing.sort === sort;
    return {
      url: to({ sort, isDescending: isCurrent && !listing.isDescending }),
      order: isCurrent ? (listing.isDescending ? 'descending' : 'ascending') : undefined,
    };
  };
  const filterLink = (filter: KeyFilter | undefined) => ({
    text: filter ? filters[filter] : 'All',
    count: `${counts[filter ?? 'all']}${counts.isPartial ? '+' : ''}`,
    url: to({ filter, search: '' }),
    isCurrent: listing.filter === filter,
  });
  const { previous, next } = page;
  return {
    sorts: { label: sortLink('label'), created: sortLink('created'), expires: sortLink('expires') },
    filters: [filterLink(undefined), ...filterNames.map(filterLink)],
    all: listingUrl(firstPage),
    first: previous && to({}),
    previous: previous && to({ position: { side: 'before', cursor: previous } }),
    next: next && to({ position: { side: 'after', cursor: next } }),
    last: next && to({ position: { side: 'before' } }),
  };
}

function parseSort(text: unknown): Pick<Listing, 'sort' | 'isDescending'> {
  const isDescending = typeof text === 'string' && text.startsWith('-');
  const sort = sortNames.find((name) => text === (isDescending ? `-${name}` : name));
  return sort ? { sort, isDescending } : firstPage;
}

function parsePosition(query: Request['query'], sort: KeySort): PagePosition {
  if (query.before === 'end') return { side: 'before' };
  for (const side of ['after', 'before'] as const) {
    const cursor = parseCursor(query[side], sort);
    if (cursor) return { side, cursor };
  }
  return firstPage.position;
}

function parseCursor(text: unknown, sort: KeySort): KeyCursor | undefined {
  if (typeof text !== 'string' || text.length > MAX_CURSOR_LENGTH) return undefined;
  const [, value, id] = /^(.*)\.([1-9]\d{0,14})$/.exec(text) ?? [];
  if (value === undefined || !cursorValues[sort].test(value)) return undefined;
  return { value, id: Number(id) };
}

/** Dates are microseconds since 1970, until 2286. */
const cursorValues: Record<KeySort, RegExp> = {
  created: /^-?\d{1,16}$/,
  expires: /^(-?\d{1,16}|never)$/,
  label: /^[^\p{Cc}\p{Cs}]*$/u,
};
