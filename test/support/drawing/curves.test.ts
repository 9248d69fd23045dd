import { describe, expect, it } from 'vitest';
import { renderCurves } from '../../../src/support/drawing/curves.js';

const teacher = {
  name: 'teacher',
  points: [
    { x: 0, y: 0.1 },
    { x: 50, y: 0.62 },
    { x: 100, y: 0.87 },
  ],
};

function labels(svg: string): string[] {
  return [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => match[1] ?? '');
}

function path(svg: string): string[] {
  return [...svg.matchAll(/<path d="([^"]*)"/g)].map((match) => match[1] ?? '');
}

describe('learning curves', () => {
  it('have a legend in as many rows as fit the width, above the plot', () => {
    const curves = ['teacher', 'student-1', 'control', 'student-2'].map((name) => {
      return { name: `${name}: 80 % of 40 (65 to 90)`, points: [{ x: 1, y: 0.5 }] };
    });
    const svg = renderCurves(curves);
    const starts = [...svg.matchAll(/<line x1="(\d+)" y1="(\d+)" [^>]*stroke-linecap/g)];
    expect(starts.map(([, , y]) => y)).toEqual(['62', '62', '84', '84']);
    expect(starts[2]?.[1]).toBe(starts[0]?.[1]);
    expect(svg).toContain('height="522"');
    expect(svg).toContain('<g transform="translate(0 22)">');
    expect(renderCurves(curves.slice(0, 2))).toContain('height="500"');
  });

  it('have a title, axes with round ticks, and a legend', () => {
    const svg = renderCurves([teacher, { name: 'student', points: [{ x: 80, y: 0.9 }] }], {
      title: 'Accuracy',
      xLabel: 'step',
      yLabel: 'share right',
      formatY: (y) => `${Math.round(100 * y)} %`,
    });
    expect(labels(svg)).toEqual([
      'Accuracy',
      'teacher',
      'student',
      '0 %',
      '20 %',
      '40 %',
      '60 %',
      '80 %',
      '100 %',
      '0',
      '20',
      '40',
      '60',
      '80',
      '100',
      'step',
      'share right',
    ]);
  });

  it.each([
    [
      [0, 20],
      ['0', '5', '10', '15', '20'],
    ],
    [
      [1, 3],
      ['1', '2', '3'],
    ],
    [
      [0, 200],
      ['0', '25', '50', '75', '100', '125', '150', '175', '200'],
    ],
    [
      [0, 0.5],
      ['0.0', '0.1', '0.2', '0.3', '0.4', '0.5'],
    ],
  ])('have ticks at whole steps only, over %j', (xs, wanted) => {
    const points = xs.map((x) => ({ x, y: 0 }));
    const svg = renderCurves([{ name: 'a', points }], { formatY: () => 'y' });
    expect(labels(svg).filter((label) => /\d/.test(label))).toEqual(wanted);
  });

  it('run through their points, from the lower left to the upper right', () => {
    const [line = ''] = path(renderCurves([teacher]));
    const points = line.slice(1).split('L');
    expect(points).toHaveLength(3);
    const [first = [], , last = []] = points.map((point) => point.split(' ').map(Number));
    expect(first[0]).toBe(88);
    expect(last[0]).toBe(836);
    expect(first[1]).toBeGreaterThan(last[1] ?? Infinity);
  });

  it('break where a value is not a number', () => {
    const points = [1, NaN, 3, 4].map((y, x) => ({ x, y }));
    expect(path(renderCurves([{ name: 'loss', points }]))[0]?.match(/[ML]/g)).toEqual([
      'M',
      'M',
      'L',
    ]);
  });

  it('are drawn without points, with one, and for equal values', () => {
    expect(labels(renderCurves([{ name: 'a', points: [] }]))).toContain('no data yet');
    for (const points of [[{ x: 3, y: 7 }], [1, 2].map((x) => ({ x, y: 0 }))]) {
      const svg = renderCurves([{ name: 'a', points }]);
      expect(svg).not.toMatch(/NaN|Infinity/);
      expect(path(svg)).toHaveLength(1);
    }
  });

  it('escape names', () => {
    expect(renderCurves([{ name: '<b> & "c"', points: [] }])).toContain('&lt;b&gt; &amp; &quot;c');
  });
});
