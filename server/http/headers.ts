import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import helmet from 'helmet';

/** A year, in seconds. */
const HSTS_SECONDS = 31_536_000;

type Middleware = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

/** Security headers of every answer. HSTS only where browsers use https. */
export function securityHeaders({ secure }: { secure: boolean }): Middleware {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'script-src': ["'self'"],
        'style-src': ["'self'"],
        'img-src': ["'self'"],
        'connect-src': ["'self'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
        'base-uri': ["'none'"],
      },
    },
    // As `frame-ancestors`, for browsers that do not know it; helmet's default contradicts it.
    frameguard: { action: 'deny' },
    // Not `no-referrer`: with it Chromium sends `Origin: null` with the app's own forms.
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: secure && { maxAge: HSTS_SECONDS, includeSubDomains: false },
  });
}

/**
 * The security headers that apply to an answer without a body, as names and values in turn. Gateway
 * checks send them without the middleware.
 */
export function bodilessSecurityHeaders({ secure }: { secure: boolean }): string[] {
  const nosniff = ['X-Content-Type-Options', 'nosniff'];
  return secure ? [...nosniff, 'Strict-Transport-Security', `max-age=${HSTS_SECONDS}`] : nosniff;
}

/** The answer depends on who asks: no cache may keep it, and the Back button must request it again. */
export const noStore: RequestHandler = (_req, res, next) => {
  res.setHeader('Cache-Control', 'no-store');
  next();
};
