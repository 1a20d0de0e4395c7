import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Request, type Response, Router } from 'express';
import { ENDED_KEY_DAYS } from '../../db/api-keys/ended.ts';
import type { Action } from '../api/v3/action.ts';
import { actions } from '../api/v3/actions.ts';
import { MAX_REQUESTS } from '../api/v3/batch.ts';
import { errors } from '../api/v3/errors.ts';
import { siteUrl } from '../http/site-url.ts';
import { refusalReasons } from '../key-checks/outcomes.ts';
import { describeLife } from '../pages/life-words.ts';
import { render } from '../pages/render.ts';

/** The file that the tests of the gateway run; it is in the image too. */
const gatewayFile = readFileSync(
  path.resolve(import.meta.dirname, '../../docs/gateway/nginx.conf'),
  'utf8',
);

/** What programs can do with a key. Made from the tables of the API itself, so it is never out of date. */
export function documentation(): Router {
  return Router().get('/', showDocumentation);

  function showDocumentation(req: Request, res: Response) {
    const url = siteUrl(req);
    render(req, res, 'documentation', ['Documentation'], {
      url,
      actions: actions.map((action) => ({
        name: action.name,
        description: action.description,
        needs: needsOf(action),
        takes: Object.entries(action.takes).map(([name, taken]) => ({ name, ...taken })),
        curl: curlOf(action, url),
      })),
      errors: Object.entries(errors),
      maxRequests: MAX_REQUESTS,
      endedKeyDays: ENDED_KEY_DAYS,
      reasons: refusalReasons.filter((reason) => reason !== 'ambiguous'),
      life: describeLife(),
      gatewayFile,
    });
  }
}

function needsOf({ needs }: Action): string {
  if (needs === 'nothing') return 'No key is needed.';
  if (needs === 'a key') return 'Any key will do.';
  return `Needs a key whose user has the permission ${needs.permission}.`;
}

/** A command for a shell with `$KEY`, and each required parameter, in variables. */
function curlOf({ name, needs, takes }: Action, url: string): string {
  const required = Object.keys(takes).filter((property) => takes[property]?.required);
  return [
    `curl ${url}/api/`,
    ...(needs === 'nothing' ? [] : ['-H "Authorization: Bearer $KEY"']),
    `-d api_action=${name}`,
    ...required.map((property) => `--data-urlencode "${property}=$${property.toUpperCase()}"`),
  ].join(' ');
}
