import type { Database } from '../../db/database.ts';
import type { DatabaseLocation } from '../../db/location.ts';
import { type App, startApp } from './app.ts';
import { newPhone } from './two-factor.ts';
import { makePasswordTemporary, PASSWORD } from './users.ts';
import type { Visitor } from './visitor.ts';

/**
 * Visitors who have not completed their log in, each at the page of the step that is due. The last step
 * is on another app, which requires two-factor authentication.
 */
export async function startSteps(app: App, db: Database, location: DatabaseLocation) {
  const strict = await startApp(db, { requireTwoFactor: true }, location);
  const users = {
    code: await app.newUser(),
    password: await app.newUser(),
    setUp: await app.newUser(),
  };
  await newPhone(db, users.code);
  await makePasswordTemporary(db, users.password);

  return {
    /** A visitor at the step with this path; undefined for a path that is not a step. */
    async newVisitorAt(path: string): Promise<Visitor | undefined> {
      if (path === '/login/two-factor') return visit(app, users.code, path);
      if (path === '/login/password') return visit(app, users.password, path);
      if (path.startsWith('/login/set-up')) return visit(strict, users.setUp, '/login/set-up');
      return undefined;
    },
    close: () => strict.close(),
  };
}

async function visit(app: App, username: string, page: string): Promise<Visitor> {
  const visitor = app.newVisitor();
  await visitor.get('/login');
  await visitor.post('/login', { username, password: PASSWORD });
  const { status } = await visitor.get(page);
  if (status !== 200) throw new Error(`${page} is not due: ${status}`);
  return visitor;
}
