import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { FEW_EVENTS, listActivity } from '../../../../../db/activity.ts';
import {
  KEY_ADDRESS_DAYS,
  KEY_ADDRESS_MINUTES,
  MAX_KEY_ADDRESSES,
} from '../../../../../db/api-keys/addresses.ts';
import {
  findKeyDetails,
  type KeyDetails,
  remainingSuccessor,
} from '../../../../../db/api-keys/details.ts';
import { MAX_NOTE_CHARACTERS } from '../../../../../db/api-keys/edit.ts';
import {
  type ActionRefusal,
  actionRefusals,
  refusalOf,
  rotations,
} from '../../../../../db/api-keys/transitions.ts';
import type { Database } from '../../../../../db/database.ts';
import { closestExpiry, expiries } from '../../../../api-keys/expiry-choices.ts';
import { defaultOverlap, overlaps } from '../../../../api-keys/overlap.ts';
import { cutSecrets } from '../../../../api-keys/secret.ts';
import { signedInUser } from '../../../../auth/require-sign-in.ts';
import { fieldsInQuery } from '../../../../forms/fields.ts';
import type { FormFields } from '../../../../forms/forms.ts';
import { notFound } from '../../../../http/errors.ts';
import { idParameter } from '../../../../http/id.ts';
import { siteUrl } from '../../../../http/site-url.ts';
import { length, minute } from '../../../../pages/dates.ts';
import { describe } from '../../../../pages/event-words.ts';
import { describeRotation, describeStart, describeState } from '../../../../pages/key-words.ts';
import type { Notice } from '../../../../pages/notices.ts';
import { render } from '../../../../pages/render.ts';
import type { Views } from '../../../../pages/views.ts';
import { visible } from '../../../../pages/visible-text.ts';

/** How long the short pause takes. */
export const PAUSE_MINUTES = 15;

type Page = Views['profile/api-keys/key'];

interface Shown {
  /** What the forms are filled in with; if undefined, what the URL or the key says. */
  edit?: FormFields<'/profile/api-keys/:id'>;
  rotate?: FormFields<'/profile/api-keys/:id/rotate'>;
  problems?: Page['problems'];
  /** A secret that was just created; it is shown in this response only. */
  newKey?: string;
  refusal?: ActionRefusal;
}

export function keyUrl(id: number): string {
  return `/profile/api-keys/${id}`;
}

/** Answers with the page of a key, which says why an action did nothing. */
export async function renderRefusal(
  db: Database,
  req: Request,
  res: Response,
  refusal: ActionRefusal,
): Promise<void> {
  if (actionRefusals[refusal].weight === 'refused') res.status(422);
  await renderKey(db, req, res, idParameter(req), { refusal });
}

/**
 * Answers with the page of a key of the signed-in user. The caller sets the status.
 *
 * @throws {HttpError} 404 if the user has no such key.
 */
export async function renderKey(
  db: Database,
  req: Request,
  res: Response,
  id: number,
  shown: Shown = {},
): Promise<void> {
  const { id: userId, timeZone } = signedInUser(req);
  const key = await findKeyDetails(db, userId, id);
  if (!key) throw notFound();
  const { newKey, problems = {} } = shown;
  const refusal = refusalToSay(key, shown);
  const { rows } = await listActivity(db, userId, {
    length: FEW_EVENTS,
    filter: { keyId: id },
  });
  const name = visible(key.label) || `${key.prefix}…`;
  const title = newKey === undefined ? name : `API key created · ${name}`;
  render(req, res, 'profile/api-keys/key', [title, 'API Keys', 'My Profile'], {
    key,
    name,
    timeZone,
    state: describeState(key, timeZone),
    rotation: describeRotation({ key, ...key }, key.readAt, timeZone),
    start: isReplaceable(key) && newKey === undefined ? describeStart(key) : undefined,
    addressRules: {
      max: MAX_KEY_ADDRESSES,
      days: KEY_ADDRESS_DAYS,
      minutes: KEY_ADDRESS_MINUTES,
    },
    noteLength: MAX_NOTE_CHARACTERS,
    edit: editForm(req, key, timeZone, shown),
    rotate: rotateForm(req, key, timeZone, shown),
    refusedRotation: refusedRotation(key),
    pauseMinutes: PAUSE_MINUTES,
    activity: rows.map((row) => ({ ...row, what: describe(row) })),
    newKey,
    newKeyId: id,
    siteUrl: siteUrl(req),
    newKeyNote: newKey === undefined ? undefined : describeOldKey(key),
    notice: refusal && noticeOf(refusal, key),
    problems: refusal ? {} : problems,
  });
}

