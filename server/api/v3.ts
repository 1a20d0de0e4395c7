import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { Database } from '../../db/database.ts';
import type { StepPolicy } from '../auth/due-step.ts';
import type { Passwords } from '../auth/passwords.ts';
import type { Encryption } from '../auth/two-factor/encryption.ts';
import { client, sender } from '../http/client.ts';
import { toHttpError } from '../http/errors.ts';
import { addToLog } from '../http/log.ts';
import { headRefusal } from '../http/request-limits.ts';
import type { KeyChecks, Verdict } from '../key-checks/check.ts';
import { presentedKeys, trimKey } from '../key-checks/presented-keys.ts';
import { isCrossSite } from './cross-site.ts';
import { lifeHeaders } from './life-headers.ts';
import { queryOf } from './query.ts';
import type { Asked } from './v3/action.ts';
import { actions } from './v3/actions.ts';
import { runBatch } from './v3/batch.ts';
import { readForm } from './v3/body.ts';
import { type Envelope, failed, outcomeOf } from './v3/envelope.ts';
import { ApiError, type ErrorCode } from './v3/errors.ts';
import { type Parameters, toParameters } from './v3/parameters.ts';
import { run } from './v3/run.ts';
import { actionNamed, fromV1 } from './v3/v1.ts';

interface Parts {
  config: { publicUrl: string | undefined } & StepPolicy;
  db: Database;
  passwords: Passwords;
  encryption: Encryption | undefined;
  checks: KeyChecks;
  log: Logger;
}

/**
 * The Linode API v3, as programs of 2014 use it: an action and its parameters, by GET or POST, in
 * the URL, in a form, or in both. Errors are HTTP 200 too, except those of the server (5xx).
 */
export function v3(parts: Parts): RequestHandler {
  return async (req, res) => {
    let sent: [string, string][] = [];
    try {
      const refusal = headRefusal(req);
      if (refusal) throw refusal;
      const query = [...queryOf(req)];
      sent = fromV1(query);
      if (!/^(GET|POST)$/.test(req.method)) throw new ApiError(9);
      const isOptional = first(sent, 'api_action') !== '';
      sent = fromV1([...query, ...(await readForm(req, res, { isOptional }))]);
      send(res, sent, 200, await answer(parts, req, res, toParameters(sent)));
    } catch (error) {
      const { status, code, message, headers } = refusalOf(error);
      res.setHeaders(new Map(Object.entries(headers)));
      if (status >= 500) parts.log.error({ err: error, requestId: res.locals.requestId }, 'failed');
      const action = first(sent, 'api_action');
      const envelope = failed(action, { code, message });
      // Programs expect an array for a batch.
      send(res, sent, status, action.toLowerCase() === 'batch' ? [envelope] : envelope);
    }
  };
}

/** The value of a parameter, even where others are invalid; empty when it was not sent. */
function first(sent: [string, string][], name: string): string {
  return sent.find(([anyCase]) => anyCase.toLowerCase() === name)?.[1] ?? '';
}

function answer(
  { config, db, passwords, encryption, checks }: Parts,
  req: Request,
  res: Response,
  parameters: Parameters,
): Promise<Envelope | Envelope[]> {
  const name = String(parameters.get('api_action') ?? '').toLowerCase();
  const format = parameters.get('api_responseformat') ?? 'json';
  if (!/^(json|human)$/i.test(String(format))) throw new ApiError(7, 'api_responseFormat');
  // Only a known name: a key sent in the wrong place must not get into the log.
  addToLog(res, { action: name === 'batch' ? name : actionNamed(actions, name)?.name });
  const asked: Asked = {
    db,
    passwords,
    encryption,
    policy: config,
    actions,
    authenticate: authentication(checks, req, res, parameters),
    client: () => client(req),
    isCrossSite: () => isCrossSite(req.headers, config.publicUrl),
  };
  return name === 'batch' ? runBatch(asked, parameters) : run(asked, parameters);
}

/** Checks the key when it is first needed, once for a whole batch. */
function authentication(
  checks: KeyChecks,
  req: Request,
  res: Response,
  parameters: Parameters,
): Asked['authenticate'] {
  const presented = presentedKeys(req);
  const parameter = trimKey(String(parameters.get('api_key') ?? ''));
  if (parameter !== '') presented.add(parameter);
  let checking: Promise<Verdict> | undefined;

  return async () => {
    checking ??= checks.check(presented, sender(req));
    const verdict = await checking;
    res.setHeaders(new Map(lifeHeaders(verdict)));
    // Without the reason, for programs that compare the text; `/api/whoami` gives it.
    if (!verdict.key) throw new ApiError(4);
    addToLog(res, { user: verdict.key.userId, key: verdict.key.prefix });
    return verdict.key;
  };
}

/** The error as the envelope has it. 503 becomes 14, since programs retry later on 14. */
function refusalOf(error: unknown): Refused {
  if (error instanceof ApiError) {
    return { status: 200, code: error.code, message: error.message, headers: {} };
  }
  const { status, message, headers } = toHttpError(error);
  if (status === 503) return { status, code: 14, message, headers };
  return { status: status < 500 ? 200 : status, code: 1, message, headers };
}

interface Refused {
  status: number;
  code: ErrorCode;
  message: string;
  headers: Record<string, string>;
}

function send(
  res: Response,
  sent: [string, string][],
  status: number,
  answer: Envelope | Envelope[],
): void {
  const isHuman = /^human$/i.test(first(sent, 'api_responseformat'));
  addToLog(res, { outcome: outcomeOf(answer) });
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json;charset=UTF-8');
  res.end(JSON.stringify(answer, null, isHuman ? 2 : 0));
}
