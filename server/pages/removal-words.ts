import type { ApiKey } from '../../db/api-keys/list.ts';
import type { RemovalFacts } from '../../db/api-keys/removal-facts.ts';
import { ago, minute, timeLeft } from './dates.ts';
import { program } from './program-name.ts';

/** What the question whether to remove a key says about it. */
export interface BeforeRemoval {
  /** `Never used.` */
  use: string;
  /** What may break. */
  warnings: string[];
}

/** @param facts absent where nothing more is known than the key itself */
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
  const warnings = [
    facts.isInUse && !key.expired && 'This key is in use: what uses it will stop working.',
    key.paused && describeAttempts(facts, readAt, timeZone),
    describeReplaced(facts, readAt, timeZone),
  ];
  return { use, warnings: warnings.filter((text) => typeof text === 'string') };
}

function describeAttempts(facts: RemovalFacts, now: Date, timeZone: string): string | undefined {
  const { lateUsedAt, lateUsedIp, lateUsedAgent, lateUseCount } = facts;
  if (!lateUsedAt) return undefined;
  const from = `${lateUsedIp ?? 'an unknown address'} (${program(lateUsedAgent ?? '')})`;
  const times = lateUseCount === 1 ? 'once' : `${lateUseCount.toLocaleString('en')} times`;
  return `It was tried while it is paused: last ${ago(lateUsedAt, now, timeZone)} from ${from}, at least ${times}.`;
}

function describeReplaced(facts: RemovalFacts, now: Date, timeZone: string): string | undefined {
  const { replacedPrefix, replacedExpiresAt } = facts;
  if (replacedPrefix === null) return undefined;
  const old = `The key that it has replaced, ${replacedPrefix}…,`;
  if (!replacedExpiresAt) return `${old} does not end by itself.`;
  const left = timeLeft(replacedExpiresAt, now, timeZone).replace(/^L/, 'l');
  return `${old} ends in ${left}, at ${minute(replacedExpiresAt, timeZone)}.`;
}
