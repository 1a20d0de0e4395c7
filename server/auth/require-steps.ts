import type { RequestHandler } from 'express';
import type { Database } from '../../db/database.ts';
import { formPath, withNext } from '../forms/form-path.ts';
import { localPath } from '../forms/local-path.ts';
import { leaveNotice } from '../pages/notices.ts';
import type { DueStep } from './due-step.ts';
import { signOut } from './sign-in.ts';

/** Where each step is taken. */
const pages = {
  'change password': '/login/password',
  'set up two-factor': '/login/set-up',
} as const satisfies Record<DueStep, string>;

/**
 * While a step of the log in is due, opens only its page and `log out`; everything else leads to that
 * page, and from there back. A log in that takes longer than a password stays recent starts again.
 */
export function requireSteps(db: Database): RequestHandler {
  return async (req, res, next) => {
    // `OPTIONS *` has no session.
    const { dueStep, isPasswordRecent } = req.session ?? {};
    if (dueStep === undefined || req.path === '/logout') return next();
    const page = pages[dueStep];
    const isItsPage = req.path === page || req.path.startsWith(`${page}/`);
    if (isPasswordRecent && isItsPage) return next();
    const target = isItsPage ? localPath(req.query.next ?? req.body?.next) : formPath(req);
    if (isPasswordRecent) return res.redirect(303, withNext(page, target));
    await signOut(db, req);
    leaveNotice(res, 'log-in-over');
    res.redirect(303, withNext('/login', target));
  };
}

/** Opens the page of a step only while that step is due. Otherwise nothing is done. */
export function requireDueStep(step: DueStep): RequestHandler {
  return (req, res, next) => {
    const { dueStep, user } = req.session;
    if (dueStep === step) return next();
    const target = localPath(req.query.next ?? req.body?.next);
    if (user) return res.redirect(303, target ?? '/');
    if (req.method === 'POST') leaveNotice(res, 'log-in-over');
    res.redirect(303, withNext('/login', target));
  };
}
