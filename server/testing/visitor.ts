import { Secret } from 'otpauth';
import { codeOfStep } from '../auth/two-factor/totp.ts';
import { htmlProblems } from './html-problems.ts';
import { PASSWORD } from './users.ts';

export interface Answer {
  status: number;
  headers: Headers;
  /** The path that a redirect leads to. */
  location: string | null;
  body: string;
}

type KeyFields = { label?: string; expires?: string; request_id?: string };
type Fields = Record<string, string> | [string, string][];

/** What a browser does in HTTP: keeps cookies, and sends the token of the last form it was shown. */
export class Visitor {
  readonly origin: string;
  readonly cookies = new Map<string, string>();
  /** The user of the last log in. */
  username = '';
  csrfToken = '';
  requestId = '';

  constructor(origin: string) {
    this.origin = origin;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, { headers });
  }

  /** Posts a form; with the token, unless `fields` brings its own. */
  post(path: string, fields: Fields = {}, headers: Record<string, string> = {}): Promise<Answer> {
    const body = new URLSearchParams(fields);
    if (!body.has('_csrf')) body.set('_csrf', this.csrfToken);
    return this.send(path, { method: 'POST', body, headers });
  }

  async send(path: string, init: RequestInit): Promise<Answer> {
    const headers = new Headers(init.headers);
    if (this.cookies.size > 0 && !headers.has('cookie')) headers.set('cookie', this.cookieHeader());
    const response = await fetch(this.origin + path, { ...init, headers, redirect: 'manual' });
    const body = await response.text();
    if (response.headers.get('content-type')?.startsWith('text/html')) {
      const problems = htmlProblems(body);
      if (problems.length > 0) throw new Error(`The page ${path} has ${problems.join(', ')}.`);
    }
    this.remember(response, body);
    const { status } = response;
    return { status, headers: response.headers, location: response.headers.get('location'), body };
  }

  async logIn(username: string, password = PASSWORD): Promise<Answer> {
    this.username = username;
    await this.get('/login');
    const answer = await this.post('/login', { username, password, next: '' });
    if (answer.status === 303) await this.get('/');
    return answer;
  }

  /** The first step of the log in of a user with two-factor authentication; the code is missing. */
  async logInWithoutCode(username: string, password = PASSWORD): Promise<void> {
    await this.get('/login');
    const answer = await this.post('/login', { username, password });
    if (answer.location !== '/login/two-factor')
      throw new Error(`No code is needed: ${answer.body}`);
    await this.get('/login/two-factor');
  }

  /** The second step of a log in. */
  async enterCode(token: string): Promise<Answer> {
    await this.get('/login/two-factor');
    const answer = await this.post('/login/two-factor', { token, next: '' });
    if (answer.status === 303) await this.get('/');
    return answer;
  }

  /** Ends the session as closing the browser does: keeps only the cookies of devices. */
  closeBrowser(): void {
    for (const name of this.cookies.keys()) {
      if (!/^(__Host-)?device-/.test(name)) this.cookies.delete(name);
    }
  }

  async authenticate(password = PASSWORD, token = ''): Promise<Answer> {
    await this.get('/profile/authenticate');
    return this.post('/profile/authenticate', { password, token, next: '' });
  }

  /** Posts the form that creates a key. */
  async postKey(fields: KeyFields = {}): Promise<Answer> {
    await this.get('/profile/api-keys');
    return this.post('/profile/api-keys', {
      label: '',
      expires: 'never',
      request_id: this.requestId,
      ...fields,
    });
  }

  /**
   * Creates a key with the form, and returns the answer with the key that it shows.
   *
   * @throws where no key was created; `postKey` is for tests of that
   */
  async createKey(fields: KeyFields = {}): Promise<Answer & { secret: string; id: string }> {
    const answer = await this.postKey(fields);
    const secret = /data-secret>([0-9A-Za-z]{64})</.exec(answer.body)?.[1];
    const id = [...answer.body.matchAll(/api-keys\/(\d+)\/remove/g)].at(-1)?.[1];
    if (!secret || !id) throw new Error(`No key was created (${answer.status}): ${answer.body}`);
    return { ...answer, secret, id };
  }

  /** Enables two-factor authentication in a session that has just been re-authenticated. */
  async enableTwoFactor(): Promise<{ secret: Buffer; scratchCodes: string[] }> {
    await this.get('/profile/password');
    const { body } = await this.post('/profile/password/two-factor');
    const typed = /data-secret>([A-Z2-7 ]+)</.exec(body)?.[1] ?? '';
    const secret = Buffer.from(Secret.fromBase32(typed).bytes);
    const confirmed = await this.post('/profile/password/two-factor/confirm', {
      token: currentCode(secret),
    });
    if (confirmed.status !== 200)
      throw new Error(
        `Two-factor authentication was not enabled (${confirmed.status}): ${confirmed.body}`,
      );
    const scratchCodes = confirmed.body.match(/\b([A-Z2-7]{4} ){3}[A-Z2-7]{4}\b/g) ?? [];
    return { secret, scratchCodes };
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  private remember(response: Response, body: string): void {
    for (const cookie of response.headers.getSetCookie()) {
      const [name = '', value = ''] = cookie.split(';')[0]?.split('=') ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    this.csrfToken = /name="_csrf" value="([^"]+)"/.exec(body)?.[1] ?? this.csrfToken;
    this.requestId = /name="request_id" value="([^"]+)"/.exec(body)?.[1] ?? this.requestId;
  }
}

/** The current code, by the clock of this machine, which is also the database's. */
export function currentCode(secret: Buffer): string {
  return codeOfStep(secret, Math.floor(Date.now() / 30_000));
}
