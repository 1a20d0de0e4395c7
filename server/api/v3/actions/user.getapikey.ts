import { randomUUID } from 'node:crypto';
import { insertKey, MAX_ACTIVE_KEYS } from '../../../../db/api-keys/create.ts';
import { lockUser } from '../../../../db/users.ts';
import { parseLabel } from '../../../api-keys/label.ts';
import { digestOf, makeSecret, prefixOf } from '../../../api-keys/secret.ts';
import { logInWith } from '../../../auth/credentials.ts';
import { waitSentence } from '../../../auth/throttle.ts';
import type { OpenAction } from '../action.ts';
import { ApiError } from '../errors.ts';
import type { Given } from '../parameters.ts';

const MAX_HOURS = 8760;

export const userGetapikey: OpenAction = {
  name: 'user.getapikey',
  description: 'Makes a new key for whoever gives their user name and password.',
  needs: 'nothing',
  takes: {
    username: { type: 'string', required: true, description: 'As for log in' },
    password: { type: 'string', required: true, description: 'As for log in' },
    label: { type: 'string', description: 'What to call the key' },
    expires: {
      type: 'numeric',
      default: 168,
      description: `Hours that the key will live, up to ${MAX_HOURS}; 0 is for ever, 168 when not sent`,
    },
  },
  async answer(call) {
    const key = newKey(call.given);
    const credentials = {
      username: call.given.text('username'),
      password: call.given.text('password'),
    };
    const from = call.client();
    const made = await logInWith(call, credentials, from, (user) =>
      call.db.transaction().execute(async (trx) => {
        if (!(await lockUser(trx, user.id, user.passwordDigest))) return undefined;
        const outcome = await insertKey(trx, user.id, key, from);
        return { outcome, username: user.username };
      }),
    );
    if (made.outcome === 'throttled') throw new ApiError(14, waitSentence(made.seconds));
    if (made.outcome === 'wrong') throw new ApiError(4);
    if (made.result.outcome !== 'made') throw new ApiError(8, TOO_MANY);
    return { USERNAME: made.result.username, API_KEY: key.secret };
  },
};

const TOO_MANY = `This user has ${MAX_ACTIVE_KEYS} active keys, and that is the most. Remove one first.`;

function newKey(given: Given) {
  const label = parseLabel(given.text('label'));
  if ('problem' in label) throw new ApiError(8, label.problem);
  const hours = given.number('expires') ?? 0;
  if (hours < 0 || hours > MAX_HOURS) throw new ApiError(8, `expires is 0 to ${MAX_HOURS} hours.`);
  const secret = makeSecret();
  return {
    label: label.value,
    lifetime: hours === 0 ? null : { hours },
    timeZone: 'UTC',
    secret,
    prefix: prefixOf(secret),
    digest: digestOf(secret),
    requestId: randomUUID(),
    via: 'API',
  } as const;
}
