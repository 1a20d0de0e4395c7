import type { Asked } from './action.ts';
import { type Envelope, failed } from './envelope.ts';
import { ApiError } from './errors.ts';
import { type Parameters, toParameters } from './parameters.ts';
import { run } from './run.ts';
import { actionNamed, fromV1 } from './v1.ts';

export const MAX_REQUESTS = 25;
/** Programs do not wait longer. */
const TIMEOUT_MS = 20_000;
/** The first creates keys without a key, the second could be nested without end. */
const NEVER_INSIDE = ['user.getapikey', 'batch'];

/** Runs several actions in order. For an error of the batch itself, returns one envelope. */
export async function runBatch(
  asked: Asked,
  parameters: Parameters,
  timeoutMs = TIMEOUT_MS,
): Promise<Envelope[]> {
  const name = String(parameters.get('api_action'));
  try {
    const requests = parseRequests(asked, parameters.get('api_requestarray'));
    return await runEach(asked, requests, performance.now() + timeoutMs);
  } catch (error) {
    if (error instanceof ApiError) return [failed(name, error)];
    throw error;
  }
}

async function runEach(asked: Asked, requests: Parameters[], deadline: number) {
  const envelopes: Envelope[] = [];
  for (const request of requests) {
    if (performance.now() >= deadline) {
      envelopes.push(failed(String(request.get('api_action') ?? ''), new ApiError(12)));
      break;
    }
    envelopes.push(await run(asked, request));
  }
  return envelopes;
}

function parseRequests({ actions }: Asked, json: unknown): Parameters[] {
  if (json === undefined || json === '') throw new ApiError(6, 'api_requestArray');
  const requests = parseJson(String(json));
  if (!Array.isArray(requests) || !requests.every(isObject)) throw new ApiError(11);
  if (requests.length > MAX_REQUESTS) throw new ApiError(10);
  const parsed = requests.map((request) => toParameters(fromV1(Object.entries(request))));
  for (const request of parsed) {
    const sent = String(request.get('api_action')).toLowerCase();
    const name = actionNamed(actions, sent)?.name ?? sent;
    if (NEVER_INSIDE.includes(name)) throw new ApiError(1, `${name} can't be in a batch.`);
  }
  return parsed;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(11);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
