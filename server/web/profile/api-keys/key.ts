import { type Request, type Response, Router } from 'express';
import { type Edited, editKey } from '../../../../db/api-keys/edit.ts';
import { MAX_EXPIRY_YEARS, type NewExpiry } from '../../../../db/api-keys/expiry.ts';
import type { Database } from '../../../../db/database.ts';
import { findExpiry, parseDateAndTime } from '../../../api-keys/expiry-choices.ts';
import { parseLabel } from '../../../api-keys/label.ts';
import { parseNote } from '../../../api-keys/note.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { readForm } from '../../../forms/fields.ts';
import type { FormFields } from '../../../forms/forms.ts';
import { client } from '../../../http/client.ts';
import { notFound } from '../../../http/errors.ts';
import { idParameter } from '../../../http/id.ts';
import { leaveNotice } from '../../../pages/notices.ts';
import { keyUrl, renderKey, renderRefusal } from './key/page.ts';
import { pauseOf } from './key/pause.ts';
import { rotationOf } from './key/rotate.ts';

type Edit = FormFields<'/profile/api-keys/:id'>;
type Problems = Partial<Edit>;

/** The page of one key, and what can be done there. */
export function keyPage(db: Database): Router {
  return Router({ mergeParams: true })
    .get(['/', '/rotate', '/pause', '/resume'], showKey)
    .post('/', edit)
    .use('/rotate', rotationOf(db))
    .use(pauseOf(db));

  async function showKey(req: Request, res: Response) {
    await renderKey(db, req, res, idParameter(req));
  }

  async function edit(req: Request, res: Response) {
    const form = readForm(req, '/profile/api-keys/:id');
    const id = idParameter(req);
    const label = parseLabel(form.label);
    const note = parseNote(form.note);
    const expiry = parseExpiry(form);
    if ('problem' in label || 'problem' in note || 'problems' in expiry) {
      return renderProblems(req, res, form, {
        ...('problem' in label && { label: label.problem }),
        ...('problem' in note && { note: note.problem }),
        ...('problems' in expiry && expiry.problems),
      });
    }
    const user = signedInUser(req);
    const change = {
      label: label.value,
      note: note.value,
      expiry: expiry.value,
      timeZone: user.timeZone,
    };
    const edited = await editKey(db, user.id, id, change, client(req));
    if (edited.outcome === 'bad expiry') {
      return renderProblems(req, res, form, { expires_date: expiryProblems[edited.problem] });
    }
    if (edited.outcome === 'not found') throw notFound();
    if (edited.outcome === 'refused') return renderRefusal(db, req, res, edited.refusal);
    leaveNotice(res, 'key-changed');
    res.redirect(303, keyUrl(id));
  }

  async function renderProblems(req: Request, res: Response, edit: Edit, problems: Problems) {
    res.status(422);
    await renderKey(db, req, res, idParameter(req), { edit, problems });
  }
}

const expiryProblems = {
  past: 'Choose a time in the future.',
  'too far': `Choose a time within the next ${MAX_EXPIRY_YEARS} years.`,
} as const satisfies Record<Extract<Edited, { outcome: 'bad expiry' }>['problem'], string>;

function parseExpiry(form: Edit): { value: NewExpiry | 'keep' } | { problems: Problems } {
  if (form.expires === 'keep') return { value: 'keep' };
  if (form.expires === 'date') {
    const chosen = parseDateAndTime(form.expires_date, form.expires_time);
    if ('value' in chosen) return chosen;
    const { date, time } = chosen.problems;
    return {
      problems: { ...(date && { expires_date: date }), ...(time && { expires_time: time }) },
    };
  }
  const expiry = findExpiry(form.expires);
  if (!expiry) return { problems: { expires: 'Choose when the key expires.' } };
  return { value: { lifetime: expiry.lifetime } };
}
