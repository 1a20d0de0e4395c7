import { createServer } from 'node:http';
import { Writable } from 'node:stream';
import type { Database, DatabaseLocation } from '../db/database.ts';
import { insertUser } from '../db/users.ts';
import { createApp } from './app.ts';
import { startPasswords } from './auth/passwords.ts';
import type { Config } from './config/config.ts';
import { listeningAt } from './http/listening-at.ts';
import { createLogger } from './http/logger.ts';
import { MAX_HEAD_BYTES } from './http/request-limits.ts';
import { startKeyChecks } from './key-checks/check.ts';
import type { Metrics } from './metrics/metrics.ts';
import { PASSWORD, PASSWORD_DIGEST } from './test-users.ts';

export async function addUser(db: Database, username: string): Promise<void> {
  await insertUser(db, {
    username,
    email: `${username}@example.com`,
    passwordDigest: PASSWORD_DIGEST,
  });
}

/** The app as it ships, on a free port of this machine. */
export async function startApp(
  db: Database,
  config: Partial<Config> = {},
  location: DatabaseLocation = { memory: true },
  metrics?: Metrics,
) {
  const logLines: string[] = [];
  const log = createLogger(
    new Writable({
      write(line, _encoding, done) {
        logLines.push(String(line));
        done();
      },
    }),
  );
  const passwords = await startPasswords();
  const checks = startKeyChecks(db, location, log);
  const stopping = new AbortController();
  const parts: Parameters<typeof createApp>[0] = {
    config: {
      publicUrl: undefined,
      secure: false,
      trustProxy: false,
      sessionSecrets: ['a secret of the tests, long enough'],
      ...config,
    },
    db,
    passwords,
    checks,
    log,
    metrics,
    stopping: stopping.signal,
  };
  const server = createServer({ maxHeaderSize: MAX_HEAD_BYTES }, createApp(parts));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const origin = listeningAt(server);

  return {
    origin,
    /** What it was made of. */
    parts,
    passwords,
    stopping,
    /** What the app has logged, a JSON text each. */
    logLines,
    newVisitor: () => new Visitor(origin),
    /** A visitor who has logged in and, unless told otherwise, given the password again. */
    async signIn(username: string, { authenticate = true, password = PASSWORD } = {}) {
      const visitor = new Visitor(origin);
      await visitor.logIn(username, password);
      if (authenticate) await visitor.authenticate(password);
      return visitor;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await passwords.close();
      await checks.close();
    },
  };
}

export interface Answer {
  status: number;
  headers: Headers;
  /** The path that a redirect leads to. */
  location: string | null;
  body: string;
}

type Fields = Record<string, string> | [string, string][];

/** A browser, as far as HTTP goes: keeps cookies, sends the token of the last form it was shown. */
export class Visitor {
  readonly origin: string;
  readonly cookies = new Map<string, string>();
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
    this.remember(response, body);
    const { status } = response;
    return { status, headers: response.headers, location: response.headers.get('location'), body };
  }

  async logIn(username: string, password = PASSWORD): Promise<Answer> {
    await this.get('/login');
    const answer = await this.post('/login', { username, password, next: '' });
    if (answer.status === 303) await this.get('/');
    return answer;
  }

  async authenticate(password = PASSWORD): Promise<Answer> {
    await this.get('/profile/authenticate');
    return this.post('/profile/authenticate', { password, next: '' });
  }

  /** Makes a key as the form does, and returns the answer with the key that it shows. */
  async createKey(fields: { label?: string; expires?: string; request_id?: string } = {}) {
    await this.get('/profile/api-keys');
    const answer = await this.post('/profile/api-keys', {
      label: '',
      expires: 'never',
      request_id: this.requestId,
      ...fields,
    });
    const secret = /data-secret>([0-9A-Za-z]{64})</.exec(answer.body)?.[1];
    const id = [...answer.body.matchAll(/api-keys\/(\d+)\/remove/g)].at(-1)?.[1];
    return { ...answer, secret, id };
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
