import type { EndedKey } from '../../db/api-keys/ended.ts';
import type { RemovedVia } from '../../db/schema.ts';
import { ago } from './dates.ts';
import { program } from './program-name.ts';

const removers = {
  'Linode Manager': ' by you',
  API: ' by the key itself',
  operator: ' by the operator',
} as const satisfies Record<RemovedVia, string>;

type Ended = Pick<EndedKey, 'endedAt' | 'readAt' | 'removed' | 'removedVia' | 'leaked'> &
  Partial<Pick<EndedKey, 'removedIp'>>;

/** `Removed 3 days ago by you.` */
export function describeEnd(key: Ended, timeZone: string): string {
  const when = ago(key.endedAt, key.readAt, timeZone);
  if (!key.removed) return `Expired ${when}.`;
  const by = key.removedVia ? removers[key.removedVia] : '';
  const from = key.removedVia === 'API' && key.removedIp ? `, from ${key.removedIp}` : '';
  return `Removed ${when}${by}${from}.${key.leaked ? ' Reported as leaked.' : ''}`;
}

type LateUsed = Pick<
  EndedKey,
  'lateUsedAt' | 'lateUsedIp' | 'lateUsedAgent' | 'lateUseCount' | 'readAt'
> &
  Partial<Pick<EndedKey, 'stillTried'>>;

/**
 * Who tries a key that has ended or is paused: `Still being tried: last 4 minutes ago from 10.0.0.12 (curl
 * 8.5), at least 212 times.` Empty where no check of it is known.
 */
export function describeLateUse(key: LateUsed, timeZone: string): string {
  if (!key.lateUsedAt) return '';
  const start = key.stillTried ? 'Still being tried: last' : 'Last tried';
  const when = ago(key.lateUsedAt, key.readAt, timeZone);
  const from = `${key.lateUsedIp ?? 'an unknown address'} (${program(key.lateUsedAgent ?? '')})`;
  const count = key.lateUseCount === 1 ? 'once' : `${key.lateUseCount.toLocaleString('en')} times`;
  return `${start} ${when} from ${from}, at least ${count}.`;
}
