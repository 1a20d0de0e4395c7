import type { ColumnType, Generated } from 'kysely';
import type { EventDetails } from './event-kinds.ts';

/** The tables as the migrations leave them. Column names are snake_case, as in SQL. */
export interface Schema {
  users: UsersTable;
  sessions: SessionsTable;
  api_keys: ApiKeysTable;
  events: EventsTable;
  throttle: ThrottleTable;
  installation: InstallationTable;
  known_addresses: KnownAddressesTable;
  key_addresses: KeyAddressesTable;
  two_factor: TwoFactorTable;
  pending_two_factor: PendingTwoFactorTable;
  scratch_codes: ScratchCodesTable;
  devices: DevicesTable;
}

interface UsersTable {
  id: Generated<number>;
  username: string;
  email: string | null;
  password_digest: string;
  time_zone: Generated<string>;
  permissions: Generated<string[]>;
  log_in_at: Date | null;
  log_in_ip: string | null;
  previous_log_in_at: Date | null;
  previous_log_in_ip: string | null;
  disabled_at: Date | null;
  /** When a temporary password stops working; null for one that is not temporary. */
  password_lapses_at: Date | null;
  created_at: Generated<Date>;
}

interface SessionsTable {
  id: Generated<number>;
  digest: Buffer;
  user_id: number | null;
  csrf_secret: string;
  created_at: Generated<Date>;
  seen_at: Generated<Date>;
  authenticated_at: Date | null;
  expires_at: Date;
  ended_at: Date | null;
  ip: string | null;
  user_agent: string | null;
  /** The user whose password was right while the code is still missing; user_id is null then. */
  pending_user_id: number | null;
  /** SHA-256 of that user's password digest at the time. */
  pending_password_sha256: Buffer | null;
  /** When a code of two-factor authentication was last accepted in this session. */
  code_accepted_at: Date | null;
  /** The device may have been forgotten since; null where an earlier version began the session. */
  device_id: number | null;
}

interface ApiKeysTable {
  id: Generated<number>;
  user_id: number;
  label: string;
  prefix: string;
  /** Null where an earlier version forgot it, 90 days after removal. */
  digest: Buffer | null;
  request_id: string;
  created_at: Generated<Date>;
  created_ip: string | null;
  created_via: ColumnType<CreatedVia>;
  expires_at: Date | null;
  last_used_at: Date | null;
  last_used_ip: string | null;
  last_used_agent: string | null;
  removed_at: Date | null;
  /** Also null if an earlier version, or a report of a leak, removed the key. */
  removed_via: RemovedVia | null;
  note: Generated<string>;
  /** The key that this one replaces; its row may have been deleted since. */
  replaces_id: number | null;
  /**
   * How long the replaced key works after the first use of this key. 0: it was removed when this key was
   * created; null: until its owner removes it.
   */
  overlap_hours: number | null;
  /** When the key that replaces this key was first used; the overlap begins then. */
  replaced_at: Date | null;
  /** In the past: not paused any more. `infinity` (which is no Date): until resumed. */
  paused_until: ColumnType<never, never, string | null>;
  /** When a removed key was reported as leaked. */
  leaked_at: Date | null;
  /** When its owner dismissed the warning about that. */
  leak_seen_at: Date | null;
  /** The latest check after the key's end or since its pause began, and how many there were. */
  late_used_at: Date | null;
  late_used_ip: string | null;
  late_used_agent: string | null;
  late_use_count: Generated<number>;
}

interface EventsTable {
  id: Generated<number>;
  at: Generated<Date>;
  /** An EventKind, or one that only a later version of this program knows. */
  kind: string;
  user_id: number | null;
  /** The key may have been deleted since; label and prefix are in the details. */
  key_id: number | null;
  ip: string | null;
  user_agent: string;
  /** A device of the user; it may have been forgotten since. */
  device_id: number | null;
  details: Generated<EventDetails>;
}

/** The rate limit's counts. The table keeps its first name, so that two versions can share it. */
interface ThrottleTable {
  subject: Buffer;
  failures: number;
  open_at: Date;
  updated_at: Generated<Date>;
}

/** One row. */
interface InstallationTable {
  id: string;
}

interface KnownAddressesTable {
  user_id: number;
  /** An IPv4 address, or the /64 of an IPv6 address, as CIDR. */
  network: string;
  last_used_at: Generated<Date>;
}

interface KeyAddressesTable {
  key_id: number;
  /** An IPv4 address, or the /64 of an IPv6 address, as CIDR. */
  network: string;
  last_used_at: Generated<Date>;
}

/** The users who have enabled two-factor authentication. */
interface TwoFactorTable {
  user_id: number;
  /** Encrypted: server/auth/two-factor/encryption.ts. */
  secret: Buffer;
  /** The time step (RFC 6238) of the last code that was accepted. */
  last_step: number;
  enabled_at: Generated<Date>;
}

/** Secrets that wait for a first code. */
interface PendingTwoFactorTable {
  user_id: number;
  secret: Buffer;
  created_at: Generated<Date>;
}

interface ScratchCodesTable {
  user_id: number;
  /** SHA-256. */
  digest: Buffer;
}

interface DevicesTable {
  id: Generated<number>;
  user_id: number;
  /** SHA-256 of the value in the cookie. */
  digest: Buffer;
  /** The last log in. */
  logged_in_at: Generated<Date>;
  ip: string | null;
  user_agent: string;
  /** Wrong passwords in a row. */
  failures: Generated<number>;
  /** Null: it was never trusted, or is no longer trusted. */
  trusted_until: Date | null;
}

/** Where a key was created, in the words that the page shows. */
export type CreatedVia = 'Linode Manager' | 'API';

/** Who removed a key: its owner on the page, the key itself, or the operator by a command. */
export type RemovedVia = 'Linode Manager' | 'API' | 'operator';
