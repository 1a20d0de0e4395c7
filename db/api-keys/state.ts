import { sql } from 'kysely';

/** Whether a key opens something now, unless its owner is disabled. */
export function isActive(table: string) {
  const removedAt = sql.ref(`${table}.removed_at`);
  const expiresAt = sql.ref(`${table}.expires_at`);
  return sql<boolean>`${removedAt} is null and (${expiresAt} is null or ${expiresAt} > now())`;
}
