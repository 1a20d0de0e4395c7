import type { Loads } from './loads.ts';
import { type Comparison, throughput } from './rows.ts';

export type CheckLoad = keyof Loads | 'verifyWithLogIns' | 'knownName' | 'unknownName';

/** The comparisons of the table. */
export const comparisons: Comparison<CheckLoad>[] = [
  {
    what: '`/auth/verify`, good keys, 1,000,000 in the table',
    against: 'plain node:http, an answer of the same size',
    ratio: throughput('verify', 'plain'),
    atLeast: 0.6,
  },
  {
    what: 'the same',
    against: 'Express 5, an empty route with the same answer',
    ratio: throughput('verify', 'express'),
    atLeast: 3.5,
  },
  {
    what: 'the same',
    against: 'better-auth’s `verifyApiKey` in an Express route',
    ratio: throughput('verify', 'betterAuth'),
    atLeast: 25,
  },
  {
    what: 'the same, at 1,000,000 keys',
    against: 'at 1,000 keys',
    ratio: throughput('verify', 'verifyOfFew'),
    atLeast: 0.9,
  },
  {
    what: '`/auth/verify`, junk keys',
    against: 'plain node:http, an answer of the same size',
    ratio: throughput('junk', 'plainRefusal'),
    atLeast: 0.7,
  },
  {
    what: '`test.echo` through v3 (GET)',
    against: 'Express 5, an empty route with the same body',
    ratio: throughput('echo', 'expressForEcho'),
    atLeast: 0.6,
  },
  {
    what: 'p99 of `/auth/verify` while 20 log ins hash',
    against: 'idle',
    ratio: (round) => round.verifyWithLogIns.p99 / round.verify.p99,
    atMost: 3,
  },
  {
    what: 'wrong passwords refused per second, for a known name',
    against: 'for an unknown one',
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
