// The state of a key and of its rotation, in sentences.
import type { KeyDetails } from '../../db/api-keys/details.ts';
import type { ApiKey } from '../../db/api-keys/list.ts';
import type { Rotation, RotationKey } from '../../db/api-keys/rotations.ts';
import { spanOf } from '../api-keys/overlap.ts';
import { ago, minute } from './dates.ts';
import { describeEnd, describeLateUse } from './ended-key-words.ts';

/** A sentence in which a part may be a link to another key. */
export interface Sentence {
  before: string;
  link?: { url: string; text: string };
  after?: string;
}

/** Last uses are accurate to a minute, so the order of times that are closer together is unknown. */
const PRECISION_MS = 60_000;

/** `Active.`, `Paused until 2014-02-13 07:42.`, `Removed 3 days ago by you.`; and who still tries the key. */
export function describeState(key: KeyDetails, timeZone: string): string[] {
  const state = stateOf(key, timeZone);
  const lateUse = describeLateUse(key, timeZone);
  if (!lateUse) return [state];
  if (key.stage !== 'active') return [state, lateUse];
  return [state, `While it was paused: ${lateUse.replace(/^L/, 'l')}`];
}

function stateOf(key: KeyDetails, timeZone: string): string {
  if (key.stage === 'active') return 'Active.';
  if (key.stage === 'paused') return pauseOf(key, timeZone);
  const endedAt = key.removedAt ?? key.expiresAt ?? key.readAt;
  const [removed, leaked] = [key.removedAt !== null, key.stage === 'leaked'];
  return describeEnd({ ...key, endedAt, removed, leaked }, timeZone);
}

/** `Paused until 2014-02-13 07:42.`, and who tries the key meanwhile. Empty for a key that is not paused. */
export function describePause(key: ApiKey, timeZone: string): Sentence[] {
  if (!key.paused) return [];
  const lateUse = describeLateUse(key, timeZone);
  return [{ before: pauseOf(key, timeZone) }, ...(lateUse ? [{ before: lateUse }] : [])];
}

function pauseOf({ pausedUntil }: ApiKey, timeZone: string): string {
  return `Paused until ${pausedUntil ? minute(pausedUntil, timeZone) : 'you resume it'}.`;
}

/** How the keys of a rotation belong together, for the page or the row of one of them. */
export function describeRotation(
  { key, predecessor, successor }: Rotation,
  readAt: Date,
  timeZone: string,
): Sentence[] {
  const words = { readAt, timeZone };
  return [
    ...(predecessor ? describePredecessor(predecessor, key, words) : []),
    ...(successor ? describeSuccessor(key, successor, words) : []),
  ];
}

/** `The first call with this key, also a trial, starts the 24 hours.`; undefined where it starts nothing. */
export function describeStart({ overlap }: Pick<KeyDetails, 'overlap'>): string | undefined {
  const span = spanOf(overlap);
  return span && `The first call with this key, also a trial, starts ${span}.`;
}

interface Words {
  readAt: Date;
  timeZone: string;
}

function describePredecessor(old: RotationKey, successor: RotationKey, words: Words): Sentence[] {
  const isUsed = successor.lastUsedAt !== null;
  const other = { ...words, key: old, name: 'The old key' };
  return [...belonging('Replaces ', other, endOf(old, isUsed)), ...quietness(old, words)];
}

function describeSuccessor(old: RotationKey, successor: RotationKey, words: Words): Sentence[] {
  if (!successor.lastUsedAt) {
    const link = { ...linkTo(successor), text: 'the new key' };
    return [{ before: 'Not replaced yet: ', link, after: ' has not been used.' }];
  }
  const other = { ...words, key: successor, name: 'The new key' };
  return [...belonging('Replaced by ', other, endOf(old, true)), ...quietness(old, words)];
}

interface Other extends Words {
  key: RotationKey;
  name: string;
}

/** The other key of a rotation with its last use, and the end of the old one. */
function belonging(before: string, other: Other, end: Date | string | undefined): Sentence[] {
  const { key, name, readAt, timeZone } = other;
  const link = linkTo(key);
  if (typeof end === 'string') return [{ before, link, after: end }];
  const used = key.lastUsedAt ? `last used ${ago(key.lastUsedAt, readAt, timeZone)}` : 'never used';
  if (!end) return [{ before, link, after: `, ${used}.` }];
  return [
    { before, link, after: `: ends ${minute(end, timeZone)}.` },
    { before: `${name} was ${used}.` },
  ];
}

/** When the old key ends, as far as the rotation decides it; or how it has ended, in words. */
function endOf({ stage, expiresAt }: RotationKey, isReplaced: boolean) {
  if (stage === 'expired') return ', which has expired.';
  if (stage !== 'active' && stage !== 'paused') return ', which was removed.';
  return isReplaced ? (expiresAt ?? undefined) : undefined;
}

function quietness({ lastUsedAt, replacedAt }: RotationKey, words: Words): Sentence[] {
  if (!replacedAt) return [];
  const isQuiet = !lastUsedAt || replacedAt.getTime() - lastUsedAt.getTime() > PRECISION_MS;
  if (!isQuiet) return [];
  const when = ago(replacedAt, words.readAt, words.timeZone);
  const text = `The old key has not been used since the new one was first used, ${when}.`;
  return [{ before: text }];
}

function linkTo({ id, prefix }: RotationKey) {
  return { url: `/profile/api-keys/${id}`, text: `${prefix}…` };
}
