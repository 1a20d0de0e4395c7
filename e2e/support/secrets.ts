import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { sql } from 'kysely';
import type { Database } from '../../db/database.ts';

/**
 * Collects every secret in the app's requests and responses (keys, passwords, session ids, form
 * tokens, secrets and scratch codes of two-factor authentication), so that a test can look for them
 * where they must not be.
 */
export class Secrets {
  readonly #found = new Set<string>();

  listen(app: RequestListener): RequestListener {
    return (req, res) => {
      this.#listenIn(req);
      this.#listenOut(res);
      app(req, res);
    };
  }

  /** The secrets that a text contains, and how many there were to look for. */
  lookFor(text: string): { known: number; leaked: string[] } {
    const leaked = [...this.#found].filter((secret) =>
      [secret, encodeURIComponent(secret), hex(secret), base64(secret)].some((way) =>
        text.includes(way),
      ),
    );
    return { known: this.#found.size, leaked };
  }

  #listenIn(req: IncomingMessage): void {
    const emit = req.emit.bind(req);
    let body = '';
    // Not a listener for data, which would start the flow before the app listens.
    req.emit = (event: string, ...rest: unknown[]) => {
      if (event === 'data') body += String(rest[0]);
      if (event === 'end') {
        for (const [name, value] of new URLSearchParams(body)) {
          if (/password|^_csrf$|^api_key$/.test(name)) this.#remember(value);
        }
      }
      return emit(event, ...rest);
    };
    this.#rememberCookies(req.headers.cookie ?? '');
  }

  #listenOut(res: ServerResponse): void {
    const end = res.end.bind(res);
    res.end = (...rest: unknown[]) => {
      const body = String(rest[0] ?? '');
      for (const [, token = ''] of body.matchAll(/name="_csrf" value="([^"]+)"/g)) {
        this.#remember(token);
      }
      for (const [key] of body.matchAll(/\blmk[0-9A-Za-z]{61}\b/g)) this.#remember(key);
      for (const [code] of body.matchAll(/\b(?:[A-Z2-7]{4} ){3}[A-Z2-7]{4}\b/g)) {
        this.#remember(code.replaceAll(' ', ''));
      }
      this.#rememberCookies(String(res.getHeader('set-cookie') ?? ''));
      return Reflect.apply(end, res, rest);
    };
  }

  /** The id inside the signed value that express-session sends. */
  #rememberCookies(text: string): void {
    for (const [, id = ''] of text.matchAll(/s%3A([\w-]+)\./g)) this.#remember(id);
  }

  #remember(secret: string): void {
    if (secret.length >= 8) this.#found.add(secret);
  }
}

/** Everything in a database, as text. */
export async function dump(db: Database): Promise<string> {
  const tables = await db.introspection.getTables();
  const texts = tables.map(async ({ name }) => {
    const { rows } = await sql<{
      text: string;
    }>`select t::text as text from ${sql.table(name)} t`.execute(db);
    return rows.map((row) => row.text).join('\n');
  });
  return (await Promise.all(texts)).join('\n');
}

const hex = (text: string) => Buffer.from(text).toString('hex');
const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, '');
