import type { Verdict } from '../key-checks/check.ts';

/**
 * What a program should know of the life of its key: `Sunset` (RFC 8594), when a key that passes will soon
 * stop working; `Retry-After`, in seconds, when a paused key resumes by itself.
 */
export function lifeHeaders({ key, ...verdict }: Verdict): [string, string][] {
  if (key) return key.endsSoon && key.expiresAt ? [['Sunset', key.expiresAt.toUTCString()]] : [];
  const seconds = 'retryAfterSeconds' in verdict ? verdict.retryAfterSeconds : undefined;
  return seconds ? [['Retry-After', String(seconds)]] : [];
}
