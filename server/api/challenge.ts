import type { Refusal } from '../key-checks/check.ts';

/** The `WWW-Authenticate` of a 401 (RFC 6750, section 3): no error code where no key was sent. */
export function challenge(refused: Refusal): string {
  if (refused.refusal === 'missing') return 'Bearer realm="api"';
  const error = refused.refusal === 'ambiguous' ? 'invalid_request' : 'invalid_token';
  return `Bearer realm="api", error="${error}", error_description="${explain(refused)}"`;
}

/** The `WWW-Authenticate` of a 403: the key is valid, but its user lacks a permission. */
export function insufficientScope(permissions: string[]): string {
  const scope = permissions.length === 0 ? '' : `, scope="${permissions.join(' ')}"`;
  return `Bearer realm="api", error="insufficient_scope"${scope}`;
}

/** Why a key is refused, in a sentence. */
export function explain({ refusal, expiredAt }: Refusal): string {
  if (refusal === 'expired') return `The key expired at ${expiredAt?.toISOString()}.`;
  return sentences[refusal];
}

const sentences = {
  missing: 'A key is needed.',
  ambiguous: 'Send one key, in one header, and none in the URL.',
  unknown: 'There is no such key.',
  removed: 'The key was removed.',
  disabled: 'The user of the key is disabled.',
  paused: 'The key is paused.',
} as const;
