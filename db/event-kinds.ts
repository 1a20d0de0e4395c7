/**
 * Every kind of event, as it is stored, and its text on pages; `{…}` is one of the event's details.
 * To add a kind, add a line. Stored kinds keep their names.
 */
export const eventKinds = {
  'log in': 'Logged in',
  'failed log in': 'Failed login',
  authenticated: 'Re-authenticated',
  'failed authentication': 'Failed re-authentication',
  'rate limited': 'Rate limited ({count} refused)',
  'log out': 'Logged out',
  'key made': 'Created key {prefix}…',
  'key edited': 'Edited key {prefix}…',
  'key rotated': 'Rotated key {prefix}…',
  'key paused': 'Paused key {prefix}…',
  'key resumed': 'Resumed key {prefix}…',
  'key removed': 'Removed key {prefix}…',
  'key restored': 'Undid the removal of key {prefix}…',
  'key leaked': 'Reported leaked key {prefix}…',
  'leak dismissed': 'Dismissed the report of key {prefix}…',
  'password changed': 'Password changed',
  'two-factor enabled': 'Two-factor authentication enabled',
  'two-factor disabled': 'Two-factor authentication disabled',
  'scratch codes created': 'New scratch codes created',
  'scratch code used': 'Scratch code used',
  'failed code': 'Right password, wrong authentication code',
  'signed out': 'Signed out one session',
  'signed out elsewhere': 'Signed out everywhere else',
  'device forgotten': 'Forgot a device',
  'device failed': 'Forgot a device after too many wrong passwords',
  'oldest sessions ended': 'Signed out the oldest sessions, since there were too many',
  'user added': 'Account created',
  'user disabled': 'Account disabled',
  'user enabled': 'Account enabled',
  'permissions changed': 'Permissions changed',
} as const;

export type EventKind = keyof typeof eventKinds;

/**
 * The details of an event: label and prefix of a key, before and after of a change, number and network of
 * refused attempts.
 */
export interface EventDetails {
  label?: string;
  prefix?: string;
  before?: string[];
  after?: string[];
  /** What was changed of a key. */
  edits?: KeyEdits;
  /** The prefix of the key that replaces another one, and how long both work; null: no end. */
  successor?: string;
  overlapHours?: number | null;
  /** How long a pause lasts; absent: until the key is resumed. */
  minutes?: number;
  /** Whether a key was removed because it may have leaked. */
  leaked?: boolean;
  count?: number;
  /** CIDR; absent where the address is unknown. */
  network?: string;
}

/** Times are ISO 8601 in UTC, or `never`. */
export interface KeyEdits {
  label?: Edit;
  note?: Edit;
  expires?: Edit;
}

interface Edit {
  before: string;
  after: string;
}
