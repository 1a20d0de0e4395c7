import type { Request, Response } from 'express';
import { isNotDone, withNotDone } from '../../../forms/form-path.ts';

export const PAGE = '/profile/password';

/** The page to return to after a form that was not acted upon; its buttons are on another page. */
export function showPage(req: Request, res: Response) {
  res.redirect(303, isNotDone(req.originalUrl) ? withNotDone(PAGE) : PAGE);
}
