import type { ApiKey } from '../../db/api-keys/list.ts';
import type { RemovalFacts } from '../../db/api-keys/removal-facts.ts';
import { ago, minute, timeLeft } from './dates.ts';
import { describeLateUse } from './ended-key-words.ts';

/** What the page that asks whether to remove a key says about it. */
export interface BeforeRemoval {
  /** `Never used.` */
  use: string;
  /** What may break. */
  warnings: string[];
}

/** @param facts undefined where nothing is known beside the key itself */
export function describeBeforeRemoval(
  key: ApiKey,
  facts: RemovalFacts | undefined,
  timeZone: string,
): BeforeRemoval {
  const { lastUsedAt, lastUsedIp, readAt } = key;
  const use = lastUsedAt
    ? `Last used ${ago(lastUsedAt, readAt, timeZone)} from ${lastUsedIp ?? 'an unknown address'}.`
    : 'Never used.';
  if (!facts) return { use, warnings: [] };
  const isInUse = facts.isInUse && !key.expired;
  const isTried = key.paused && key.lateUsedAt !== null;
  const warnings = [
    isInUse ? 'This key is in use: what uses it will stop working.' : '',
    isTried ? `It is paused. ${describeLateUse(key, timeZone)}` : '',
    describeReplaced(facts, readAt, timeZone),
  ];
  return { use, warnings: warnings.filter((text) => text !== '') };
}

function describeReplaced(facts: RemovalFacts, now: Date, timeZone: string): string {
  const { replacedPrefix, replacedExpiresAt } = facts;
  if (replacedPrefix === null) return '';
  const old = `The key that it has replaced, ${replacedPrefix}…,`;
  if (!replacedExpiresAt) return `${old} does not end by itself.`;
  const left = timeLeft(replacedExpiresAt, now, timeZone).replace(/^L/, 'l');
  return `${old} ends in ${left}, at ${minute(replacedExpiresAt, timeZone)}.`;
}
