/**
 * Every form that has fields, by its URL: the fields it sends in addition to the CSRF token, and which
 * of them a URL may carry back to the form when it has to be sent again. Never passwords.
 */
export const forms = {
  '/login': { username: 'carried', password: 'secret', next: 'carried' },
  '/profile': { time_zone: 'carried' },
  '/profile/authenticate': { password: 'secret', next: 'carried' },
  '/profile/password': {
    current_password: 'secret',
    new_password: 'secret',
    new_password_again: 'secret',
  },
  '/profile/api-keys': { label: 'carried', expires: 'carried', request_id: 'fresh' },
  '/profile/api-keys/search': { q: 'carried' },
  '/profile/api-keys/remove-selected': { 'key-<id>': 'carried', leaked: 'carried' },
  '/profile/api-keys/pause-selected': { 'key-<id>': 'carried' },
  '/profile/api-keys/resume-selected': { 'key-<id>': 'carried' },
  '/profile/api-keys/undo': { 'key-<id>': 'carried' },
  '/profile/api-keys/:id/remove': { leaked: 'carried' },
  /** Public. A key is a secret. */
  '/leaked': { key: 'secret' },
  /** For forms that are only a button. */
  none: {},
} as const satisfies Record<string, Record<string, 'carried' | 'secret' | 'fresh'>>;

export type FormName = keyof typeof forms;

/** The values of the fields of a form, as typed. */
export type FormFields<Name extends FormName> = Record<keyof (typeof forms)[Name] & string, string>;

/** Whether a URL may carry a field back to the form at a path. */
export function isCarried(path: string, field: string): boolean {
  const route = path.replace(/\/[1-9]\d*(?=\/|$)/, '/:id');
  const form = Object.entries(forms).find(([name]) => name === route)?.[1] ?? {};
  return Object.entries(form).some(
    ([name, how]) => how === 'carried' && name === field.replace(/^key-[1-9]\d*$/, 'key-<id>'),
  );
}
