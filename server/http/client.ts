import { isIP } from 'node:net';
import type { Request } from 'express';
import type { Client } from '../../db/events.ts';

const USER_AGENT_LENGTH = 256;

/** Who sent a request. A proxy we trust may still pass on nonsense for an address: then null. */
export function client(req: Request): Client {
  const ip = req.ip?.replace(/^::ffff:(?=\d+\.)/, '') ?? '';
  return {
    ip: isIP(ip) ? ip.replace(/%.*$/, '') : null,
    userAgent: (req.get('user-agent') ?? '').slice(0, USER_AGENT_LENGTH),
  };
}
