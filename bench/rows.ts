import type { Outcome } from './load.ts';
import type { Loads } from './loads.ts';

export type Round = Record<keyof Loads | 'verifyWithLogIns' | 'knownName' | 'unknownName', Outcome>;

export interface Row {
  what: string;
  against: string;
  /** The median of the rounds. */
  ratio: number;
  lowest: number;
  highest: number;
  target: string;
  isReached: boolean;
}

/** The table of what is compared with what. */
const comparisons = [
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
    what: 'p99 of `/auth/verify` while 20 log-ins hash',
    against: 'idle',
    ratio: (round: Round) => round.verifyWithLogIns.p99 / round.verify.p99,
    atMost: 3,
  },
  {
    what: 'refusing a wrong password: how often a second for a known name',
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
] satisfies Comparison[];

interface Comparison {
  what: string;
  against: string;
  ratio(round: Round): number;
  atLeast?: number;
  atMost?: number;
}

/** One ratio for each round, so that a slow spell of the machine meets both of its sides. */
export function compare(rounds: Round[]): Row[] {
  return comparisons.map(({ what, against, ratio, atLeast, atMost }: Comparison) => {
    const ratios = rounds.map(ratio).sort((a, b) => a - b);
    const median = at(ratios, 0.5);
    return {
      what,
      against,
      ratio: median,
      lowest: at(ratios, 0),
      highest: at(ratios, 1),
      target: [atLeast && `≥ ${atLeast}`, atMost && `≤ ${atMost}`].filter(Boolean).join(', '),
      isReached: median >= (atLeast ?? 0) && median <= (atMost ?? Infinity),
    };
  });
}

export function toMarkdown(rows: Row[]): string {
  const lines = rows.map(({ what, against, ratio, lowest, highest, target, isReached }) =>
    cells(
      ...[what, against, target, `**${round(ratio)}**`, `${round(lowest)} to ${round(highest)}`],
      target === '' ? '' : isReached ? 'reached' : 'short',
    ),
  );
  return [
    cells('what', 'against', 'target', 'median', 'rounds', ''),
    cells('---', '---', '---', '---', '---', '---'),
    ...lines,
  ].join('\n');
}

function throughput(ours: keyof Round, theirs: keyof Round) {
  return (round: Round) => round[ours].perSecond / round[theirs].perSecond;
}

function at(sorted: number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

function cells(...texts: string[]): string {
  return `| ${texts.join(' | ')} |`;
}

function round(ratio: number): string {
  return ratio.toFixed(ratio < 10 ? 2 : 1);
}
