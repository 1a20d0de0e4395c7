// Owners create, remove, restore, pause, resume and rotate keys during faults, and record what the app
// has acknowledged.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type Database, openDatabase } from '../../db/database.ts';
import { addUser } from '../../server/testing/users.ts';
import { Visitor } from '../../server/testing/visitor.ts';
import { auditKeys } from './audit.ts';

/** Well below the limit: an interrupted request may have created a key that the owner can't see. */
const MAX_KEYS = 5;

/** A post of the form that rotates a key. */
interface Rotation {
  id: string;
  requestId: string;
  /** Hours; 0: the old key is removed at once. */
  overlap: '0' | '24';
}

export class Owner {
  readonly visitor: Visitor;
  readonly active: string[] = [];
  readonly removed: string[] = [];
  readonly paused: string[] = [];
  /** The request ids of posts without an answer, or with one that does not contain the key. */
  readonly unansweredCreations: string[] = [];
  readonly unansweredRemovals: string[] = [];
  /** Keys whose pause, resumption or restoration had no answer. */
  readonly unansweredChanges: string[] = [];
  readonly unansweredRotations: Rotation[] = [];
  /** Keys that were neither rotated nor created by a rotation: rotating others may remove a second key. */
  readonly #rotatable = new Set<string>();
  readonly #ids = new Map<string, string>();
  #acknowledged = 0;

  constructor(visitor: Visitor) {
    this.visitor = visitor;
  }

  /** How many changes the app has acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Creates a key or removes the oldest. Returns the status; undefined if there was no answer. */
  act(): Promise<number | undefined> {
    return this.active.length < MAX_KEYS && (this.active.length < 2 || Math.random() < 0.5)
      ? this.create()
      : this.remove();
  }

