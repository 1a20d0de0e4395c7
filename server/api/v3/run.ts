import { isPermitted } from '../../auth/permissions.ts';
import type { Action, Asked } from './action.ts';
import { type Envelope, failed, succeeded } from './envelope.ts';
import { ApiError } from './errors.ts';
import { Given, type Parameters } from './parameters.ts';
import { actionNamed } from './v1.ts';

/** Runs the action that the parameters name, if it exists and the caller may use it. */
export async function run(asked: Asked, parameters: Parameters): Promise<Envelope> {
  const name = String(parameters.get('api_action') ?? '');
  try {
    if (name === '') throw new ApiError(2);
    const action = actionNamed(asked.actions, name);
    if (!action) throw new ApiError(3);
    if (action.changes && asked.isCrossSite()) {
      throw new ApiError(13, 'a page of another site sent this, so nothing was done.');
    }
    return succeeded(name, await answer(action, asked, parameters));
  } catch (error) {
    if (error instanceof ApiError) return failed(name, error);
    throw error;
  }
}

async function answer(action: Action, asked: Asked, parameters: Parameters): Promise<unknown> {
  if (action.needs === 'nothing') {
    return action.answer({ ...asked, parameters, given: new Given(action.takes, parameters) });
  }
  const key = await asked.authenticate();
  if (action.needs !== 'a key' && !isPermitted(key.permissions, action.needs.permission)) {
    throw new ApiError(13);
  }
  return action.answer({ ...asked, key, parameters, given: new Given(action.takes, parameters) });
}
