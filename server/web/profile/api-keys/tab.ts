import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { listNewestKeys } from '../../../../db/api-keys/list.ts';
import type { Database } from '../../../../db/database.ts';
import { listActivity } from '../../../../db/events.ts';
import { DEFAULT_EXPIRY, expiries, findExpiry } from '../../../api-keys/expiry.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { fieldsInQuery } from '../../../forms/fields.ts';
import type { FormFields } from '../../../forms/forms.ts';
import { describe } from '../../../pages/event-words.ts';
import { render } from '../../../pages/render.ts';
import type { Views } from '../../../pages/views.ts';

const MAX_KEYS_SHOWN = 500;
const ACTIVITY_LENGTH = 20;

interface Tab {
  /** What the form is filled in with; by default what the URL says. */
  form?: FormFields<'/profile/api-keys'>;
  problems?: Views['profile/api-keys']['problems'];
  /** A secret that was just created; it is shown in this response only. */
  newKey?: string;
}

/** Answers with the API Keys tab of the signed-in user. The caller sets the status. */
export async function renderTab(
  db: Database,
  req: Request,
  res: Response,
  { form = fieldsInQuery(req, '/profile/api-keys'), problems = {}, newKey }: Tab = {},
): Promise<void> {
  const { id, timeZone } = signedInUser(req);
  const title = newKey === undefined ? 'API Keys' : 'API key created · API Keys';
  render(req, res, 'profile/api-keys', [title, 'My Profile'], {
    ...(await listNewestKeys(db, id, MAX_KEYS_SHOWN)),
    timeZone,
    activity: await recentActivity(db, id),
    lifetimes: expiries,
    newKey,
    form: {
      ...form,
      expires: findExpiry(form.expires)?.value ?? DEFAULT_EXPIRY,
      request_id: randomUUID(),
    },
    problems,
  });
}

async function recentActivity(db: Database, userId: number) {
  const events = await listActivity(db, userId, ACTIVITY_LENGTH);
  return events.map((event) => ({ ...event, what: describe(event) }));
}
