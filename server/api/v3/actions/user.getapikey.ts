import { randomUUID } from 'node:crypto';
import { MAX_KEYS_VIA_API } from '../../../../db/api-keys/create.ts';
import { createKey } from '../../../api-keys/create.ts';
import { parseLabel } from '../../../api-keys/label.ts';
import { logInWith } from '../../../auth/check-password.ts';
import { waitSentence } from '../../../auth/rate-limit.ts';
import type { OpenAction } from '../action.ts';
import { ApiError } from '../errors.ts';
import type { Given } from '../parameters.ts';

const MAX_HOURS = 8760;

export const userGetapikey: OpenAction = {
  name: 'user.getapikey',
  description: 'Creates a key for a user, given user name and password.',
  needs: 'nothing',
  changes: true,
  throws: ['AUTHFAIL', 'NEEDTOKEN', 'PASSWORDEXPIRED', 'KEYLIMIT'],
  takes: {
    username: { type: 'string', required: true, description: 'As for log in' },
    password: { type: 'string', required: true, description: 'As for log in' },
    label: { type: 'string', description: 'A name for the key' },
    expires: {
      type: 'numeric',
      default: 168,
      description: `Lifetime in hours, up to ${MAX_HOURS}; 0 means never expires. Default 168.`,
    },
  },
  async answer(call) {
    const request = keyRequest(call.given);
    const credentials = {
      username: call.given.text('username'),
      password: call.given.text('password'),
    };
    const from = call.client();
    const loggedIn = await logInWith(call, credentials, from, async (user) => {
      const created = await createKey(call.db, user, request, from);
      return created.outcome === 'owner changed' ? undefined : { ...created, user };
    });
    if (loggedIn.outcome === 'throttled') throw new ApiError(14, waitSentence(loggedIn.seconds));
    if (loggedIn.outcome === 'wrong') throw new ApiError(4);
    if (loggedIn.result.outcome !== 'created') throw new ApiError(8, LIMIT_REACHED);
    return { USERNAME: loggedIn.result.user.username, API_KEY: loggedIn.result.secret };
  },
};

const LIMIT_REACHED =
  `This user has ${MAX_KEYS_VIA_API} active keys that were created through the API, ` +
  'which is the limit. Remove one first.';

function keyRequest(given: Given) {
  const label = parseLabel(given.text('label'));
  if ('problem' in label) throw new ApiError(8, label.problem);
  const hours = given.number('expires') ?? 0;
  if (hours < 0 || hours > MAX_HOURS) throw new ApiError(8, `expires is 0 to ${MAX_HOURS} hours.`);
  return {
    label: label.value,
    lifetime: hours === 0 ? null : { hours },
    timeZone: 'UTC',
    requestId: randomUUID(),
    via: 'API',
  } as const;
}
