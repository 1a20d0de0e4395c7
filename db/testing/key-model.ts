// The state that the keys of one user should have after each action: the table of transitions, with a clock
// that a test moves. Times are minutes.
import type { KeyStage, KeyState } from '../api-keys/state.ts';
import { UNDO_MINUTES } from '../api-keys/state.ts';
import { type KeyAction, refusalOf } from '../api-keys/transitions.ts';

export interface ModelKey {
  id: number;
  digest: Buffer;
  createdAt: number;
  /** Infinity: never. */
  expiresAt: number;
  /** Infinity: not removed. */
  removedAt: number;
  /** Infinity: until resumed. */
  pausedUntil: number;
  leaked: boolean;
  lastUsedAt: number | undefined;
  replacesId: number | undefined;
  overlapHours: number | undefined;
  isReplaced: boolean;
  lateUses: number;
  lateUsedAt: number;
}

/** A tick passes with each action, so that what happens later has a later time. */
const TICK = 0.0001;

export class KeyModel {
  now = 0;
  isDisabled = false;
  events = 0;
  keys: ModelKey[] = [];

  tick(): void {
    this.now += TICK;
  }

  stage(key: ModelKey): KeyStage {
    if (key.leaked) return 'leaked';
    if (key.removedAt !== Infinity) {
      return this.now - key.removedAt < UNDO_MINUTES ? 'undoable' : 'removed';
    }
    if (key.expiresAt <= this.now) return 'expired';
    return key.pausedUntil > this.now ? 'paused' : 'active';
  }

  /** What a check says. */
  state(key: ModelKey): KeyState {
    const stage = this.stage(key);
    if (stage === 'undoable' || stage === 'leaked' || stage === 'removed') return 'removed';
    return stage === 'expired' || !this.isDisabled ? stage : 'disabled';
  }

  /** How many late uses a key has since its end, or since its pause began. */
  lateUses(key: ModelKey): number {
    const end = Math.min(key.removedAt, key.expiresAt);
    return end <= this.now && key.lateUsedAt < end ? 0 : key.lateUses;
  }

  find(id: number | undefined): ModelKey | undefined {
    return this.keys.find((key) => key.id === id);
  }

  successor(id: number): ModelKey | undefined {
    return this.keys.find((key) => key.replacesId === id && key.removedAt === Infinity);
  }

  add(id: number, digest: Buffer, lifeMinutes = Infinity): ModelKey {
    const key = {
      ...{ id, digest, createdAt: this.now, expiresAt: this.now + lifeMinutes },
      ...{ removedAt: Infinity, pausedUntil: -Infinity, leaked: false, lastUsedAt: undefined },
      ...{ replacesId: undefined, overlapHours: undefined, isReplaced: false },
      ...{ lateUses: 0, lateUsedAt: -Infinity },
    };
    this.keys.push(key);
    this.events++;
    return key;
  }

  /** Does an action to each of these keys for which it is possible; returns the other outcomes. */
  act(action: KeyAction, keys: ModelKey[], change: (key: ModelKey) => void): string[] {
    const refusals = keys.map((key) => refusalOf(action, this.stage(key)));
    const changed = keys.filter((_, n) => refusals[n] === undefined);
    for (const key of changed) change(key);
    this.events += changed.length;
    return refusals.filter((refusal) => refusal !== undefined);
  }

  pause(keys: ModelKey[], minutes: number): string[] {
    return this.act('pause', keys, (key) => {
      if (this.stage(key) === 'active') key.lateUses = 0;
      key.pausedUntil = this.now + minutes;
    });
  }

  resume(keys: ModelKey[]): string[] {
    return this.act('resume', keys, (key) => {
      key.pausedUntil = -Infinity;
    });
  }

  remove(keys: ModelKey[], action: 'remove' | 'remove as leaked' | 'remove itself'): string[] {
    return this.act(action, keys, (key) => {
      if (key.removedAt === Infinity) key.removedAt = this.now;
      key.leaked ||= action === 'remove as leaked';
    });
  }

  undo(keys: ModelKey[]): string[] {
    const rivals = (key: ModelKey) =>
      this.keys.filter((other) => other.replacesId === key.replacesId && other !== key);
    const displaced = keys.filter((key) =>
      rivals(key).some(
        (other) => other.removedAt === Infinity || (other.id > key.id && keys.includes(other)),
      ),
    );
    return this.act('undo', keys, (key) => {
      key.removedAt = Infinity;
      if (displaced.includes(key)) key.replacesId = undefined;
    });
  }

  /** Which key a rotation replaces, and what replaces that now; or why there is no rotation. */
  rotation(key: ModelKey): { old: ModelKey; successor: ModelKey | undefined } | string {
    const refusal = refusalOf('rotate', this.stage(key));
    if (refusal) return refusal;
    const replaced = this.find(key.replacesId);
    const standsIn = replaced && key.lastUsedAt === undefined;
    if (standsIn && refusalOf('rotate', this.stage(replaced)) === undefined) {
      return { old: replaced, successor: key };
    }
    const successor = this.successor(key.id);
    return successor?.lastUsedAt === undefined ? { old: key, successor } : 'successor used';
  }

  rotate(key: ModelKey, id: number, digest: Buffer, hours: number | undefined, life: number) {
    const rotation = this.rotation(key);
    if (typeof rotation === 'string') return;
    const { old, successor } = rotation;
    const added = this.add(id, digest, life);
    this.events++;
    if (successor) this.remove([successor], 'remove');
    if (hours === 0) this.remove([old], 'remove');
    old.isReplaced = false;
    added.replacesId = old.id;
    added.overlapHours = hours;
  }

  /** Uses of keys whose checks have passed. */
  use(keys: ModelKey[]): void {
    const due = keys.filter((key) => this.now - (key.lastUsedAt ?? -Infinity) >= 1);
    for (const key of due) {
      key.lastUsedAt = this.now;
      const old = this.find(key.replacesId);
      if (!old || old.isReplaced || refusalOf('be replaced', this.stage(old))) continue;
      old.isReplaced = true;
      if (key.overlapHours) {
        old.expiresAt = Math.min(old.expiresAt, this.now + key.overlapHours * 60);
      }
    }
  }

  useLate(key: ModelKey): void {
    if (this.isDisabled) return;
    key.lateUses = this.lateUses(key) + 1;
    key.lateUsedAt = this.now;
  }

  sweep(days: number): void {
    this.keys = this.keys.filter(
      (key) =>
        (key.removedAt === Infinity ? key.expiresAt : key.removedAt) > this.now - days * 1_440,
    );
  }
}
