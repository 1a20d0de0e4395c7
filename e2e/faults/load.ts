import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../db/testing/until.ts';
import type { Visitor } from '../../server/testing/visitor.ts';
import { bearer, type Owner } from './ledger.ts';

type Kind = 'a good key' | 'a bad key' | 'a page' | 'a change';

interface Answer {
  kind: Kind;
  status: number;
  /** The times of performance.now(), in ms. */
  asked: number;
  answered: number;
}

/** The expected statuses, apart from 503. */
const EXPECTED: Record<Kind, number[]> = {
  'a good key': [204],
  'a bad key': [401],
  'a page': [200],
  'a change': [200, 204],
};

/** How many refusals of each kind to wait for: about two from each of the two clients that send bad keys. */
const REFUSALS = 4;

interface Asked {
  origin: string;
  good: string;
  bad: string[];
  visitor: Visitor;
  writers: Owner[];
}

/** Sends requests of all kinds to an app continuously, and records each answer. */
export class Load {
  readonly kinds: Kind[] = ['a good key', 'a bad key', 'a page', 'a change'];
  readonly #asked: Asked;
  #answers: Answer[] = [];
  #isStopped = true;
  #busy: Promise<void>[] = [];
  #wrong: unknown;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  /** Resolves when each kind has succeeded once. The other methods throw the first wrong answer. */
  async start(): Promise<void> {
    const { origin, good, bad, visitor, writers } = this.#asked;
    const check = async (secret: string) => {
      const answer = await fetch(`${origin}/auth/verify`, { headers: bearer(secret) });
      return answer.status;
    };
    const page = async () => (await visitor.get('/profile/api-keys')).status;
    this.#answers = [];
    this.#wrong = undefined;
    this.#isStopped = false;
    this.#busy = [
      ...[1, 2, 3, 4].map(() => this.#keep('a good key', () => check(good))),
      ...bad.map((secret) => this.#keep('a bad key', () => check(secret))),
      ...[1, 2, 3, 4].map(() => this.#keep('a page', page)),
      ...writers.map((writer) => this.#keep('a change', async () => (await writer.act()) ?? 0)),
    ];
    await this.allWork(performance.now());
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#busy.splice(0));
    this.#assertRight();
  }

  answersTo(kind: Kind, { from, to }: { from: number; to: number }): Answer[] {
    this.#assertRight();
    return this.#answers.filter(
      (answer) => answer.kind === kind && answer.asked >= from && answer.answered <= to,
    );
  }

  /** The longest time to an answer so far, in ms. */
  get longest(): number {
    return Math.round(Math.max(...this.#answers.map(({ asked, answered }) => answered - asked)));
  }

  /** Waits until each kind has succeeded, and returns how many ms after `since` that was. */
  async allWork(since: number): Promise<number> {
    const deadline = performance.now() + 20_000;
    for (;;) {
      const first = this.kinds.map((kind) =>
        this.#answers.find(
          (answer) =>
            answer.kind === kind &&
            answer.answered > since &&
            EXPECTED[kind].includes(answer.status),
        ),
      );
      this.#assertRight();
      const times = first.map((answer) => answer && answer.answered - since);
      if (times.every((time) => time !== undefined)) return Math.round(Math.max(...times));
      assert.ok(performance.now() < deadline, `not back: ${this.kinds} after ${times}`);
      await sleep(20);
    }
  }

  /** Waits until requests of each kind sent after `since` were refused several times; throws otherwise. */
  async allRefused(since: number): Promise<void> {
    const statuses = (kind: Kind) =>
      this.answersTo(kind, { from: since, to: performance.now() }).map(({ status }) => status);
    await until('all requests are refused', async () =>
      this.kinds.every((kind) => statuses(kind).length >= REFUSALS),
    );
    for (const kind of this.kinds) assert.deepEqual(new Set(statuses(kind)), new Set([503]), kind);
  }

  #assertRight(): void {
    if (this.#wrong !== undefined) throw this.#wrong;
  }

  async #keep(kind: Kind, ask: () => Promise<number>): Promise<void> {
    while (!this.#isStopped && this.#wrong === undefined) {
      const asked = performance.now();
      let status = 0;
      try {
        status = await ask();
        this.#answers.push({ kind, status, asked, answered: performance.now() });
        assert.ok(
          status === 503 || EXPECTED[kind].includes(status),
          `${kind} was answered ${status}`,
        );
      } catch (error) {
        this.#wrong ??= error;
      }
      // Clients wait longer after a refusal.
      await sleep(status === 503 ? 200 : 50);
    }
  }
}
