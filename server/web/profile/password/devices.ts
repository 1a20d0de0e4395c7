import { type Request, type Response, Router } from 'express';
import type { Database } from '../../../../db/database.ts';
import { forgetDevice } from '../../../../db/devices.ts';
import { currentDevice } from '../../../auth/devices.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { readForm } from '../../../forms/fields.ts';
import { client } from '../../../http/client.ts';
import { notFound } from '../../../http/errors.ts';
import { idParameter } from '../../../http/id.ts';
import { leaveNotice } from '../../../pages/notices.ts';
import { PAGE, showPage } from './page.ts';

/** `Forget` for one known device, by its id. */
export function knownDevices(db: Database): Router {
  return Router().get('/:id', showPage).post('/:id', forget);

  async function forget(req: Request, res: Response) {
    readForm(req, 'none');
    const { id: userId } = signedInUser(req);
    const deviceId = idParameter(req);
    const isCurrent = deviceId === (await currentDevice(db, req, userId));
    if (!(await forgetDevice(db, userId, deviceId, client(req)))) throw notFound();
    leaveNotice(res, isCurrent ? 'this-device-forgotten' : 'device-forgotten');
    res.redirect(303, PAGE);
  }
}
