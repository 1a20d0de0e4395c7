import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Request } from 'express';
import proxyaddr from 'proxy-addr';
import type { Client } from '../../db/events.ts';

const USER_AGENT_LENGTH = 256;
/** No address is longer, with a zone after it. */
const ADDRESS_LENGTH = 64;

/** Whether the sender of a request, so many hops away, is a proxy whose word counts. */
export type Trust = (address: string, hops: number) => boolean;

/** @param trustProxy false, a number of proxies, or their addresses. */
export function trusting(trustProxy: false | number | string[]): Trust {
  if (Array.isArray(trustProxy)) return proxyaddr.compile(trustProxy);
  return (_address, hops) => hops < Number(trustProxy);
}

/** Who sent a request. A proxy we trust may still pass on nonsense for an address: then null. */
export function client(req: Request): Client {
  return describe(req, req.ip);
}

/** As `client`, for a request that did not come through Express. */
export function clientBehind(trust: Trust, req: IncomingMessage): Client {
  return describe(req, proxyaddr(req, trust));
}

function describe({ headers }: IncomingMessage, address = ''): Client {
  const ip = address.slice(0, ADDRESS_LENGTH).replace(/^::ffff:(?=\d+\.)/, '');
  return {
    ip: isIP(ip) ? ip.replace(/%.*$/, '') : null,
    userAgent: (headers['user-agent'] ?? '').slice(0, USER_AGENT_LENGTH),
  };
}
