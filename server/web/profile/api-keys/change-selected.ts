import { type Request, type Response, Router } from 'express';
import type { ChangedKeys, KeysNotFound } from '../../../../db/api-keys/change.ts';
import { listKeysById } from '../../../../db/api-keys/list.ts';
import { pauseKeys, resumeKeys } from '../../../../db/api-keys/pause.ts';
import { undoRemovals } from '../../../../db/api-keys/remove.ts';
import type { Database } from '../../../../db/database.ts';
import type { Client } from '../../../../db/events.ts';
import { signedInUser } from '../../../auth/require-sign-in.ts';
import { client } from '../../../http/client.ts';
import { notFound } from '../../../http/errors.ts';
import { render } from '../../../pages/render.ts';
import { listingQuery, parseListing } from './listing.ts';
import { answerChange, backToList, type Done } from './outcome.ts';
import { selectedInForm, selectedInQuery } from './selection.ts';

/** Something that can be done with several keys at once. */
interface Change {
  path: string;
  /** How the question begins. */
  question: string;
  explanation: string;
  button: string;
  busy: string;
  done: Done;
  apply(
    db: Database,
    userId: number,
    ids: number[],
    from: Client,
  ): Promise<ChangedKeys | KeysNotFound>;
}

const pause: Change = {
  path: '/profile/api-keys/pause-selected',
  question: 'Pause',
  explanation: 'Programs that use a paused key are refused until you resume it.',
  button: 'Pause',
  busy: 'Pausing…',
  done: 'paused',
  apply: (db, userId, ids, from) => pauseKeys(db, userId, ids, 'until resumed', from),
};

const resume: Change = {
  path: '/profile/api-keys/resume-selected',
  question: 'Resume',
  explanation: 'Programs can use a resumed key again at once.',
  button: 'Resume',
  busy: 'Resuming…',
  done: 'resumed',
  apply: resumeKeys,
};

const undo: Change = {
  path: '/profile/api-keys/undo',
  question: 'Undo the removal of',
  explanation: 'Programs can use the key again at once, unless it has expired or is paused.',
  button: 'Undo',
  busy: 'Undoing…',
  done: 'restored',
  apply: undoRemovals,
};

/** Pauses the keys that are selected in the list, until they are resumed. */
export const pauseOfSelected = (db: Database) => changeOfSelected(db, pause);
/** Resumes the keys that are selected in the list. */
export const resumeOfSelected = (db: Database) => changeOfSelected(db, resume);
/** Undoes removals: the notice of a removal and the list of ended keys have buttons for it. */
export const undoOfRemovals = (db: Database) => changeOfSelected(db, undo);

/** The keys are in the fields `key-<id>`, of the form and of the URL that opens it. */
function changeOfSelected(db: Database, change: Change): Router {
  return Router().get('/', ask).post('/', apply);

  async function ask(req: Request, res: Response) {
    const { id: userId, timeZone } = signedInUser(req);
    const ids = selectedInQuery(req);
    if (ids.length === 0) return backToList(req, res, 'no-keys-selected');
    const keys = await listKeysById(db, userId, ids);
    if (keys.length < ids.length) throw notFound();
    const { path, question, explanation, button, busy } = change;
    const which = keys.length === 1 ? 'this API key' : `these ${keys.length} API keys`;
    render(req, res, 'profile/api-keys/change-selected', [button, 'API Keys', 'My Profile'], {
      question: `${question} ${which}?`,
      explanation,
      button,
      busy,
      action: path,
      keys,
      list: listingQuery(parseListing(req.query)),
      timeZone,
    });
  }

  async function apply(req: Request, res: Response) {
    const ids = selectedInForm(req);
    if (ids.length === 0) return backToList(req, res, 'no-keys-selected');
    const result = await change.apply(db, signedInUser(req).id, ids, client(req));
    await answerChange(db, req, res, result, change.done);
  }
}
