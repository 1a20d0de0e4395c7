import { DEFAULT_OVERLAP, type Overlap } from '../../db/api-keys/rotate.ts';

interface OverlapChoice {
  value: string;
  text: string;
  overlap: Overlap;
  /** What `spanOf` returns. */
  span?: string;
}

/** How long the key that is replaced keeps working, as the form offers it. */
export const overlaps: readonly OverlapChoice[] = [
  { value: '0', text: 'none: remove it now', overlap: 0 },
  { value: '1', text: '1 hour', overlap: 1, span: 'the hour' },
  { value: '24', text: '24 hours', overlap: 24, span: 'the 24 hours' },
  { value: '168', text: '7 days', overlap: 168, span: 'the 7 days' },
  { value: 'until-removed', text: 'until I remove it', overlap: 'until removed' },
];

/** The choice with this value, if the form offers it. */
export function findOverlap(value: string): OverlapChoice | undefined {
  return overlaps.find((choice) => choice.value === value);
}

/** The choice that is selected by default. */
export const defaultOverlap = String(DEFAULT_OVERLAP);

/** The time that begins with the first use of the new key, such as `the 24 hours`; undefined for none. */
export function spanOf(overlap: Overlap | null): string | undefined {
  return overlaps.find((choice) => choice.overlap === overlap)?.span;
}
