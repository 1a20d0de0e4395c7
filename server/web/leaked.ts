import { type Request, type Response, Router } from 'express';
import { reportLeakedKey } from '../../db/api-keys/remove.ts';
import type { Database } from '../../db/database.ts';
import { listNetworks } from '../../db/known-addresses.ts';
import { digestOf, findFault, listSecrets, SECRET_LENGTH } from '../api-keys/secret.ts';
import { waitSentence, withReportLimit } from '../auth/rate-limit.ts';
import { refuseForeignPosts } from '../forms/csrf.ts';
import { readForm, refuseAmbiguousForms } from '../forms/fields.ts';
import { client } from '../http/client.ts';
import { MAX_REPORT_BYTES, readForms } from '../http/request-limits.ts';
import { render } from '../pages/render.ts';

/**
 * Removes a key that somebody has found. The key itself is the authority, so there is no session, no
 * cookie and no form token. The answer does not say whether it was a key of this service.
 */
export function leaked(db: Database, config: { publicUrl: string | undefined }): Router {
  return Router()
    .get('/', (req, res) => renderForm(req, res))
    .post(
      '/',
      refuseForeignPosts(config),
      readForms(MAX_REPORT_BYTES),
      refuseAmbiguousForms,
      report,
    );

  async function report(req: Request, res: Response) {
    const { key: typed } = readForm(req, '/leaked');
    const [secret, ...others] = listSecrets(typed);
    if (secret === undefined) return refuse(req, res, 422, NO_KEY, typed);
    if (others.length > 0) return refuse(req, res, 422, 'Paste one key at a time.');
    const fault = findFault(secret);
    if (fault !== undefined) return refuse(req, res, 422, fault, typed);
    const networks = await listNetworks(db, client(req).ip);
    const limited = await withReportLimit(db, networks, async () => {
      const outcome = await reportLeakedKey(db, digestOf(secret));
      return outcome === 'unknown' ? undefined : outcome;
    });
    if ('retryAfterSeconds' in limited) {
      res.set('Retry-After', String(limited.retryAfterSeconds));
      return refuse(req, res, 429, waitSentence(limited.retryAfterSeconds));
    }
    const text = 'If this was a key of this service, it no longer works.';
    renderForm(req, res, { notice: { text, good: true } });
  }
}

const NO_KEY = `This is not an API key: keys begin with lmk and have ${SECRET_LENGTH} letters and digits.`;

/** @param typed shown again, to be corrected; never a whole key */
function refuse(req: Request, res: Response, status: number, problem: string, typed = '') {
  res.status(status);
  renderForm(req, res, { typed, problems: { key: problem } });
}

function renderForm(
  req: Request,
  res: Response,
  locals: Partial<Parameters<typeof render<'leaked'>>[4]> = {},
) {
  render(req, res, 'leaked', ['Report a leaked key'], { typed: '', problems: {}, ...locals });
}
