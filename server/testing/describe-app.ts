import { after, before } from 'node:test';
import { describeOnDatabase, type TestDatabase } from '../../db/testing/describe.ts';
import type { Config } from '../config/config.ts';
import { type App, startApp } from './app.ts';

export interface TestApp extends TestDatabase {
  /** Running from the first test to the last. */
  readonly app: App;
}

type Tests = (on: TestApp) => void;

/** Declares tests of one app on a fresh database: PostgreSQL, or embedded where there is none. */
export function describeApp(title: string, tests: Tests): void {
  describeWith({}, title, tests);
}

/** Declares tests of an app behind one proxy, whose X-Forwarded-For it trusts. */
export function describeProxiedApp(title: string, tests: Tests): void {
  describeWith({ trustProxy: 1 }, title, tests);
}

function describeWith(config: Partial<Config>, title: string, tests: Tests): void {
  describeOnDatabase(title, (database) => {
    let app: App | undefined;
    before(async () => {
      app = await startApp(database.db, config, database.location);
    });
    after(() => app?.close());
    tests({
      get app() {
        if (!app) throw new Error('The app runs only while the tests run.');
        return app;
      },
      get db() {
        return database.db;
      },
      get location() {
        return database.location;
      },
    });
  });
}
