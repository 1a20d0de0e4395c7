import { randomUUID } from 'node:crypto';
import { MAX_KEYS_VIA_API } from '../../../../db/api-keys/create.ts';
import type { User } from '../../../../db/users.ts';
import { type Created, createKey } from '../../../api-keys/create.ts';
import { parseLabel } from '../../../api-keys/label.ts';
import { program } from '../../../auth/caller.ts';
import { logInWith } from '../../../auth/check-password.ts';
import { type DueStep, dueStepOf } from '../../../auth/due-step.ts';
import { waitSentence } from '../../../auth/rate-limit.ts';
import type { CodeOutcome } from '../../../auth/two-factor/accept-code.ts';
import { checkCode } from '../../../auth/two-factor/check-code.ts';
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
    token: {
      type: 'string',
      description: 'A code of two-factor authentication, if the user has enabled it',
    },
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
    const token = call.given.text('token');
    const loggedIn = await logInWith(call, credentials, program(from), use, signalOf);
    if (loggedIn.outcome === 'throttled') throw new ApiError(14, waitSentence(loggedIn.seconds));
    if (loggedIn.outcome === 'wrong') throw new ApiError(4);
    const { result } = loggedIn;
    if (result.outcome === 'throttled') throw new ApiError(14, waitSentence(result.seconds));
    if (result.outcome === 'missing') throw new ApiError(44);
    if (result.outcome === 'wrong' || result.outcome === 'used') throw new ApiError(4);
    if (result.outcome === 'step due') throw new ApiError(8, stepSentences[result.step]);
    if (result.outcome !== 'created') throw new ApiError(8, LIMIT_REACHED);
    return { USERNAME: result.user.username, API_KEY: result.secret };

    async function use(user: User) {
      const code = await checkCode(call, user, token, from);
      if (code?.outcome !== 'right') return code;
      const step = dueStepOf(user, call.policy);
      if (step !== undefined) return { outcome: 'step due', step } as const;
      const created = await createKey(call.db, user, request, from);
      return created.outcome === 'owner changed' ? undefined : { ...created, user };
    }
  },
};

/** What the metrics count of a call with a right password. */
function signalOf({
  outcome,
}: {
  outcome: Created['outcome'] | CodeOutcome['outcome'] | 'step due';
}) {
  if (outcome === 'throttled') return outcome;
  if (outcome === 'missing') return 'code needed';
  return outcome === 'wrong' || outcome === 'used' ? 'wrong code' : 'right';
}

const stepSentences = {
  'change password': 'Your password is temporary. Log in to Linode Manager and change it first.',
  'set up two-factor':
    'Two-factor authentication is required. Log in to Linode Manager and set it up first.',
} as const satisfies Record<DueStep, string>;

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
