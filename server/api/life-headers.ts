import type { Verdict } from '../key-checks/check.ts';

/**
 * What a program should know of the life of its key: `Sunset` (RFC 8594), when a key that passes will soon
 * stop working; `Retry-After`, in seconds, when a paused key resumes by itself.
 */
export function lifeHeaders(verdict: Verdict): [string, string][] {
  if (!verdict.key) {
    const { retryAfterSeconds } = verdict;
    return retryAfterSeconds ? [['Retry-After', String(retryAfterSeconds)]] : [];
  }
  const { endsSoon, expiresAt } = verdict.key;
  return endsSoon && expiresAt ? [['Sunset', expiresAt.toUTCString()]] : [];
}
