import type { IncomingMessage } from 'node:http';
import { isIP, SocketAddress } from 'node:net';
import type { Request } from 'express';
import proxyaddr from 'proxy-addr';
import type { Client } from '../../db/events.ts';

const USER_AGENT_LENGTH = 256;
/** The longest address, with a zone, in brackets and with a port, is shorter. */
const ADDRESS_LENGTH = 96;

/** Whether an address, so many hops away, is that of a trusted proxy. */
export type Trust = (address: string | undefined, hops: number) => boolean;

/** @param trustProxy false, a number of proxies, or their addresses. */
export function trusting(trustProxy: false | number | string[]): Trust {
  if (Array.isArray(trustProxy)) {
    const isTrusted = proxyaddr.compile(trustProxy);
    return (address, hops) => address !== undefined && isTrusted(withoutPort(address), hops);
  }
  return (_address, hops) => hops < Number(trustProxy);
}

/** Who sent a request. Its client takes time to find, so it is found only where it is needed. */
export interface Sender {
  /** What the address is read from: requests with the same text have the same address. */
  source: string;
  client(): Client;
}

/** How many characters at the end of X-Forwarded-For are compared. */
const SOURCE_LENGTH = 256;

/** The sender of a request that came through Express. */
export function sender(req: Request): Sender {
  return { source: sourceOf(req), client: () => client(req) };
}

/** As `sender`, for a request that did not come through Express. */
export function senderBehind(trust: Trust, req: IncomingMessage): Sender {
  return { source: sourceOf(req), client: () => clientBehind(trust, req) };
}

function sourceOf({ socket, headers }: IncomingMessage): string {
  const forwarded = String(headers['x-forwarded-for'] ?? '').slice(-SOURCE_LENGTH);
  return `${socket.remoteAddress} ${forwarded}`;
}

/**
 * The address and the user agent of a request, and the device of its session, if it has one. The
 * address is null where a trusted proxy passes on something else.
 */
export function client(req: Request): Client {
  const deviceId = req.session?.deviceId;
  return { ...describe(req, req.ip), ...(deviceId !== undefined && { deviceId }) };
}

/** As `client`, for a request that did not come through Express. */
export function clientBehind(trust: Trust, req: IncomingMessage): Client {
  return describe(req, proxyaddr(req, trust));
}

function describe({ headers }: IncomingMessage, address = ''): Client {
  return {
    ip: plainAddress(withoutPort(address)),
    userAgent: (headers['user-agent'] ?? '').slice(0, USER_AGENT_LENGTH),
  };
}

/**
 * An address in its usual spelling, without a zone. IPv4 written as IPv6 becomes IPv4: otherwise all
 * such clients would be in one network. Null for anything else.
 */
function plainAddress(written: string): string | null {
  const address = written.replace(/%.*$/, '');
  const version = isIP(address);
  if (version === 0) return null;
  // IPv4 has only one spelling.
  if (version === 4) return address;
  return new SocketAddress({ address, family: 'ipv6' }).address.replace(/^::ffff:(?=\d+\.)/, '');
}

/**
 * An address as proxies write it in X-Forwarded-For, without a port: `203.0.113.7:50002` (Azure
 * Application Gateway, IIS), `[2001:db8::1]:443` and `[2001:db8::1]` (as in a URL).
 */
function withoutPort(written: string): string {
  const address = written.slice(0, ADDRESS_LENGTH);
  const [, bare] =
    /^\[([^\]]*)\](?::\d+)?$/.exec(address) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(address) ?? [];
  return bare ?? address;
}
