import type { Request, RequestHandler } from 'express';
import { HttpError } from '../http/errors.ts';
import { type FormFields, type FormName, forms, howCarried } from './forms.ts';

/** Refuses a form with a name sent twice, or with brackets, before anything else looks at it. */
export const refuseAmbiguousForms: RequestHandler = (req, _res, next) => {
  for (const [name, value] of Object.entries<unknown>(req.body ?? {})) {
    if (typeof value !== 'string') throw new HttpError(400, 'A field of the form was sent twice.');
    if (/[[\]]/.test(name)) throw new HttpError(400, 'A field of the form has a name in brackets.');
  }
  next();
};

/**
 * The fields of a posted form, each a string; one that wasn't sent is empty.
 *
 * @throws {HttpError} 400 for a field that the form doesn't have.
 */
export function readForm<Name extends FormName>(req: Request, name: Name): FormFields<Name> {
  const sent = new Map(Object.entries<unknown>(req.body ?? {}));
  sent.delete('_csrf');
  const read: Record<string, string> = {};
  for (const field of Object.keys(forms[name])) {
    const value = sent.get(field) ?? '';
    if (typeof value !== 'string') throw new Error(`refuseAmbiguousForms let ${field} through`);
    read[field] = value;
    sent.delete(field);
  }
  if (sent.size > 0) throw new HttpError(400, 'The form has a field that does not belong to it.');
  if (!hasFieldsOf(name, read)) throw new Error('unreachable: each field was set above');
  return read;
}

/** The fields of a form as the URL of its page fills them in; those that it may not carry are empty. */
export function fieldsInQuery<Name extends FormName>(req: Request, name: Name): FormFields<Name> {
  const read: Record<string, string> = {};
  for (const field of Object.keys(forms[name])) {
    const value = req.query[field];
    const how = howCarried(name, field);
    const isGiven = typeof value === 'string' && how !== undefined;
    read[field] = !isGiven ? '' : how === 'carried' ? value : fromHex(value);
  }
  if (!hasFieldsOf(name, read)) throw new Error('unreachable: each field was set above');
  return read;
}

function fromHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString();
}

function hasFieldsOf<Name extends FormName>(
  name: Name,
  read: Record<string, string>,
): read is FormFields<Name> {
  return Object.keys(forms[name]).every((field) => read[field] !== undefined);
}
