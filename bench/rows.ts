import type { Outcome } from './load.ts';

export interface Row {
  what: string;
  against: string;
  /** The median of the rounds. */
  ratio: number;
  lowest: number;
  highest: number;
  atLeast?: number | undefined;
  atMost?: number | undefined;
  isReached: boolean;
}

/** Two loads that are compared; the ratio is taken in each round. */
export interface Comparison<Load extends string> {
  what: string;
  against: string;
  ratio(round: Round<Load>): number;
  atLeast?: number;
  atMost?: number;
}

/** The outcomes of each load in one round. */
export type Round<Load extends string> = Record<Load, Outcome>;

/** One ratio for each round, so that a slow period of the machine affects both sides. */
export function compare<Load extends string>(
  comparisons: Comparison<Load>[],
  rounds: Round<Load>[],
): Row[] {
  return comparisons.map(({ what, against, ratio, atLeast, atMost }) => {
    const { lowest, median, highest } = spread(rounds.map(ratio));
    return {
      what,
      against,
      ratio: median,
      lowest,
      highest,
      atLeast,
      atMost,
      isReached: median >= (atLeast ?? 0) && median <= (atMost ?? Infinity),
    };
  });
}

export function toMarkdown(rows: Row[]): string {
  const lines = rows.map((row) =>
    cells(
      ...[row.what, row.against, targetOf(row), `**${formatRatio(row.ratio)}**`],
      ...[`${formatRatio(row.lowest)} to ${formatRatio(row.highest)}`, resultOf(row)],
    ),
  );
  return [
    cells('what', 'against', 'target', 'median', 'rounds', ''),
    cells('---', '---', '---', '---', '---', '---'),
    ...lines,
  ].join('\n');
}

export function targetOf({ atLeast, atMost }: Row): string {
  return [atLeast && `≥ ${atLeast}`, atMost && `≤ ${atMost}`].filter(Boolean).join(', ');
}

/** Empty without a target. */
export function resultOf(row: Row): '' | 'reached' | 'short' {
  if (targetOf(row) === '') return '';
  return row.isReached ? 'reached' : 'short';
}

export function throughput<Load extends string>(measured: Load, reference: Load) {
  return (round: Round<Load>) => round[measured].perSecond / round[reference].perSecond;
}

/** How much less CPU time a request costs the server. */
export function cpu<Load extends string>(measured: Load, reference: Load) {
  return (round: Round<Load>) => round[reference].cpu / round[measured].cpu;
}

export function median(numbers: number[]): number {
  return spread(numbers).median;
}

export function spread(numbers: number[]) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return { lowest: at(sorted, 0), median: at(sorted, 0.5), highest: at(sorted, 1) };
}

function at(sorted: number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

function cells(...texts: string[]): string {
  return `| ${texts.join(' | ')} |`;
}

export function formatRatio(ratio: number): string {
  return ratio.toFixed(ratio < 10 ? 2 : 1);
}
