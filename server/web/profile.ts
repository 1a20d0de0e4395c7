import { type Request, type Response, Router } from 'express';
import type { Database } from '../../db/database.ts';
import { changeTimeZone } from '../../db/users.ts';
import type { Passwords } from '../auth/passwords.ts';
import { signedInUser } from '../auth/require-sign-in.ts';
import { readForm } from '../forms/fields.ts';
import { leaveNotice } from '../pages/notices.ts';
import { render } from '../pages/render.ts';
import { apiKeys } from './profile/api-keys.ts';
import { password } from './profile/password.ts';

/** Everything under /profile that needs a recent password. */
export function profile(db: Database, passwords: Passwords): Router {
  return Router()
    .get('/', showProfile)
    .post('/', saveProfile)
    .use('/password', password(db, passwords))
    .use('/api-keys', apiKeys(db));

  function showProfile(req: Request, res: Response) {
    const { time_zone: typed } = req.query;
    const timeZone = timeZones.find((zone) => zone === typed) ?? signedInUser(req).timeZone;
    renderProfile(req, res, { timeZone });
  }

  async function saveProfile(req: Request, res: Response) {
    const { time_zone: timeZone } = readForm(req, '/profile');
    const isOffered = timeZones.includes(timeZone);
    if (!isOffered || !(await changeTimeZone(db, signedInUser(req).id, timeZone))) {
      res.status(422);
      return renderProfile(req, res, { timeZone, problem: 'Choose a time zone from the list.' });
    }
    leaveNotice(res, 'profile-saved');
    res.redirect(303, '/profile');
  }
}

/** The time zones that this Node knows, and UTC, which Intl does not list. */
const timeZones = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];

function renderProfile(
  req: Request,
  res: Response,
  locals: { timeZone: string; problem?: string },
) {
  const user = signedInUser(req);
  render(req, res, 'profile', ['My Profile'], { problem: undefined, timeZones, user, ...locals });
}
