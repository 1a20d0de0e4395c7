// Express 5 and EJS with default settings: the API Keys tab of one user, read from the database once and
// rendered for each request from the app's own views. No session, no token, no statement.
import path from 'node:path';
import ejs from 'ejs';
import express from 'express';
import { openDatabase } from '../../db/database.ts';
import { nameCookies, useCookies } from '../../server/http/cookies.ts';
import { render, useViews } from '../../server/pages/render.ts';
import { firstPage } from '../../server/web/profile/api-keys/listing.ts';
import { readTab } from '../../server/web/profile/api-keys/tab.ts';

const USER = 500;

const db = await openDatabase({ url: process.env.DATABASE_URL ?? '' });
const page = await readTab(
  db,
  { id: USER, timeZone: 'UTC' },
  {
    listing: firstPage,
    search: { typed: '', problem: undefined },
    form: { label: '', expires: 'never', request_id: '' },
  },
);
await db.destroy();

const session = {
  user: { id: USER, username: 'user000500', email: null, timeZone: 'UTC' },
  lock: { at: new Date(Date.now() + 10 * 60_000), seconds: 600 },
};

const app = express();
useViews(app);
useCookies(app, nameCookies({ secure: false, installationId: 'peer' }));
if (!process.env.WITHOUT_WITH) {
  const folder = path.resolve(import.meta.dirname, '../../views');
  app.engine('ejs', (file, page, done) => {
    ejs.renderFile(file, page, { views: [folder], cache: true, localsName: 'page' }, done);
  });
}
app.get('/profile/api-keys', (req, res) => {
  // What the app would have read from the cookie and the database, and its middleware set.
  Object.assign(req, { session, csrfToken: () => 'xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxx' });
  const notices = { noticeKeys: [], undo: undefined, siteUrl: '' };
  render(req, res, 'profile/api-keys', ['API Keys', 'My Profile'], { ...page, ...notices });
});
app.listen(Number(process.env.PORT), '127.0.0.1');