/** Where the key no longer has the form that was sent, the reason is shown, not the problems of its fields. */
function refusalToSay(
  key: KeyDetails,
  { refusal, edit, rotate }: Shown,
): ActionRefusal | undefined {
  if (refusal) return refusal;
  if (edit) return refusalOf('edit', key.stage);
  return rotate && rotationRefusal(key);
}

/** Undefined where nothing of the key can be changed. */
function editForm(req: Request, key: KeyDetails, timeZone: string, { edit }: Shown): Page['edit'] {
  if (refusalOf('edit', key.stage)) return undefined;
  const { label, note, expiresAt } = key;
  const [date = '', time = ''] = expiresAt ? minute(expiresAt, timeZone).split(' ') : [];
  const present = { label, note, expires: 'keep', expires_date: date, expires_time: time };
  const isFilledIn = req.query.expires !== undefined;
  return {
    form: edit ?? (isFilledIn ? fieldsInQuery(req, '/profile/api-keys/:id') : present),
    choices: [
      { value: 'keep', text: expiresAt ? `Keep: ${date} ${time}` : 'Keep: never' },
      ...expiries.filter(({ lifetime }) => lifetime !== null),
      { value: 'date', text: 'On a date…' },
      ...expiries.filter(({ lifetime }) => lifetime === null),
    ],
  };
}

/** Undefined where the key can't be rotated. */
function rotateForm(
  req: Request,
  key: KeyDetails,
  timeZone: string,
  { rotate }: Shown,
): Page['rotate'] {
  if (rotationRefusal(key)) return undefined;
  const { createdAt, expiresAt } = key;
  const sent = rotate ?? fieldsInQuery(req, '/profile/api-keys/:id/rotate');
  const same = expiresAt && {
    value: 'same',
    text: `As long as this key: ${length(createdAt, expiresAt, timeZone)}`,
  };
  return {
    form: {
      new_expires: sent.new_expires || (same?.value ?? closestExpiry(key)),
      overlap: sent.overlap || defaultOverlap,
      request_id: randomUUID(),
    },
    choices: [...(same ? [same] : []), ...expiries],
    overlaps,
    isUnusedSuccessor: isReplaceable(key),
    unusedSuccessor: remainingSuccessor(key)?.prefix,
  };
}

/** Whether this key replaces another one, was never used, and would itself be replaced. */
function isReplaceable({ predecessor, lastUsedAt }: KeyDetails): boolean {
  return predecessor !== null && !lastUsedAt && !refusalOf('rotate', predecessor.stage);
}

/** Why a key can't be rotated, with what to do instead; undefined where there is nothing to do. */
function refusedRotation(key: KeyDetails): Notice | undefined {
  const refusal = rotationRefusal(key);
  return refusal && refusal !== 'removed' ? noticeOf(refusal, key) : undefined;
}

function rotationRefusal({ stage, successor }: KeyDetails): ActionRefusal | undefined {
  const cell = rotations[!successor ? 'none' : successor.lastUsedAt ? 'used' : 'unused'];
  return refusalOf('rotate', stage) ?? (cell === 'ok' ? undefined : cell);
}

/** Why an action did nothing, with a link to what can be done instead. */
function noticeOf(refusal: ActionRefusal, key: KeyDetails): Notice {
  const { text } = actionRefusals[refusal];
  const link = linkOf(refusal, key);
  return { text, good: false, ...(link && { link }) };
}

function linkOf(refusal: ActionRefusal, key: KeyDetails): Notice['link'] {
  const { label, successor } = key;
  if (refusal === 'expired') {
    const query = new URLSearchParams({ label: cutSecrets(label), expires: closestExpiry(key) });
    return { url: `/profile/api-keys?${query}`, text: 'Create a key like it' };
  }
  if (refusal === 'successor used' && successor) {
    return { url: keyUrl(successor.id), text: `${successor.prefix}…` };
  }
  return undefined;
}

/** What happens to the key that a new one replaces. */
function describeOldKey(key: KeyDetails): string {
  if (key.overlap === 0) return 'The old key has been removed.';
  return describeStart(key) ?? 'The old key works until you remove it.';
}
