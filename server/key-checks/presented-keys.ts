import type { IncomingMessage } from 'node:http';

/** The longest text that is searched for a key: room for Basic, with a user name before the key. */
const MAX_LENGTH = 1_024;

/**
 * A key without the white space around it, such as the line break at the end of a file with a key. A
 * text that is too long to be a key is returned as it is.
 */
export function trimKey(text: string): string {
  return text.length > MAX_LENGTH ? text : text.trim();
}

/**
 * The keys that the headers of a request present, each once, well-formed or not:
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
  if (header === 'x-api-key' || value.length > MAX_LENGTH) return trimKey(value);
  const [, scheme, credentials = ''] = /^(bearer|basic) +(.*)$/i.exec(value) ?? [];
  return scheme?.toLowerCase() === 'basic' ? keyInBasic(credentials) : trimKey(credentials);
}

function keyInBasic(credentials: string): string {
  const [, user = '', password = ''] =
    /^([^:]*):?(.*)$/s.exec(Buffer.from(credentials, 'base64').toString()) ?? [];
  return trimKey(password) || trimKey(user);
}
