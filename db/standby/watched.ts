import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { PLANNED_ONCE } from '../api-keys/lookup.ts';
import { OperatorError, StandbyUnusable } from '../errors.ts';
import { withTimeouts } from '../pool.ts';
import { askPrimary, askStandby, missingGrant, standbyProblem } from './state.ts';

const ASK_EVERY_MS = 1_000;
/** While the standby must not be read. */
const ASK_AGAIN_MS = 200;
/** How long the answers of the servers hold, from when they were asked. */
const HOLDS_MS = 2_000;

/** @param problem why the standby must not be read, in a sentence; undefined: it may. */
type Changed = (problem: string | undefined) => void;

/** A connection to a standby, which may be read as long as the primary waits for this standby. */
export class Watched {
  readonly #primary: pg.Pool;
  readonly #url: string;
  readonly #changed: Changed;
  readonly #stopping = new AbortController();
  #asking: Promise<void> | undefined;
  #client: pg.Client | undefined;
  #problem: string | undefined = 'it was not asked yet';
  /** By performance.now(). */
  #holdsUntil = Number.NEGATIVE_INFINITY;
  /** How far the primary's log was written when all was well last; undefined when it was not. */
  #position: string | undefined;

  constructor(primary: pg.Pool, url: string, changed: Changed) {
    this.#primary = primary;
    this.#url = url;
    this.#changed = changed;
  }

  /** @throws {OperatorError} where the role may not see the standbys. */
  async start(): Promise<void> {
    const primary = await askPrimary(this.#primary);
    if (!primary.seesStandbys) throw new OperatorError(`${missingGrant(primary)}.`);
    await this.#ask();
    this.#asking = this.#keepAsking();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#asking;
    this.#drop();
  }

  get isReady(): boolean {
    return this.#client !== undefined && performance.now() < this.#holdsUntil;
  }

  /**
   * Reads from the standby.
   *
   * @throws {StandbyUnusable} also where the standby must not be read any more when the answer has come: the
   *   answer may be too old.
   */
  async use<Result>(read: (client: pg.Client) => Promise<Result>): Promise<Result> {
    const client = this.#readable();
    const result = await read(client);
    if (client !== this.#readable()) throw new StandbyUnusable('its connection was replaced');
    return result;
  }

  #readable(): pg.Client {
    if (!this.#client || !this.isReady) {
      throw new StandbyUnusable(this.#problem ?? 'it was not asked for too long');
    }
    return this.#client;
  }

  async #keepAsking(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(this.isReady ? ASK_EVERY_MS : ASK_AGAIN_MS, undefined, { signal }).catch(
        () => {},
      );
      if (!signal.aborted) await this.#ask();
    }
  }

  async #ask(): Promise<void> {
    const asked = performance.now();
    const before = this.#problem;
    this.#problem = await this.#findProblem(asked).catch((error) => {
      this.#position = undefined;
      return error.message || error.code;
    });
    this.#holdsUntil = this.#problem === undefined ? asked + HOLDS_MS : Number.NEGATIVE_INFINITY;
    if (this.#problem !== before) this.#changed(this.#problem);
  }

  async #findProblem(asked: number): Promise<string | undefined> {
    const primary = await askPrimary(this.#primary);
    const client = this.#client ?? (await this.#connect());
    // The position of the previous question, if all was well: the latest changes are always on their way.
    const standby = await askStandby(client, this.#position ?? primary.position);
    const problem = standbyProblem(primary, standby, performance.now() - asked);
    this.#position = problem === undefined ? primary.position : undefined;
    if (problem !== undefined || standby.hasApplied) return problem;
    return 'it has not yet applied what the primary has written';
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      ...withTimeouts(),
      connectionString: this.#url,
      options: PLANNED_ONCE,
    });
    client.on('error', () => {
      if (client === this.#client) this.#drop();
    });
    await client.connect();
    this.#drop();
    this.#client = client;
    return client;
  }

  /** The next connection is asked before it is read. */
  #drop(): void {
    this.#holdsUntil = Number.NEGATIVE_INFINITY;
    // Not awaited: a server that says nothing does not end the connection either.
    this.#client?.end().catch(() => {});
    this.#client = undefined;
  }
}
