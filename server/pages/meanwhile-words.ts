import type { Meanwhile, MeanwhileKind } from '../../db/meanwhile.ts';
import { count } from './dates.ts';

/** `3 keys were created`, `Your password was changed 2 times`: what happened, and how often. */
export function describeMeanwhile({ kind, count, isAtLeast }: Meanwhile): string {
  const text = sentences[kind](count);
  return isAtLeast ? `${text} or more` : text;
}

const sentences: Record<MeanwhileKind, (times: number) => string> = {
  'failed code': (times) => `Someone who knows your password failed at the code${repeated(times)}`,
  'device failed': (times) => `${were(times, 'device')} forgotten after too many wrong passwords`,
  'failed log in': (times) => failed(times, 'login'),
  'failed authentication': (times) => failed(times, 're-authentication'),
  'rate limited': (times) => `${were(times, 'attempt')} refused by the rate limit`,
  'password changed': (times) => `Your password was changed${repeated(times)}`,
  'two-factor enabled': (times) => `Two-factor authentication was enabled${repeated(times)}`,
  'two-factor disabled': (times) => `Two-factor authentication was disabled${repeated(times)}`,
  'scratch codes created': (times) => `New scratch codes were created${repeated(times)}`,
  'scratch code used': (times) => `${were(times, 'scratch code')} used`,
  'key made': (times) => `${were(times, 'key')} created`,
  'key rotated': (times) => `${were(times, 'key')} rotated`,
  'key removed': (times) => `${were(times, 'key')} removed`,
  'key leaked': (times) => `${were(times, 'removed key')} reported as leaked`,
};

function failed(times: number, what: string): string {
  return `There ${times === 1 ? 'was' : 'were'} ${count(times, `failed ${what}`)}`;
}

/** `1 key was`, `2 keys were` */
function were(times: number, what: string): string {
  return `${count(times, what)} ${times === 1 ? 'was' : 'were'}`;
}

function repeated(times: number): string {
  return times === 1 ? '' : ` ${times} times`;
}
