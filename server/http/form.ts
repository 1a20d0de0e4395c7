import type { Request } from 'express';
import { HttpError } from './errors.ts';

/**
 * The fields of a posted form, each a string; one that wasn't sent is empty. Trusted from here on
 * to be strings, and nothing more.
 *
 * @throws {HttpError} 400 for a field the form doesn't have, or one that was sent twice.
 */
export function readForm<Name extends string>(req: Request, names: readonly Name[]) {
  const sent = new Map(Object.entries<unknown>(req.body ?? {}));
  sent.delete('_csrf');
  const fields = names.map((name) => {
    const value = sent.get(name) ?? '';
    sent.delete(name);
    if (typeof value !== 'string') throw new HttpError(400, `The field “${name}” was sent twice.`);
    return [name, value] as const;
  });
  if (sent.size > 0) throw new HttpError(400, 'The form has a field that does not belong to it.');
  return Object.fromEntries(fields) as Record<Name, string>;
}