  /** Makes a random change that is possible. Returns the status; undefined if there was no answer. */
  change(): Promise<number | undefined> {
    const rotatable = this.active.find((secret) => this.#rotatable.has(secret));
    const [pause, resume, restore, rotate] = [
      this.active.length > 1 &&
        this.paused.length < MAX_KEYS &&
        (() => this.#move(this.active, 'pause-selected', this.paused)),
      this.paused.length > 0 && (() => this.#move(this.paused, 'resume-selected', this.active)),
      this.removed.length > 0 && (() => this.#move(this.removed, 'undo', this.active)),
      rotatable !== undefined && (() => this.#rotate(rotatable)),
    ];
    const possible = [pause, resume, restore, rotate].filter((change) => change !== false);
    const change = possible[Math.floor(Math.random() * 2 * possible.length)];
    const isFull = this.active.length + this.paused.length >= MAX_KEYS;
    const isAdding = change === restore || change === rotate;
    return change && !(isFull && isAdding) ? change() : this.act();
  }

  async #rotate(old: string): Promise<number | undefined> {
    const overlap = Math.random() < 0.5 ? '0' : '24';
    const rotation = { id: this.idOf(old), requestId: randomUUID(), overlap } as const;
    this.#rotatable.delete(old);
    // Until there is an answer, it is unknown whether the old key still works.
    this.active.splice(this.active.indexOf(old), 1);
    const answer = await postRotation(this.visitor, rotation).catch(() => undefined);
    const secret = findSecret(answer?.body ?? '');
    if (secret === undefined) {
      this.unansweredRotations.push(rotation);
      this.unansweredChanges.push(old);
    } else {
      this.#ids.set(secret, findRotatedId(answer?.body ?? ''));
      this.active.push(secret);
      (overlap === '0' ? this.removed : this.active).push(old);
      this.#acknowledged++;
    }
    return answer?.status;
  }

  async #move(from: string[], action: string, to: string[]): Promise<number | undefined> {
    const secret = from.shift() ?? '';
    const answer = await postSelected(this.visitor, action, this.idOf(secret)).catch(
      () => undefined,
    );
    if (answer?.status === 303) {
      to.push(secret);
      this.#acknowledged++;
    } else {
      this.unansweredChanges.push(secret);
    }
    return answer?.status;
  }

  /** The id of an acknowledged key in the forms of the page. */
  idOf(secret: string): string {
    return this.#ids.get(secret) ?? '';
  }

  async create(requestId: string = randomUUID()): Promise<number | undefined> {
    const answer = await postKey(this.visitor, requestId).catch(() => undefined);
    const secret = findSecret(answer?.body ?? '');
    if (secret === undefined) this.unansweredCreations.push(requestId);
    else {
      this.active.push(secret);
      this.#rotatable.add(secret);
      this.#ids.set(secret, findId(answer?.body ?? '', secret));
      this.#acknowledged++;
    }
    return answer?.status;
  }

  async remove(): Promise<number | undefined> {
    const secret = this.active.shift();
    if (secret === undefined) return undefined;
    const answer = await removeKey(this.visitor, secret).catch(() => undefined);
    if (answer?.status === 204) {
      this.removed.push(secret);
      this.#acknowledged++;
    } else {
      this.unansweredRemovals.push(secret);
    }
    return answer?.status;
  }
}

/** Adds users, and logs in and authenticates each of them at the app at `origin`. */
export async function signInOwners(db: Database, origin: string, names: string[]) {
  return Promise.all(
    names.map(async (name) => {
      await addUser(db, name);
      const visitor = new Visitor(origin);
      assert.equal((await visitor.logIn(name)).status, 303);
      assert.equal((await visitor.authenticate()).status, 303);
      return new Owner(visitor);
    }),
  );
}

/** The result of a gateway check of a key: `204`, `401 removed`, … */
export async function check(origin: string, secret: string): Promise<string> {
  const { status, headers } = await fetch(`${origin}/auth/verify`, { headers: bearer(secret) });
  return `${status} ${headers.get('x-auth-reason') ?? ''}`.trim();
}

/** Asserts that acknowledged changes hold: created keys pass, removed and paused keys are refused. */
export async function assertKept(origin: string, owners: Owner[]): Promise<void> {
  const each = (secrets: string[], verdict: string) =>
    Promise.all(secrets.map(async (secret) => assert.equal(await check(origin, secret), verdict)));
  for (const { active, paused, removed } of owners) {
    await each(active, '204');
    await each(paused, '401 paused');
    await each(removed, '401 removed');
  }
}

/**
 * Repeats the posts that had no answer, and then checks the tables: each post has created one key,
 * and every key is complete and has its events.
 */
export async function assertComplete(url: string, owners: Owner[]): Promise<void> {
  await assertCompleteIn(owners, () => openDatabase({ url }));
}

/** The same as assertComplete, in a database that is opened after the app has answered. */
export async function assertCompleteIn(
  owners: Owner[],
  open: () => Promise<Database>,
): Promise<void> {
  const created = await Promise.all(owners.map(repeatUnanswered));
  const keys = created.reduce((sum, count) => sum + count, 0);
  const db = await open();
  assert.deepEqual(await auditKeys(db).finally(() => db.destroy()), { keys, broken: 0 });
}

/** Returns how many keys the owner must have in the database, removed ones included. */
async function repeatUnanswered(owner: Owner): Promise<number> {
  const { visitor, active, paused, removed, unansweredCreations } = owner;
  const { unansweredRemovals, unansweredChanges, unansweredRotations } = owner;
  for (const rotation of unansweredRotations) {
    const { status } = await postRotation(visitor, rotation);
    assert.ok(status === 200 || status === 303, `a repeated rotation was answered ${status}`);
  }
  for (const secret of [...paused, ...unansweredChanges]) {
    await postSelected(visitor, 'resume-selected', owner.idOf(secret));
  }
  // First, so that a repeated post does not reach the limit of keys.
  const others = [...paused.splice(0), ...unansweredChanges, ...unansweredRemovals];
  for (const secret of [...active, ...others]) await removeKey(visitor, secret);
  for (const requestId of unansweredCreations) {
    const { status, body } = await postKey(visitor, requestId);
    assert.ok(status === 200 || status === 303, `a repeated post was answered ${status}`);
    const secret = findSecret(body);
    if (secret !== undefined) await removeKey(visitor, secret);
  }
  removed.push(...active.splice(0));
  return removed.length + others.length + unansweredCreations.length + unansweredRotations.length;
}

/** Removes on the page the keys whose creation was never acknowledged. */
export async function removeUnacknowledgedKeys({ visitor, active }: Owner): Promise<void> {
  const { body } = await visitor.get('/profile/api-keys');
  const acknowledged = new Set(active.map((secret) => secret.slice(0, 16)));
  for (const [, id, prefix = ''] of body.matchAll(/id="key-(\d+)">(\w{16})…/g)) {
    if (acknowledged.has(prefix)) continue;
    assert.equal((await visitor.post(`/profile/api-keys/${id}/remove`)).status, 303);
  }
}

export function bearer(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}

function postKey(visitor: Visitor, requestId: string) {
  const fields = { label: '', expires: 'never', request_id: requestId };
  return visitor.post('/profile/api-keys', fields);
}

function postRotation(visitor: Visitor, { id, requestId, overlap }: Rotation) {
  const fields = { new_expires: 'never', overlap, request_id: requestId };
  return visitor.post(`/profile/api-keys/${id}/rotate`, fields);
}

/** Posts a form of the page about one key: `pause-selected`, `resume-selected` or `undo`. */
function postSelected(visitor: Visitor, action: string, id: string) {
  return visitor.post(`/profile/api-keys/${action}`, { [`key-${id}`]: 'on' });
}

function removeKey({ origin }: Visitor, secret: string): Promise<Response> {
  return fetch(`${origin}/api/key`, { method: 'DELETE', headers: bearer(secret) });
}

function findSecret(body: string): string | undefined {
  return /data-secret>([0-9A-Za-z]{64})</.exec(body)?.[1];
}

function findRotatedId(body: string): string {
  const id = /api-keys\/(\d+)\/remove/.exec(body)?.[1];
  assert.ok(id, 'the page of a rotated key has no link to remove it');
  return id;
}

function findId(body: string, secret: string): string {
  const id = new RegExp(`id="key-(\\d+)">${secret.slice(0, 16)}`).exec(body)?.[1];
  assert.ok(id, 'a created key is not in the list');
  return id;
}
