import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { type Bar, drawChart, type Section } from './chart.ts';
import { publications } from './charts.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
/** The pixels of the axis, and of the whole chart. */
const [LEFT, RIGHT, WIDTH] = [20, 580, 720];

const bar = { label: 'a check', lowest: 0.5, median: 1, highest: 2, value: '1.00' };
const draw = (kind: Section['kind'], ...bars: Bar[]) =>
  drawChart({ title: 'Title', caption: 'Caption', sections: [{ kind, bars }] });

for (const kind of ['ratios', 'amounts'] as const) {
  test(`${kind}: the marks of any value are on the axis`, () => {
    const values = [-1, 0, 1e-9, 0.3, 17.8, 1e9, Infinity, Number.NaN];
    for (const lowest of values) {
      for (const highest of values) {
        const target = { atLeast: lowest, atMost: highest };
        const svg = draw(kind, bar, { ...bar, lowest, median: highest, highest, target });
        assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
        for (const [, x] of svg.matchAll(/(?:x1|x2|cx|d)="M?(-?[\d.]+)/g)) {
          // A bracket has feet of 4 pixels.
          assert.ok(Number(x) >= LEFT - 4 && Number(x) <= RIGHT + 4, `${lowest}, ${highest}: ${x}`);
        }
        for (const [, width] of svg.matchAll(/class="bar".*? width="(.*?)"/g)) {
          assert.ok(Number(width) >= 0 && Number(width) <= RIGHT - LEFT, width);
        }
      }
    }
  });

  test(`${kind}: no text covers another or leaves the chart`, () => {
    const long = 'a long text of many words, which needs several lines, '.repeat(5);
    const svg = draw(
      kind,
      { ...bar, note: long, value: '17.8 reached' },
      { ...bar, label: '', note: 'x'.repeat(200), lowest: 0.001, highest: 12_345_678 },
      { ...bar, label: long },
    );
    const boxes = [...svg.matchAll(/<text class="(\w+)" x="(.*?)" y="(.*?)">(.*?)<\/text>/g)].map(
      ([, name = '', x = '', y = '', words = '']) => {
        const size = { title: 18, label: 14, value: 14, note: 13, tick: 12 }[name] ?? Number.NaN;
        const width = words.length * size * 0.54;
        const left = Number(x) - (name === 'tick' ? width / 2 : 0);
        return { words, left, right: left + width, top: Number(y) - size, bottom: Number(y) };
      },
    );
    assert.ok(boxes.length > 15, svg);
    for (const [index, a] of boxes.entries()) {
      assert.ok(a.left >= 0 && a.right <= WIDTH, `${a.words}: ${a.left} to ${a.right}`);
      for (const b of boxes.slice(index + 1)) {
        const isBeside = a.right <= b.left || b.right <= a.left;
        assert.ok(isBeside || a.bottom <= b.top || b.bottom <= a.top, `${a.words} ${b.words}`);
      }
    }
  });
}

test('a chart has its texts as text, escaped, and a description of all values', () => {
  const svg = draw('ratios', {
    ...bar,
    label: '<b> & co',
    note: 'against "x"',
    value: '0.45 short',
  });
  assert.match(svg, /<text class="label" [^>]*>&lt;b&gt; &amp; co<\/text>/);
  assert.match(svg, /<title id="title">Title<\/title>/);
  assert.match(svg, /<desc id="description">&lt;b&gt; &amp; co, against "x": 0.45 short.<\/desc>/);
  assert.match(svg, / role="img" aria-labelledby="title description"/);
});

test('the charts, and the tables in documents, are those of the kept results', () => {
  const all = publications();
  assert.ok(all.length > 5);
  for (const [file, content] of all) {
    const kept = readFileSync(path.join(ROOT, file), 'utf8');
    assert.ok(kept === content, `${file} differs: run node bench/charts.ts`);
  }
});
