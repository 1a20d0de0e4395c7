/**
 * Every form that has fields, by its URL: the fields it sends in addition to the CSRF token, and which
 * of them a URL may carry back to the form when it has to be sent again. Never passwords.
 *
 * `carried as hex`: a long text. Percent-encoded in a URL within a URL, a script like Chinese would exceed
 * the limit of a URL. `fresh`: each page that shows the form sets a new value.
 */
export const forms = {
  '/login': { username: 'carried', password: 'secret', next: 'carried' },
  '/login/two-factor': { token: 'secret', trust: 'carried', next: 'carried' },
  '/login/password': {
    current_password: 'secret',
    new_password: 'secret',
    new_password_again: 'secret',
    next: 'carried',
  },
  '/login/set-up': { next: 'carried' },
  '/login/set-up/confirm': { token: 'secret', next: 'carried' },
  /** The newest event that was shown. */
  '/meanwhile': { newest: 'fresh' },
  '/profile': { time_zone: 'carried' },
  '/profile/authenticate': { password: 'secret', token: 'secret', next: 'carried' },
  '/profile/password': {
    current_password: 'secret',
    new_password: 'secret',
    new_password_again: 'secret',
  },
  '/profile/password/two-factor/confirm': { token: 'secret' },
  '/profile/password/two-factor/disable': { password: 'secret', token: 'secret' },
  '/profile/password/two-factor/scratch-codes': { password: 'secret', token: 'secret' },
  '/profile/api-keys': { label: 'carried', expires: 'carried', request_id: 'fresh' },
  '/profile/api-keys/:id': {
    label: 'carried',
    note: 'carried as hex',
    expires: 'carried',
    expires_date: 'carried',
    expires_time: 'carried',
  },
  '/profile/api-keys/:id/rotate': {
    new_expires: 'carried',
    overlap: 'carried',
    request_id: 'fresh',
  },
  /** The value of the button. */
  '/profile/api-keys/:id/pause': { minutes: 'fresh' },
  '/profile/api-keys/search': { q: 'carried' },
  '/profile/api-keys/remove-selected': { 'key-<id>': 'carried', leaked: 'carried' },
  '/profile/api-keys/pause-selected': { 'key-<id>': 'carried' },
  '/profile/api-keys/resume-selected': { 'key-<id>': 'carried' },
  '/profile/api-keys/undo': { 'key-<id>': 'carried' },
  '/profile/api-keys/dismiss-reports': { 'key-<id>': 'fresh' },
  '/profile/api-keys/:id/remove': { leaked: 'carried' },
  /** Public. A key is a secret. */
  '/leaked': { key: 'secret' },
  /** For forms that are only a button. */
  none: {},
} as const satisfies Record<
  string,
  Record<string, 'carried' | 'carried as hex' | 'secret' | 'fresh'>
>;

export type FormName = keyof typeof forms;

/** The values of the fields of a form, as typed. */
export type FormFields<Name extends FormName> = Record<keyof (typeof forms)[Name] & string, string>;

/** How a URL may carry a field back to the form at a path; undefined: not at all. */
export function howCarried(path: string, field: string): 'carried' | 'carried as hex' | undefined {
  const form = formAt(path);
  const [, how] =
    Object.entries(form).find(([name]) => name === field.replace(/^key-[1-9]\d*$/, 'key-<id>')) ??
    [];
  return how === 'carried' || how === 'carried as hex' ? how : undefined;
}

/** The fields of the form at a path; empty for a form without fields, and where there is no form. */
export function formAt(path: string): Record<string, string> {
  const pattern = path.replace(/\/[1-9]\d*(?=\/|$)/, '/:id');
  return Object.entries(forms).find(([name]) => name === pattern)?.[1] ?? {};
}
