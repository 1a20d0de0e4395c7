import { type Request, type Response, Router } from 'express';
import type { Database } from '../../db/database.ts';
import { listTimeZones } from '../../db/time-zones.ts';
import { changeTimeZone } from '../../db/users.ts';
import type { Passwords } from '../auth/passwords.ts';
import { signedInUser } from '../auth/require-sign-in.ts';
import type { Encryption } from '../auth/two-factor/encryption.ts';
import { readForm } from '../forms/fields.ts';
import { leaveNotice } from '../pages/notices.ts';
import { render } from '../pages/render.ts';
import { groupZones } from '../pages/time-zone-names.ts';
import type { Views } from '../pages/views.ts';
import { activity } from './profile/activity.ts';
import { apiKeys } from './profile/api-keys.ts';
import { password } from './profile/password.ts';

/** Everything under /profile that needs a recent password. */
export function profile(
  db: Database,
  passwords: Passwords,
  encryption: Encryption | undefined,
): Router {
  return Router()
    .get('/', showProfile)
    .post('/', saveProfile)
    .use('/password', password(db, passwords, encryption))
    .use('/api-keys', apiKeys(db))
    .use('/activity', activity(db));

  async function showProfile(req: Request, res: Response) {
    const timeZones = await listTimeZones(db);
    const { time_zone: typed } = req.query;
    const timeZone = timeZones.find((zone) => zone === typed) ?? signedInUser(req).timeZone;
    renderProfile(req, res, { timeZones, timeZone });
  }

  async function saveProfile(req: Request, res: Response) {
    const { time_zone: timeZone } = readForm(req, '/profile');
    const timeZones = await listTimeZones(db);
    const isOffered = timeZones.includes(timeZone);
    if (!isOffered || !(await changeTimeZone(db, signedInUser(req).id, timeZone))) {
      res.status(422);
      const problems = { time_zone: 'Choose a time zone from the list.' };
      return renderProfile(req, res, { timeZones, timeZone, problems });
    }
    leaveNotice(res, 'profile-saved');
    res.redirect(303, '/profile');
  }
}

function renderProfile(
  req: Request,
  res: Response,
  {
    timeZones,
    timeZone,
    problems = {},
  }: { timeZones: string[]; timeZone: string; problems?: Views['profile']['problems'] },
) {
  const user = signedInUser(req);
  const zoneGroups = groupZones(timeZones, new Date());
  render(req, res, 'profile', ['My Profile'], { user, timeZone, zoneGroups, problems });
}
