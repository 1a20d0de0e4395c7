import type { KnownKey } from '../../../db/api-keys/lookup.ts';
import type { Database } from '../../../db/database.ts';
import type { Client } from '../../../db/events.ts';
import type { Passwords } from '../../auth/passwords.ts';
import type { Given, Parameters, Takes } from './parameters.ts';

/** Something the API can do. To add one: a file like those in actions/, and a line in actions.ts. */
export type Action = OpenAction | KeyAction;

interface Described {
  /** Class and method, in small letters: `linode.list`. */
  name: string;
  description: string;
  takes: Takes;
  /** Whether it changes anything. Then it is refused to pages of other sites, also by GET. */
  changes?: true;
  /** The faults that the original's `api.spec` named for it. */
  throws?: readonly string[];
}

/** For anybody, whatever key they send. */
export interface OpenAction extends Described {
  needs: 'nothing';
  /** Returns DATA, its keys in capitals, or throws an ApiError. */
  answer(call: Call): unknown;
}

/** For whoever has a key, or a key whose user has a permission now. */
export interface KeyAction extends Described {
  needs: 'a key' | { permission: string };
  /** Returns DATA, its keys in capitals, or throws an ApiError. */
  answer(call: Call & { key: KnownKey }): unknown;
}

/** A request, and what is there to answer it with. */
export interface Asked {
  db: Database;
  passwords: Passwords;
  actions: readonly Action[];
  /** The key that it came with, or an ApiError. */
  authenticate(): Promise<KnownKey>;
  client(): Client;
  /** Whether a page of another site sent it. */
  isCrossSite(): boolean;
}

/** One call of an action. */
export interface Call extends Asked {
  /** What the action takes, checked. */
  given: Given;
  /** All that was sent. */
  parameters: Parameters;
}
