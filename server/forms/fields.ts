import type { Request, RequestHandler } from 'express';
import { HttpError } from '../http/errors.ts';

/** Refuses a form with a name sent twice, or with brackets, before anything else looks at it. */
export const refuseAmbiguousForms: RequestHandler = (req, _res, next) => {
  for (const [name, value] of Object.entries<unknown>(req.body ?? {})) {
    if (typeof value !== 'string') throw new HttpError(400, 'A field of the form was sent twice.');
    if (/[[\]]/.test(name)) throw new HttpError(400, 'A field of the form has a name in brackets.');
  }
  next();
};

/**
 * The fields of a posted form, each a string; one that wasn't sent is empty. Trusted from here on
 * to be strings, and nothing more.
 *
 * @throws {HttpError} 400 for a field the form doesn't have.
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
    if (typeof value !== 'string') throw new Error(`refuseAmbiguousForms let ${name} through`);
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
