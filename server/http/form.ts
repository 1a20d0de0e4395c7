import type { Request } from 'express';
import { HttpError } from './errors.ts';

/**
 * The fields of a posted form, each a string; one that wasn't sent is empty. Trusted from here on
 * to be strings, and nothing more.
 *
 * @throws {HttpError} 400 for a field the form doesn't have, or one that was sent twice.
 */
export function readForm<Name extends string>(
  req: Request,
  names: readonly Name[],
): Record<Name, string> {
  const sent = new Map(Object.entries<unknown>(req.body ?? {}));
  sent.delete('_csrf');
  const form: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = sent.get(name) ?? '';
    if (typeof value !== 'string') throw new HttpError(400, `The field “${name}” was sent twice.`);
    form[name] = value;
    sent.delete(name);
  }
  if (sent.size > 0) throw new HttpError(400, 'The form has a field that does not belong to it.');
  if (!hasAll(form, names)) throw new Error('unreachable: each name was set above');
  return form;
}

function hasAll<Name extends string>(
  form: Partial<Record<Name, string>>,
  names: readonly Name[],
): form is Record<Name, string> {
  return names.every((name) => form[name] !== undefined);
}
