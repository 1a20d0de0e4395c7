import { type Request, type Response, Router } from 'express';
import type { ChangedKeys, KeysNotFound } from '../../../../../db/api-keys/change.ts';
import { type PauseLength, pauseKeys, resumeKeys } from '../../../../../db/api-keys/pause.ts';
import type { Database } from '../../../../../db/database.ts';
import { signedInUser } from '../../../../auth/require-sign-in.ts';
import { readForm } from '../../../../forms/fields.ts';
import { client } from '../../../../http/client.ts';
import { HttpError, notFound } from '../../../../http/errors.ts';
import { idParameter } from '../../../../http/id.ts';
import { leaveNotice, type NoticeName } from '../../../../pages/notices.ts';
import { keyUrl, PAUSE_MINUTES, renderRefusal } from './page.ts';

/** `Pause`, also for some minutes, and `Resume`, of one key. */
export function pauseOf(db: Database): Router {
  return Router({ mergeParams: true }).post('/pause', pause).post('/resume', resume);

  async function pause(req: Request, res: Response) {
    const length = parseLength(readForm(req, '/profile/api-keys/:id/pause').minutes);
    const { id } = signedInUser(req);
    const result = await pauseKeys(db, id, [idParameter(req)], length, client(req));
    await answer(req, res, result, 'key-paused');
  }

  async function resume(req: Request, res: Response) {
    readForm(req, 'none');
    const { id } = signedInUser(req);
    const result = await resumeKeys(db, id, [idParameter(req)], client(req));
    await answer(req, res, result, 'key-resumed');
  }

  async function answer(
    req: Request,
    res: Response,
    result: ChangedKeys | KeysNotFound,
    notice: NoticeName,
  ) {
    if (result.outcome === 'not found') throw notFound();
    const [unchanged] = result.unchanged;
    if (unchanged) return renderRefusal(db, req, res, unchanged.refusal);
    leaveNotice(res, notice);
    res.redirect(303, keyUrl(idParameter(req)));
  }
}

/**
 * How long to pause, as the buttons say.
 *
 * @throws {HttpError} 400 for what no button says.
 */
function parseLength(minutes: string): PauseLength {
  if (minutes === '') return 'until resumed';
  if (minutes !== String(PAUSE_MINUTES)) {
    throw new HttpError(400, `A key can be paused for ${PAUSE_MINUTES} minutes.`);
  }
  return { minutes: PAUSE_MINUTES };
}
