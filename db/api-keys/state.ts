import { sql } from 'kysely';

/** The state of a key: the first that applies. Only active keys are accepted. */
export const keyStates = ['removed', 'expired', 'disabled', 'active'] as const;
export type KeyState = (typeof keyStates)[number];

/**
 * The state of a key, by the database's clock.
 *
 * @param key the statement's name for the table of keys.
 * @param owner its name for the joined table of users.
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
