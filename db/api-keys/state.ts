import { sql } from 'kysely';

/** What a key is at a moment, the first that applies; only an active one opens anything. */
export const keyStates = ['removed', 'expired', 'disabled', 'active'] as const;
export type KeyState = (typeof keyStates)[number];

/**
 * The state of a key, by the database's clock.
 *
 * @param key what the statement calls the table of keys.
 * @param owner what it calls the users, joined to them.
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
