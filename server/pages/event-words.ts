import type { Activity } from '../../db/events.ts';

/** What happened, in the words of the page. */
export function describe({ kind, keyPrefix }: Activity): string {
  if (kind === 'key made') return `Key ${keyPrefix}… made`;
  if (kind === 'key removed') return `Key ${keyPrefix}… removed`;
  return words[kind];
}

const words = {
  'log in': 'Log in',
  'failed log in': 'Failed log in',
  authenticated: 'Authenticated',
  'failed authentication': 'Failed to authenticate',
  'log out': 'Log out',
  'password changed': 'Password changed',
  'signed out': 'Signed out one session',
  'signed out elsewhere': 'Signed out everywhere else',
  'user added': 'Account made',
  'user disabled': 'Account disabled',
  'user enabled': 'Account enabled',
  'permissions changed': 'Permissions changed',
} as const;
