import type { KnownKey } from '../../../db/api-keys/lookup.ts';
import type { Database } from '../../../db/database.ts';
import type { Client } from '../../../db/events.ts';
import type { StepPolicy } from '../../auth/due-step.ts';
import type { Passwords } from '../../auth/passwords.ts';
import type { Encryption } from '../../auth/two-factor/encryption.ts';
import type { Given, Parameters, Takes } from './parameters.ts';

/** An action of the API. To add one, add a file to actions/ and a line to actions.ts. */
export type Action = OpenAction | KeyAction;

interface Described {
  /** Class and method, in lower case: `linode.list`. */
  name: string;
  description: string;
  takes: Takes;
  /** Whether it changes anything. Then it is refused to pages of other sites, also by GET. */
  changes?: true;
  /** The faults that the original's `api.spec` named for it. */
  throws?: readonly string[];
}

/** Needs no key; one that is sent is ignored. */
export interface OpenAction extends Described {
  needs: 'nothing';
  /** Returns DATA, its keys in capitals, or throws an ApiError. */
  answer(call: Call): unknown;
}

/** Needs a key, or a key whose user currently has a permission. */
export interface KeyAction extends Described {
  needs: 'a key' | { permission: string };
  /** Returns DATA, its keys in capitals, or throws an ApiError. */
  answer(call: Call & { key: KnownKey }): unknown;
}

/** A request, and what is needed to answer it. */
export interface Asked {
  db: Database;
  passwords: Passwords;
  encryption: Encryption | undefined;
  /** Which steps a log in has, on the pages and in the API. */
  policy: StepPolicy;
  actions: readonly Action[];
  /** Returns the key of the request; rejects with an ApiError where it is refused. */
  authenticate(): Promise<KnownKey>;
  client(): Client;
  /** Whether a page of another site sent the request. */
  isCrossSite(): boolean;
}

/** One call of an action. */
interface Call extends Asked {
  /** The action's parameters, validated. */
  given: Given;
  /** All parameters that were sent. */
  parameters: Parameters;
}
