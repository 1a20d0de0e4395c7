import type { Request } from 'express';
import { notFound } from './errors.ts';

/**
 * The `:id` of a URL, a whole number that fits PostgreSQL's bigint and JavaScript's number.
 *
 * @throws {HttpError} 404: what can't be an id is something that isn't there.
 */
export function idParameter(req: Request): number {
  const { id } = req.params;
  const parsed = typeof id === 'string' ? parseId(id) : undefined;
  if (parsed === undefined) throw notFound();
  return parsed;
}

/** Undefined for what can't be an id. */
export function parseId(text: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}
