import type { IncomingMessage } from 'node:http';

/** Of a header with a key in it: room for one in Basic, with a user name before it. */
const MAX_LENGTH = 1_024;

/**
 * The keys that the headers of a request present, each once, whatever they look like:
 * `Authorization: Bearer <key>` (RFC 6750), Basic (RFC 7617) with the key as the password, or as
 * the user name where there is no password, and `X-API-Key`.
 */
export function presentedKeys({ rawHeaders }: IncomingMessage): Set<string> {
  const keys = new Set<string>();
  // Node's `headers` would keep the first of two `Authorization`s, and hide the other.
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const value = rawHeaders[at + 1] ?? '';
    const key = keyIn(rawHeaders[at]?.toLowerCase(), value);
    if (key !== '') keys.add(key);
  }
  return keys;
}

function keyIn(header: string | undefined, value: string): string {
  if (header !== 'x-api-key' && header !== 'authorization') return '';
  // Too long for any key, so it is an unknown one, however it is written.
  if (header === 'x-api-key' || value.length > MAX_LENGTH) return value;
  const [, scheme, credentials = ''] = /^(bearer|basic) +(.*)$/i.exec(value) ?? [];
  return scheme?.toLowerCase() === 'basic' ? keyInBasic(credentials) : credentials;
}

function keyInBasic(credentials: string): string {
  const [, user = '', password = ''] =
    /^([^:]*):?(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
  return password || user;
}
