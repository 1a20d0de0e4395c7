import type { Request } from 'express';
import { KEYS_PER_PAGE } from '../../../../db/api-keys/pagination.ts';
import { HttpError } from '../../../http/errors.ts';

const SELECTED = 'key-';

/** The ids of the keys that a URL selects: its parameters `key-<id>`. */
export function selectedInQuery({ query }: Request): number[] {
  return selectedIds(Object.keys(query).filter((name) => name.startsWith(SELECTED)));
}

/** The ids of the keys that a form selects: its fields `key-<id>`. `others` are its other fields. */
export function selectedInForm({ body }: Request, others: string[] = []): number[] {
  const known = ['_csrf', ...others];
  return selectedIds(Object.keys(body ?? {}).filter((name) => !known.includes(name)));
}

/**
 * The ids in the names of fields, at most one page of them.
 *
 * @throws {HttpError} 400 for more fields, or for one of another name.
 */
function selectedIds(names: string[]): number[] {
  if (names.length > KEYS_PER_PAGE) {
    throw new HttpError(400, `At most ${KEYS_PER_PAGE} keys can be selected at once.`);
  }
  return names.map((name) => {
    const [, id] = /^key-([1-9]\d{0,14})$/.exec(name) ?? [];
    if (id === undefined)
      throw new HttpError(400, 'The form has a field that does not belong to it.');
    return Number(id);
  });
}
