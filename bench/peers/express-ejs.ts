// Express 5 and EJS with default settings: the API Keys tab of one user, read from the database once and
// rendered for each request from the app's own views. No session, no token, no statement.
import path from 'node:path';
import ejs from 'ejs';
import express from 'express';
import { listActivity } from '../../db/activity.ts';
import { listKeys } from '../../db/api-keys/list.ts';
import { openDatabase } from '../../db/database.ts';
import { expiries } from '../../server/api-keys/expiry.ts';
import { describe } from '../../server/pages/event-words.ts';
import { render, useViews } from '../../server/pages/render.ts';

const USER = 500;

const db = await openDatabase({ url: process.env.DATABASE_URL ?? '' });
const keys = await listKeys(db, USER);
const { rows: activity } = await listActivity(db, USER, { length: 5 });
await db.destroy();

const page: Parameters<typeof render<'profile/api-keys'>>[4] = {
  keys,
  list: undefined,
  found: undefined,
  newPrefix: undefined,
  timeZone: 'UTC',
  activity: activity.map((event) => ({ ...event, what: describe(event) })),
  lifetimes: expiries,
  newKey: undefined,
  form: { label: '', expires: 'never', request_id: '00000000-0000-0000-0000-000000000000' },
  problems: {},
};
const session = {
  user: { id: USER, username: 'user000500', email: null, timeZone: 'UTC' },
  lock: { at: new Date(Date.now() + 10 * 60_000), seconds: 600 },
};

const app = express();
useViews(app);
if (!process.env.WITHOUT_WITH) {
  const folder = path.resolve(import.meta.dirname, '../../views');
  app.engine('ejs', (file, page, done) => {
    ejs.renderFile(file, page, { views: [folder], cache: true, localsName: 'page' }, done);
  });
}
app.get('/profile/api-keys', (req, res) => {
  // What the app would have read from the cookie and the database, and its middleware set.
  Object.assign(req, { session, csrfToken: () => 'xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxx' });
  render(req, res, 'profile/api-keys', ['API Keys', 'My Profile'], page);
});
app.listen(Number(process.env.PORT), '127.0.0.1');
