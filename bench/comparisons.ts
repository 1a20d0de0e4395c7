import type { Loads } from './loads.ts';
import { type Comparison, cpu, throughput } from './rows.ts';

export type CheckLoad = keyof Loads | 'verifyWithLogIns' | 'knownName' | 'unknownName';

/** The comparisons of the table. */
export const comparisons: Comparison<CheckLoad>[] = [
  {
    what: '`/auth/verify`, good keys, 1,000,000 in the table, by requests',
    against: 'plain node:http, an answer of the same size',
    ratio: throughput('verify', 'plain'),
    atLeast: 0.55,
  },
  {
    what: 'the same, by CPU of the server',
    against: 'the same',
    ratio: cpu('verify', 'plain'),
    atLeast: 0.62,
  },
  {
    what: '`/auth/verify`, good keys, 1,000,000 in the table',
    against: 'Express 5, an empty route with the same answer',
    ratio: throughput('verify', 'express'),
    atLeast: 3.5,
  },
  {
    what: 'the same',
    against: 'the usual stack: Express, passport-headerapikey and pg',
    ratio: throughput('verify', 'usualStack'),
    atLeast: 2.5,
  },
  {
    what: 'the same',
    against: 'better-auth’s `verifyApiKey` in an Express route',
    ratio: throughput('verify', 'betterAuth'),
    atLeast: 20,
  },
  {
    what: 'the same',
    against: 'nginx with Lua and Redis: no expiry, permissions or durability',
    ratio: throughput('verify', 'luaRedis'),
  },
  {
    what: 'the same',
    against: 'the same with 1,000 in the table',
    ratio: throughput('verify', 'verifyOfFew'),
    atLeast: 0.85,
  },
  {
    what: 'nginx that asks `/auth/verify` about each request',
    against: 'the same nginx, which lets everything through',
    ratio: throughput('gateway', 'openGateway'),
  },
  {
    what: '`/auth/verify`, junk keys',
    against: 'plain node:http, an answer of the same size',
    ratio: throughput('junk', 'plainRefusal'),
    atLeast: 1,
  },
  {
    what: 'the same',
    against: 'the same, requests that arrive together answered together',
    ratio: throughput('junk', 'plainRefusalTogether'),
  },
  {
    what: '`test.echo` through v3 (GET)',
    against: 'Express 5, an empty route with the same body',
    ratio: throughput('echo', 'expressForEcho'),
    atLeast: 0.6,
  },
  {
    what: 'p99 of `/auth/verify` while 20 log ins hash',
    against: 'the same without log ins',
    ratio: (round) => round.verifyWithLogIns.p99 / round.verify.p99,
    atMost: 3,
  },
  {
    what: 'wrong passwords refused per second, for a known name',
    against: 'the same for an unknown one',
    ratio: throughput('knownName', 'unknownName'),
    atLeast: 0.9,
    atMost: 1.1,
  },
  {
    what: 'for orientation: plain node:http',
    against: 'Express 5, an empty route with the same answer',
    ratio: throughput('plain', 'express'),
  },
];
