import type { Request } from 'express';
import { notFound } from './errors.ts';

/**
 * The `:id` of a URL.
 *
 * @throws {HttpError} 404 for a text that can't be an id, as for an id that does not exist.
 */
export function idParameter(req: Request): number {
  const id = parseId(req.params.id);
  if (id === undefined) throw notFound();
  return id;
}

/** A positive whole number that fits PostgreSQL's bigint and JavaScript's number, or undefined. */
export function parseId(text: unknown): number | undefined {
  return typeof text === 'string' && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}
