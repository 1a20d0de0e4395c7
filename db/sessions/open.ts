import type { Database } from '../database.ts';
import { isValid } from './validity.ts';

/** How many sessions of a user can be open; another log in ends the least recently seen one. */
export const MAX_SESSIONS = 50;

/** The open sessions of a user, last seen first. */
export function openSessions(db: Database, userId: number) {
  return db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .where('sessions.user_id', '=', userId)
    .where(isValid)
    .orderBy('sessions.seen_at', 'desc')
    .orderBy('sessions.id', 'desc');
}
