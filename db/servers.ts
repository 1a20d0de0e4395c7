import type pg from 'pg';
import { WatchedClient } from './client.ts';
import { NoServerWritable, ServerOutdated } from './errors.ts';
import { type Server, serversOf } from './postgres-url.ts';
import { type History, historyOf, writeLatest } from './timelines.ts';

/** How long a server may take to connect and to say what it is, in a search. Together 1 s. */
const CONNECTION_MS = 700;
const ANSWER_MS = 300;
/** How long after a search that found nothing the next one begins, at least. */
const PAUSE_MS = 100;

/**
 * The servers of DATABASE_URL, of which one accepts writes: which one, and the latest history that was seen.
 * All pools of a process share this. A server that was left behind by a promotion counts as
 * away: it still has the keys that were removed since.
 */
export class Servers {
  readonly #servers: Server[];
  #current: Server | undefined;
  /** Preferred among equals. */
  #lastGood: Server;
  #latest: History | undefined;
  #search: Promise<void> | undefined;
  #fruitless: { at: number; error: Error } | undefined;
  readonly #drops: (() => void)[] = [];

  /** @throws {WrongUrl} */
  constructor(url: string) {
    this.#servers = serversOf(url);
    const [first] = this.#servers;
    if (first === undefined) throw new Error('The URL names no server.');
    this.#lastGood = first;
    if (this.isOnly) this.#current = first;
  }

  /** The URL of the server that accepts writes, as far as this is known. */
  get url(): string {
    return (this.#current ?? this.#lastGood).url;
  }

  get isKnown(): boolean {
    return this.#current !== undefined;
  }

  get isOnly(): boolean {
    return this.#servers.length === 1;
  }

  /** @param drop replaces the connections of a pool, whose server may be another one now. */
  onDoubt(drop: () => void): void {
    this.#drops.push(drop);
  }

  /** After an error of a connection: replaces all connections, and finds the server again for the next. */
  doubt(): void {
    if (!this.isOnly) this.#current = undefined;
    this.#dropAll();
  }

  /**
   * Finds the server that accepts writes, if it isn't known; all callers share one search.
   *
   * @throws {NoServerWritable}
   */
  async find(): Promise<void> {
    if (this.#current !== undefined) return;
    this.#search ??= this.#findCurrent().finally(() => {
      this.#search = undefined;
    });
    await this.#search;
  }

  /**
   * Asks a new connection before its first use.
   *
   * @throws {DatabaseReadOnly}
   * @throws {ServerOutdated}
   */
  async examine(client: pg.Client): Promise<void> {
    const history = await historyOf(client);
    if (this.#isOutdated(history)) throw new ServerOutdated();
    this.#remember(history);
  }

  /** Asks all of them, since one that was left behind may also accept writes. */
  async #findCurrent(): Promise<void> {
    if (this.#fruitless && performance.now() < this.#fruitless.at + PAUSE_MS) {
      throw this.#fruitless.error;
    }
    const answers = await Promise.allSettled(this.#servers.map(ask));
    const writable = this.#servers.flatMap((server, n) => {
      const answer = answers[n];
      return answer?.status === 'fulfilled' ? [{ server, history: answer.value }] : [];
    });
    const usable = writable.filter(({ history }) => !this.#isOutdated(history));
    // At the start any system is usable: that of the first usable server.
    const ofSystem = usable.filter(({ history }) => history.system === usable[0]?.history.system);
    const timeline = Math.max(...ofSystem.map(({ history }) => history.timeline));
    const latest = ofSystem.filter(({ history }) => history.timeline === timeline);
    const found = latest.find(({ server }) => server === this.#lastGood) ?? latest[0];
    if (found) {
      this.#remember(found.history);
      this.#current = found.server;
      this.#lastGood = found.server;
    }
    for (const { server, history } of writable) this.#warn(server, history);
    if (found) return;
    const reasons = answers.map((answer, n) => {
      const reason = answer.status === 'rejected' ? answer.reason : new ServerOutdated();
      return `${this.#servers[n]?.name} (${reason.message || reason.code})`;
    });
    const error = new NoServerWritable(reasons);
    this.#fruitless = { at: performance.now(), error };
    throw error;
  }

  /** Writes the latest timeline to a server that was left behind, for instances that reach no other. */
  #warn({ url }: Server, { system, timeline }: History): void {
    if (system !== this.#latest?.system || timeline >= this.#latest.timeline) return;
    void writeLatest(url, this.#latest);
  }

  #isOutdated({ system, timeline }: History): boolean {
    if (this.#latest === undefined) return false;
    return system !== this.#latest.system || timeline < this.#latest.timeline;
  }

  #remember(history: History): void {
    const isNewer = this.#latest !== undefined && history.timeline > this.#latest.timeline;
    this.#latest = history;
    // Connections to the server before may still be open.
    if (isNewer) this.#dropAll();
  }

  #dropAll(): void {
    for (const drop of this.#drops) drop();
  }
}

async function ask({ url }: Server): Promise<History> {
  const client = new WatchedClient({
    connectionString: url,
    connectionTimeoutMillis: CONNECTION_MS,
    query_timeout: ANSWER_MS,
  });
  // Without a listener the event would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return await historyOf(client);
  } finally {
    // Not awaited: a server that says nothing does not end the connection either.
    client.end().catch(() => {});
  }
}
