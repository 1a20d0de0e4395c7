import assert from 'node:assert/strict';
import type { Database } from '../../db/database.ts';
import type { DatabaseLocation } from '../../db/location.ts';
import type { Envelope } from '../api/v3/envelope.ts';
import { startApp } from './app.ts';
import { addUser, PASSWORD } from './users.ts';

export type Api = Awaited<ReturnType<typeof startApi>>;
type Fields = Record<string, string>;

/** Starts the app with a user `ada` who has a key, and returns how a test calls its API. */
export async function startApi({ db, location }: { db: Database; location: DatabaseLocation }) {
  const app = await startApp(db, { trustProxy: 1 }, location);
  await addUser(db, 'ada');
  const { secret: key } = await (await app.signIn('ada')).createKey();

  return { app, key, send, call, refuses, batch, newPerson };

  /** Sends a request, checks what all answers have in common, and returns the JSON of the answer. */
  async function send(path: string, init: RequestInit = {}): Promise<unknown> {
    const answer = await fetch(app.origin + path, init);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'application/json;charset=UTF-8');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(answer.headers.get('set-cookie'), null);
    return answer.json();
  }

  /** Posts a form, with the key unless `fields` has another one. */
  async function call(fields: Fields, path = '/api/'): Promise<Envelope> {
    const body = new URLSearchParams({ api_key: key, ...fields });
    return envelope(await send(path, { method: 'POST', body }));
  }

  /** Expects an error, and returns its message. */
  async function refuses(code: number, fields: Fields): Promise<string> {
    const { ERRORARRAY, DATA, ACTION } = await call(fields);
    assert.deepEqual(
      ERRORARRAY.map((error) => error.ERRORCODE),
      [code],
    );
    assert.deepEqual(DATA, {});
    assert.equal(ACTION, fields.api_action ?? '');
    return ERRORARRAY[0]?.ERRORMESSAGE ?? '';
  }

  async function batch(requests: unknown, fields: Fields = {}): Promise<Envelope[]> {
    const json = typeof requests === 'string' ? requests : JSON.stringify(requests);
    const body = new URLSearchParams({
      api_key: key,
      api_action: 'batch',
      api_requestArray: json,
      ...fields,
    });
    const answer = await send('/api/', { method: 'POST', body });
    assert.ok(Array.isArray(answer));
    return answer.map(envelope);
  }

  /** Adds a user, and returns the fields with which they ask for a key. */
  async function newPerson() {
    return { api_action: 'user.getapikey', username: await app.newUser(), password: PASSWORD };
  }
}

/** Checks that an answer is an envelope with nothing else in it. */
export function envelope(answer: unknown): Envelope {
  assert.ok(typeof answer === 'object' && answer !== null);
  assert.deepEqual(Object.keys(answer), ['ERRORARRAY', 'DATA', 'ACTION']);
  assert.ok('ERRORARRAY' in answer && Array.isArray(answer.ERRORARRAY));
  assert.ok('ACTION' in answer && typeof answer.ACTION === 'string');
  assert.ok('DATA' in answer);
  return { ERRORARRAY: answer.ERRORARRAY, DATA: answer.DATA, ACTION: answer.ACTION };
}

/** The data of `user.getapikey`: the user name as stored, and the new key. */
export function keyIn({ DATA }: Envelope): { USERNAME: string; API_KEY: string } {
  assert.ok(typeof DATA === 'object' && DATA !== null);
  assert.ok('USERNAME' in DATA && typeof DATA.USERNAME === 'string');
  assert.ok('API_KEY' in DATA && typeof DATA.API_KEY === 'string');
  return { USERNAME: DATA.USERNAME, API_KEY: DATA.API_KEY };
}

/** The code of the first error of each envelope, 0 where there is none. */
export function codes(envelopes: Envelope[]): number[] {
  return envelopes.map(({ ERRORARRAY }) => ERRORARRAY[0]?.ERRORCODE ?? 0);
}
