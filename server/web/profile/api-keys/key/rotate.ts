import { type Request, type Response, Router } from 'express';
import { findKey } from '../../../../../db/api-keys/list.ts';
import type { Database } from '../../../../../db/database.ts';
import { findExpiry } from '../../../../api-keys/expiry-choices.ts';
import { findOverlap } from '../../../../api-keys/overlap.ts';
import { rotateKey } from '../../../../api-keys/rotate.ts';
import { signedInUser } from '../../../../auth/require-sign-in.ts';
import { readForm } from '../../../../forms/fields.ts';
import { filledInPath } from '../../../../forms/form-path.ts';
import { requestIdOf } from '../../../../forms/request-id.ts';
import { client } from '../../../../http/client.ts';
import { notFound } from '../../../../http/errors.ts';
import { idParameter } from '../../../../http/id.ts';
import { leaveNotice } from '../../../../pages/notices.ts';
import { keyUrl, renderKey, renderRefusal } from './page.ts';

/** `Rotate`: creates a key that replaces this one, and shows it once. */
export function rotationOf(db: Database): Router {
  return Router({ mergeParams: true }).post('/', rotate);

  async function rotate(req: Request, res: Response) {
    const form = readForm(req, '/profile/api-keys/:id/rotate');
    const [user, id] = [signedInUser(req), idParameter(req)];
    if (!(await findKey(db, user.id, id))) throw notFound();
    const requestId = requestIdOf(form);
    const expiry = form.new_expires === 'same' ? ('same' as const) : findExpiry(form.new_expires);
    const overlap = findOverlap(form.overlap)?.overlap;
    if (expiry === undefined || overlap === undefined) {
      res.status(422);
      return renderKey(db, req, res, id, {
        rotate: form,
        problems: {
          ...(expiry === undefined && { new_expires: 'Choose when the new key expires.' }),
          ...(overlap === undefined && { overlap: 'Choose how long the old key keeps working.' }),
        },
      });
    }
    const { timeZone } = user;
    const request = { requestId, overlap, expiry, timeZone };
    const rotated = await rotateKey(db, user.id, id, request, client(req));
    switch (rotated.outcome) {
      case 'created':
        return renderKey(db, req, res, rotated.id, { newKey: rotated.secret });
      case 'created before':
        leaveNotice(res, 'key-created-before');
        return res.redirect(303, filledInPath(req, `${keyUrl(id)}/rotate`));
      case 'successor used':
        return renderRefusal(db, req, res, rotated.outcome);
      case 'refused':
        return renderRefusal(db, req, res, rotated.refusal);
      case 'not found':
        throw notFound();
      case 'bad expiry':
        throw new Error('unreachable: the form has no dates');
    }
  }
}
