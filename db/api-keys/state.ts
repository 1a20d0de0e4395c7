// The one definition of what state a key is in, for checks and lists. Everything is by the database's
// clock; `key` is the statement's name for the table of keys.
import { sql } from 'kysely';

/** The state of a key: the first that applies. Only active keys are accepted. */
export const keyStates = ['removed', 'expired', 'disabled', 'active'] as const;
export type KeyState = (typeof keyStates)[number];

/**
 * The state of a key.
 *
 * @param owner the statement's name for the joined table of users.
 */
export function keyState(key: string, owner: string) {
  return sql<KeyState>`case
    when ${isRemoved(key)} then 'removed'
    when ${isExpired(key)} then 'expired'
    when ${sql.ref(`${owner}.disabled_at`)} is not null then 'disabled'
    else 'active'
  end`;
}

/** Whether a key is active unless its owner is disabled. */
export function isActive(key: string) {
  return sql<boolean>`(not ${isRemoved(key)} and not ${isExpired(key)})`;
}

export function isRemoved(key: string) {
  return sql<boolean>`(${sql.ref(`${key}.removed_at`)} is not null)`;
}

export function isExpired(key: string) {
  return sql<boolean>`coalesce(${sql.ref(`${key}.expires_at`)} <= now(), false)`;
}

/**
 * When a key was removed, or else when it expires, as the indexes have it; null for a key that never
 * expires. Not in the future: the key has ended.
 */
export function endOf(key: string) {
  return sql<Date | null>`coalesce(
    ${sql.ref(`${key}.removed_at`)}, ${sql.ref(`${key}.expires_at`)})`;
}

/** A mark of keys, whatever their state. */
export function isNeverUsed(key: string) {
  return sql<boolean>`(${sql.ref(`${key}.last_used_at`)} is null)`;
}

export const UNUSED_DAYS = 90;

/** A mark of keys that have not been used for UNUSED_DAYS, nor been created since. */
export function isUnused(key: string) {
  const [created, used] = [sql.ref(`${key}.created_at`), sql.ref(`${key}.last_used_at`)];
  return sql<boolean>`(coalesce(${used}, ${created})
    < now() - make_interval(days => ${sql.lit(UNUSED_DAYS)}))`;
}

/** A key expires soon in the last days before its end. */
export const EXPIRES_SOON_DAYS = 14;
/** Only keys created for a longer time can expire soon: one for a week would from the beginning. */
export const SHORT_LIVED_DAYS = 28;

/** A mark of keys that have not expired. */
export function expiresSoon(key: string) {
  const expiresAt = sql.ref(`${key}.expires_at`);
  return sql<boolean>`coalesce(
    ${expiresAt} > now()
      and ${expiresAt} <= now() + make_interval(days => ${sql.lit(EXPIRES_SOON_DAYS)})
      and ${expiresAt} - ${sql.ref(`${key}.created_at`)}
        > make_interval(days => ${sql.lit(SHORT_LIVED_DAYS)}),
    false)`;
}
