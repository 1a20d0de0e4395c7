// A chart as one SVG file: horizontal bars of amounts, or dots on an axis of ratios.

export interface Chart {
  title: string;
  caption: string;
  /** Each has an axis of its own. */
  sections: Section[];
}

export interface Section {
  heading?: string;
  /** Ratios are on a logarithmic axis: half as much is as far from 1 as twice as much. */
  kind: 'amounts' | 'ratios';
  bars: Bar[];
}

export interface Bar {
  /** Empty if it is that of the bar before. */
  label: string;
  note?: string;
  lowest: number;
  median: number;
  highest: number;
  /** The value as text. */
  value: string;
  target?: { atLeast?: number | undefined; atMost?: number | undefined };
  /** `short` of its target; `good` has reached it, or is what the chart is about. */
  is?: 'good' | 'short';
}

const WIDTH = 720;
const MARGIN = 20;
/** The width of the axis; the values are to the right of it. */
const LANE = 560;
const RIGHT = MARGIN + LANE;
const LANE_HEIGHT = 24;

/** In pixels: the size, and the width of an average character, estimated rather too wide. */
const fonts = {
  title: { size: 18, width: 10.5 },
  heading: { size: 15, width: 8.7 },
  label: { size: 14, width: 8 },
  note: { size: 13, width: 7.1 },
} as const;

/** A part of the chart with its full width, below the part before it. */
interface Block {
  height: number;
  draw(top: number): string;
}

