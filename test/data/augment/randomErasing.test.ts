import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomErasing } from '../../../src/data/augment/randomErasing.js';
import { fnv1a32 } from '../../../src/support/hash.js';
import { RandomStream } from '../../../src/support/random.js';
import { repositoryRoot } from '../../support/paths.js';

/** [top, left, height, width] */
type Box = readonly [number, number, number, number];

interface Golden {
  readonly width: number;
  readonly height: number;
  readonly boxes: Readonly<Record<string, readonly (Box | null)[]>>;
}

const { width, height, boxes } = JSON.parse(
  readFileSync(join(repositoryRoot, 'test/goldens/randomErasing/boxes.json'), 'utf8'),
) as Golden;

const white = { width, height, data: new Uint8Array(3 * width * height).fill(255) };
const site = fnv1a32('goldens.randomErasing');

const cases: Readonly<Record<string, Parameters<typeof randomErasing.make>[0]>> = {
  defaults: {},
  'always, large, of any shape': { p: 1, scale: [0.2, 0.9], ratio: [0.1, 10] },
  seldom: { p: 0.1 },
};

function erased(options: Parameters<typeof randomErasing.make>[0], sample: number): Uint8Array {
  const out = { width, height, data: new Uint8Array(white.data.length) };
  randomErasing.make(options)(white, new RandomStream(1, { site, step: 0, sample }), out);
  return out.data;
}

function painted([top, left, rows, columns]: Box, value = 0): Uint8Array {
  const data = Uint8Array.from(white.data);
  for (let row = top; row < top + rows; row++)
    data.fill(value, 3 * (row * width + left), 3 * (row * width + left + columns));
  return data;
}

describe('random erasing', () => {
  it.each(Object.entries(cases))('paints the rectangles of torchvision: %s', (name, options) => {
    const wanted = boxes[name] ?? [];
    expect(wanted).toHaveLength(40);
    for (const [sample, box] of wanted.entries())
      expect(erased(options, sample)).toEqual(box ? painted(box) : white.data);
  });

  it('paints the level that it is given', () => {
    const sample = boxes['defaults']?.findIndex((box) => box !== null) ?? -1;
    const box = boxes['defaults']?.[sample];
    expect(box && erased({ value: 128 }, sample)).toEqual(box && painted(box, 128));
  });

  it.each([{ p: 2 }, { scale: [0.5, 0.1] as const }, { ratio: [0, 1] as const }, { value: 1.5 }])(
    'refuses %j',
    (options) => {
      expect(() => randomErasing.make(options)).toThrow(/of randomErasing is/);
    },
  );
});
