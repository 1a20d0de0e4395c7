import { randomUUID } from 'node:crypto';
import { type Request, type Response, Router } from 'express';
import { listNewestKeys } from '../../../db/api-keys/list.ts';
import type { Database } from '../../../db/database.ts';
import { listActivity } from '../../../db/events.ts';
import { createKey } from '../../api-keys/create.ts';
import { DEFAULT_EXPIRY, expiries, findExpiry } from '../../api-keys/expiry.ts';
import { parseLabel } from '../../api-keys/label.ts';
import { signedInUser } from '../../auth/require-sign-in.ts';
import { readForm } from '../../forms/fields.ts';
import { client } from '../../http/client.ts';
import { HttpError } from '../../http/errors.ts';
import { describe } from '../../pages/event-words.ts';
import { leaveNotice } from '../../pages/notices.ts';
import { render } from '../../pages/render.ts';
import type { Views } from '../../pages/views.ts';
import { removal } from './api-keys/remove.ts';

const MAX_KEYS_SHOWN = 500;
const ACTIVITY_LENGTH = 20;

export function apiKeys(db: Database): Router {
  return Router().get('/', showKeys).post('/', create).use('/:id/remove', removal(db));

  /** `?label=ci&expires=3-months` opens the form filled in. */
  async function showKeys(req: Request, res: Response) {
    const { label, expires } = req.query;
    await renderKeys(req, res, {
      form: {
        label: typeof label === 'string' ? label : '',
        expires: findExpiry(expires)?.value ?? DEFAULT_EXPIRY,
      },
    });
  }

  async function create(req: Request, res: Response) {
    const form = readForm(req, '/profile/api-keys');
    if (!isUuid(form.request_id)) throw new HttpError(400, 'The form lacks its request_id.');

    const label = parseLabel(form.label);
    const expiry = findExpiry(form.expires);
    if ('problem' in label || expiry === undefined) {
      res.status(422);
      return renderKeys(req, res, {
        form,
        problems: {
          ...('problem' in label && { label: label.problem }),
          ...(expiry === undefined && { expires: 'Choose when the key expires.' }),
        },
      });
    }

    const { id, timeZone } = signedInUser(req);
    const request = {
      label: label.value,
      lifetime: expiry.lifetime,
      timeZone,
      requestId: form.request_id,
      via: 'Linode Manager',
    } as const;
    const created = await createKey(db, { id }, request, client(req));
    if (created.outcome === 'created') return renderKeys(req, res, { newKey: created.secret });
    if (created.outcome !== 'created before') throw new Error(`unreachable: ${created.outcome}`);
    leaveNotice(res, 'key-created-before');
    res.redirect(303, created.isSame ? req.baseUrl : `${req.baseUrl}?${asQuery(form)}`);
  }

  async function renderKeys(
    req: Request,
    res: Response,
    locals: {
      form?: { label: string; expires: string };
      problems?: Views['profile/api-keys']['problems'];
      newKey?: string;
    },
  ) {
    const { id, timeZone } = signedInUser(req);
    const title = locals.newKey === undefined ? 'API Keys' : 'API key created · API Keys';
    render(req, res, 'profile/api-keys', [title, 'My Profile'], {
      ...(await listNewestKeys(db, id, MAX_KEYS_SHOWN)),
      timeZone,
      activity: await recentActivity(id),
      lifetimes: expiries,
      newKey: locals.newKey,
      form: {
        label: locals.form?.label ?? '',
        expires: locals.form?.expires ?? DEFAULT_EXPIRY,
        requestId: randomUUID(),
      },
      problems: locals.problems ?? {},
    });
  }

  async function recentActivity(userId: number) {
    const events = await listActivity(db, userId, ACTIVITY_LENGTH);
    return events.map((event) => ({ ...event, what: describe(event) }));
  }
}

function asQuery({ label, expires }: { label: string; expires: string }): URLSearchParams {
  return new URLSearchParams({ label, expires });
}

function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