/** The SVG draws its own background, light or dark, because it does not know that of the page. */
export function drawChart({ title, caption, sections }: Chart): string {
  const blocks = [
    gap(MARGIN),
    ...textBlocks(title, 'title'),
    ...textBlocks(caption, 'note'),
    ...sections.flatMap(sectionBlocks),
    gap(MARGIN),
  ];
  let height = 0;
  const parts = blocks.map((block) => {
    const part = block.draw(height);
    height += block.height;
    return part;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(describe(sections))}</desc>
<style>${STYLE}</style>
<rect class="ground" width="${WIDTH}" height="${height}" rx="6"/>
${parts.filter((part) => part !== '').join('\n')}
</svg>
`;
}

const STYLE = `
svg { --ground: #fff; --text: #1f2328; --muted: #59636e; --grid: #d8dee4; --plain: #7d8792; --good: #1a7f37; --short: #b35900 }
@media (prefers-color-scheme: dark) {
  svg { --ground: #1b1f24; --text: #f0f3f6; --muted: #a8b1bb; --grid: #3d444d; --plain: #8b949e; --good: #3fb950; --short: #e39a3b }
}
text { font: 13px system-ui, "Helvetica Neue", Arial, sans-serif; fill: var(--text) }
.title { font-size: 18px; font-weight: 600 }
.heading { font-size: 15px; font-weight: 600 }
.label { font-size: 14px }
.value { font-size: 14px; font-weight: 600 }
.note { fill: var(--muted) }
.tick { font-size: 12px; fill: var(--muted); text-anchor: middle }
.ground { fill: var(--ground) }
.grid { stroke: var(--grid) }
.base { stroke: var(--muted) }
.plain { --mark: var(--plain) } .good { --mark: var(--good) } .short { --mark: var(--short) }
.bar { fill: var(--mark) }
.range { stroke: var(--mark); stroke-width: 4; stroke-linecap: round; opacity: .55 }
.whisker { stroke: var(--text); stroke-width: 1.5 }
.target { stroke: var(--text); stroke-width: 2; fill: none }
`;

function sectionBlocks({ heading, kind, bars }: Section): Block[] {
  const axis = kind === 'ratios' ? ratioAxis(bars) : amountAxis(bars);
  return [
    ...(heading ? [gap(16), ...textBlocks(heading, 'heading')] : []),
    ...bars.flatMap((bar) => [
      gap(bar.label ? 14 : 2),
      ...textBlocks(bar.label, 'label'),
      ...textBlocks(bar.note ?? '', 'note'),
      { height: LANE_HEIGHT, draw: (top: number) => lane(top, bar, axis) },
    ]),
    { height: 20, draw: (top) => ticks(top, axis) },
  ];
}

interface Axis {
  /** The value of the reference line. */
  base: number;
  ticks: { at: number; label: string }[];
  /** The pixel of a value; a value outside the axis is at its end. */
  x(value: number): number;
  draw(bar: Bar, middle: number): string;
}

/** Powers of two that enclose all values and 1, but at most from 1/64 to 64. */
function ratioAxis(bars: Bar[]): Axis {
  const powers = valuesOf(bars).map((value) => clamp(Math.log2(value), -6, 6));
  const from = Math.floor(Math.min(-1, ...powers));
  const to = Math.ceil(Math.max(1, ...powers));
  const x = (value: number) =>
    MARGIN + (LANE * (clamp(Math.log2(value), from, to) - from)) / (to - from);
  return {
    base: 1,
    x,
    ticks: Array.from({ length: to - from + 1 }, (_, step) => {
      const at = 2 ** (from + step);
      return { at, label: at < 1 ? `1/${1 / at}` : `${at}` };
    }),
    draw: ({ lowest, median, highest }, middle) =>
      line('range', x(lowest), middle, x(highest), middle) +
      `<circle class="bar" cx="${pixel(x(median))}" cy="${middle}" r="6"/>`,
  };
}

/** From 0, in steps of 1, 2 or 5 times a power of ten. */
function amountAxis(bars: Bar[]): Axis {
  const most = Math.max(Number.MIN_VALUE, ...valuesOf(bars));
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [power / 5, power / 2, power, 2 * power].find((step) => most / step <= 6) ?? power;
  const count = Math.ceil(most / step);
  const x = (value: number) => MARGIN + LANE * clamp(value / (step * count), 0, 1);
  return {
    base: 0,
    x,
    ticks: Array.from({ length: count + 1 }, (_, n) => {
      const at = n * step;
      return { at, label: at.toLocaleString('en', { maximumSignificantDigits: 3 }) };
    }),
    draw: ({ lowest, median, highest }, middle) => {
      const width = pixel(x(median) - MARGIN);
      const bar = `<rect class="bar" x="${MARGIN}" y="${middle - 7}" width="${width}" height="14"/>`;
      return bar + (lowest < highest ? line('whisker', x(lowest), middle, x(highest), middle) : '');
    },
  };
}

function valuesOf(bars: Bar[]): number[] {
  return bars
    .flatMap(({ lowest, median, highest, target }) => [
      ...[lowest, median, highest],
      ...[target?.atLeast, target?.atMost].filter((value) => value !== undefined),
    ])
    .filter(Number.isFinite);
}

function lane(top: number, bar: Bar, axis: Axis): string {
  const middle = top + LANE_HEIGHT / 2;
  const grid = axis.ticks.map(({ at }) =>
    line(at === axis.base ? 'base' : 'grid', axis.x(at), top, axis.x(at), top + LANE_HEIGHT),
  );
  const { atLeast, atMost } = bar.target ?? {};
  return [
    ...grid,
    `<g class="${bar.is ?? 'plain'}">${axis.draw(bar, middle)}</g>`,
    atLeast === undefined ? '' : bracket(axis.x(atLeast), middle, 4),
    atMost === undefined ? '' : bracket(axis.x(atMost), middle, -4),
    text('value', RIGHT + 16, middle + 5, bar.value),
  ].join('');
}

/** Opens towards the values that reach the target. */
function bracket(x: number, middle: number, foot: number): string {
  return `<path class="target" d="M${pixel(x + foot)} ${middle - 10}h${-foot}v20h${foot}"/>`;
}

function ticks(top: number, axis: Axis): string {
  return axis.ticks.map(({ at, label }) => text('tick', axis.x(at), top + 14, label)).join('');
}

function gap(height: number): Block {
  return { height, draw: () => '' };
}

function textBlocks(words: string, font: keyof typeof fonts): Block[] {
  const { size, width } = fonts[font];
  return wrap(words, Math.floor((WIDTH - 2 * MARGIN) / width)).map((words) => ({
    height: size + 6,
    draw: (top) => text(font, MARGIN, top + size, words),
  }));
}

/** Lines of at most so many characters; longer words are cut. */
function wrap(words: string, length: number): string[] {
  const lines: string[] = [];
  let rest = words.trim();
  while (rest.length > length) {
    const space = rest.lastIndexOf(' ', length);
    const end = space > 0 ? space : length;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return rest === '' ? lines : [...lines, rest];
}

/** All values as text, for screen readers. */
function describe(sections: Section[]): string {
  return sections
    .flatMap(({ heading, bars }) => [
      heading ? `${heading}.` : '',
      ...bars.map(({ label, note, value }) => {
        const what = [label, note].filter(Boolean).join(', ');
        return `${what}: ${value}.`;
      }),
    ])
    .filter(Boolean)
    .join(' ');
}

function line(name: string, x1: number, y1: number, x2: number, y2: number): string {
  return `<line class="${name}" x1="${pixel(x1)}" y1="${y1}" x2="${pixel(x2)}" y2="${y2}"/>`;
}

function text(name: string, x: number, y: number, words: string): string {
  return `<text class="${name}" x="${pixel(x)}" y="${y}">${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Returns `from` for NaN. */
function clamp(value: number, from: number, to: number): number {
  return value > from ? Math.min(value, to) : from;
}

function pixel(x: number): number {
  return Math.round(x * 10) / 10;
}
