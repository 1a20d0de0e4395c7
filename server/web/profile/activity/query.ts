import type { Request } from 'express';
import type { ActivityCursor, ActivityFilter } from '../../../../db/activity.ts';
import { HttpError } from '../../../http/errors.ts';
import { parseId } from '../../../http/id.ts';

const MAX_KIND_LENGTH = 64;

interface ActivityQuery {
  filter: ActivityFilter;
  cursor: ActivityCursor | undefined;
}

/**
 * What the URL of a list of events asks for: `key`, `kind`, and `before` or `after`, the id of an event.
 *
 * @throws {HttpError} 400 for values that these can't have; no link of the page has such a value.
 */
export function readActivityQuery(req: Request): ActivityQuery {
  const keyId = idIn(req, 'key');
  const kind = textIn(req, 'kind', MAX_KIND_LENGTH);
  // PostgreSQL has no NUL in texts, and no kind has anything but ASCII.
  if (!/^[\x20-\x7e]*$/.test(kind)) throw refusal('kind');
  const before = idIn(req, 'before');
  const after = idIn(req, 'after');
  if (before !== undefined && after !== undefined) throw refusal('after');
  return {
    filter: { ...(keyId !== undefined && { keyId }), ...(kind !== '' && { kind }) },
    cursor: before !== undefined ? { before } : after !== undefined ? { after } : undefined,
  };
}

/** A path with the query that asks for a filter and a cursor. */
export function withActivityQuery(
  path: string,
  { keyId, kind }: ActivityFilter,
  cursor?: ActivityCursor,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ key: keyId, kind, ...cursor })) {
    if (value !== undefined) query.set(name, String(value));
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

function idIn(req: Request, name: string): number | undefined {
  const text = textIn(req, name, 15);
  if (text === '') return undefined;
  const id = parseId(text);
  if (id === undefined) throw refusal(name);
  return id;
}

/** Empty where the URL does not have it, or a form left it empty. */
function textIn(req: Request, name: string, maxLength: number): string {
  const text = req.query[name] ?? '';
  if (typeof text !== 'string' || text.length > maxLength) throw refusal(name);
  return text;
}

function refusal(name: string): HttpError {
  return new HttpError(400, `The list can’t be shown: “${name}” in the URL is wrong.`);
}
