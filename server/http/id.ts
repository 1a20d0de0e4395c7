import type { Request } from 'express';
import { notFound } from './errors.ts';

/**
 * The `:id` of a URL.
 *
 * @throws {HttpError} 404: what can't be an id is something that isn't there.
 */
export function idParameter(req: Request): number {
  const id = parseId(req.params.id);
  if (id === undefined) throw notFound();
  return id;
}

/** A whole number that fits PostgreSQL's bigint and JavaScript's number; undefined for anything else. */
export function parseId(text: unknown): number | undefined {
  return typeof text === 'string' && /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}
