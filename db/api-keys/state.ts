// The one definition of what state a key is in, for checks and lists. Everything is by the database's
// clock; `key` is the statement's name for the table of keys.
import { sql } from 'kysely';

/** The state of a key: the first that applies. Only active keys are accepted. */
export const keyStates = ['removed', 'expired', 'disabled', 'paused', 'active'] as const;
export type KeyState = (typeof keyStates)[number];

export function isKeyState(text: string): text is KeyState {
  return keyStates.some((state) => state === text);
}

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
    when ${isPaused(key)} then 'paused'
    else 'active'
  end`;
}

/**
 * What decides which actions are possible with a key: its state, whether or not its owner is disabled.
 * A removed key is `undoable`, or `leaked`, or else just removed.
 */
export const keyStages = ['active', 'paused', 'expired', 'undoable', 'removed', 'leaked'] as const;
export type KeyStage = (typeof keyStages)[number];

export function keyStage(key: string) {
  return sql<KeyStage>`case
    when ${sql.ref(`${key}.leaked_at`)} is not null then 'leaked'
    when ${isUndoable(key)} then 'undoable'
    when ${isRemoved(key)} then 'removed'
    when ${isExpired(key)} then 'expired'
    when ${isPaused(key)} then 'paused'
    else 'active'
  end`;
}

/** How long a removal can be undone, unless the key may have leaked. */
export const UNDO_MINUTES = 60;

/** Until when the removal of a key can be undone; null if it can't. */
export function undoableUntil(key: string) {
  const end = sql`${sql.ref(`${key}.removed_at`)}
    + make_interval(mins => ${sql.lit(UNDO_MINUTES)})`;
  return sql<Date | null>`case when ${sql.ref(`${key}.leaked_at`)} is null
    and ${sql.ref(`${key}.digest`)} is not null and ${end} > now() then ${end} end`;
}

function isUndoable(key: string) {
  return sql<boolean>`(${undoableUntil(key)} is not null)`;
}

/** Whether a key was not removed and has not expired; it may be paused, or its owner disabled. */
export function hasNotEnded(key: string) {
  return sql<boolean>`(not ${isRemoved(key)} and not ${isExpired(key)})`;
}

/** Whether a key has not ended and is not paused; its owner may be disabled. */
export function isActive(key: string) {
  return sql<boolean>`(${hasNotEnded(key)} and not ${isPaused(key)})`;
}

/** Whether a key has a pause that is not over; the key may have ended all the same. */
export function isPaused(key: string) {
  return sql<boolean>`coalesce(${sql.ref(`${key}.paused_until`)} > now(), false)`;
}

/** When a paused key resumes by itself; null if it doesn't, or isn't paused. */
export function pausedUntil(key: string) {
  const until = sql.ref(`${key}.paused_until`);
  return sql<Date | null>`case when ${until} > now() and isfinite(${until}) then ${until} end`;
}

export function isRemoved(key: string) {
  return sql<boolean>`(${sql.ref(`${key}.removed_at`)} is not null)`;
}

export function isExpired(key: string) {
  return sql<boolean>`coalesce(${sql.ref(`${key}.expires_at`)} <= now(), false)`;
}

/**
 * When a key was removed, or else when it expires, in the form of the indexes; null for a key that never
 * expires. A key whose end is not in the future has ended.
 */
export function endOf(key: string) {
  return sql<Date | null>`coalesce(
    ${sql.ref(`${key}.removed_at`)}, ${sql.ref(`${key}.expires_at`)})`;
}

/** Whether no use of a key was recorded, whatever its state. */
export function isNeverUsed(key: string) {
  return sql<boolean>`(${sql.ref(`${key}.last_used_at`)} is null)`;
}

/**
 * Whether a key counts as the successor of the key that it replaces: if it was not removed, or was removed
 * before it was ever used, so that the old key was not replaced.
 */
export function isSuccessor(key: string) {
  return sql<boolean>`(${sql.ref(`${key}.removed_at`)} is null or ${isNeverUsed(key)})`;
}

/** The order of the successors of a key: one that was not removed comes first, then the latest. */
export function latestSuccessorFirst(key: string) {
  return sql`(${sql.ref(`${key}.removed_at`)} is null) desc, ${sql.ref(`${key}.id`)} desc`;
}

export const UNUSED_DAYS = 90;

/** Whether a key was neither used nor created within UNUSED_DAYS. */
export function isUnused(key: string) {
  const [created, used] = [sql.ref(`${key}.created_at`), sql.ref(`${key}.last_used_at`)];
  return sql<boolean>`(coalesce(${used}, ${created})
    < now() - make_interval(days => ${sql.lit(UNUSED_DAYS)}))`;
}

/** A key expires soon in this many days before its expiry. */
export const EXPIRES_SOON_DAYS = 14;
/** Only keys with a longer lifetime can expire soon: a key for a week would do so from the beginning. */
const SHORT_LIVED_DAYS = 28;

/** Whether a key expires within EXPIRES_SOON_DAYS, and its lifetime is more than SHORT_LIVED_DAYS. */
export function expiresSoon(key: string) {
  const expiresAt = sql.ref(`${key}.expires_at`);
  return sql<boolean>`coalesce(
    ${expiresAt} > now()
      and ${expiresAt} <= now() + make_interval(days => ${sql.lit(EXPIRES_SOON_DAYS)})
      and ${expiresAt} - ${sql.ref(`${key}.created_at`)}
        > make_interval(days => ${sql.lit(SHORT_LIVED_DAYS)}),
    false)`;
}

/** For a key that has not expired: whether it expires soon, or was replaced and has an expiry. */
export function endsSoon(key: string) {
  const [expiresAt, replacedAt] = [sql.ref(`${key}.expires_at`), sql.ref(`${key}.replaced_at`)];
  return sql<boolean>`(${expiresAt} is not null
    and (${replacedAt} is not null or ${expiresSoon(key)}))`;
}
