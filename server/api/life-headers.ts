import type { Verdict } from '../key-checks/check.ts';

/**
 * What a program should know about the end of its key or its pause: `Sunset` (RFC 8594), where a key that
 * passes stops working soon; `Retry-After`, in seconds, where a paused key resumes by itself.
 */
export function lifeHeaders(verdict: Verdict): [string, string][] {
  if (!verdict.key) {
    const { retryAfterSeconds } = verdict;
    return retryAfterSeconds ? [['Retry-After', String(retryAfterSeconds)]] : [];
  }
  const { endsSoon, expiresAt } = verdict.key;
  return endsSoon && expiresAt ? [['Sunset', expiresAt.toUTCString()]] : [];
}
