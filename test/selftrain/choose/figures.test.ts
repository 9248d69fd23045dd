import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { precisionLines, sampleLines } from '../../../src/cli/auditText.js';
import { ParquetFileWriter } from '../../../src/runtime/storage/parquet/writer.js';
import { auditPath, measureAudit, type Audit } from '../../../src/selftrain/labels/audit.js';
import { filterLabels, type FilterOptions } from '../../../src/selftrain/choose/filter.js';
import { KeptSet } from '../../../src/selftrain/choose/keptStore.js';
import { infoKey } from '../../../src/selftrain/labels/labelStore.js';
import { ConfidenceMatch } from '../../../src/selftrain/choose/matchedPrecision.js';
import { clopperPearson, wilson } from '../../../src/support/statistics/interval.js';
import { temporaryFolder } from '../../support/folder.js';
import { syntheticOrigin, writeLabels, type Labelled } from '../../support/syntheticLabels.js';

const classes = ['a', 'b'];

/** Held-out images of class a, labelled as a where they are right. */
function auditOf(images: readonly { confidence: number; right: boolean }[]): Audit {
  return {
    origin: syntheticOrigin(classes, images.length),
    actual: new Int32Array(images.length),
    label: Int32Array.from(images, ({ right }) => Number(!right)),
    confidence: Float32Array.from(images, ({ confidence }) => confidence),
  };
}

function writeAudit(folder: string, { origin, actual, label, confidence }: Audit): void {
  const numbers = { index: 'int32', actual: 'int32', label: 'int32' } as const;
  const columns = { id: 'text', ...numbers, confidence: 'float32' } as const;
  const info = { ...origin, format: 'gradus-audit', version: 1 };
  const file = new ParquetFileWriter(auditPath(folder), columns, {
    [infoKey]: JSON.stringify(info),
  });
  const index = Int32Array.from(actual.keys());
  file.write({ id: [...index].map(String), index, actual, label, confidence });
  file.commit();
}

/** Twenty held-out images, 19 right; ten of them sure, and the one that is wrong is not. */
const held = auditOf(
  Array.from({ length: 20 }, (_, i) => ({ confidence: i < 10 ? 0.6 : 0.95, right: i !== 0 })),
);

const labelsOf = (confidences: readonly number[]): Labelled[] =>
  confidences.map((confidence, i) => ({ id: `${i}.jpg`, label: i % 2, confidence }));

async function filter(labels: readonly Labelled[], options: Partial<FilterOptions> = {}) {
  const folder = writeLabels(temporaryFolder(), labels, { classes });
  writeAudit(folder, held);
  const out = join(folder, 'kept.parquet');
  return filterLabels(folder, { out, ...options });
}

describe('the precision of kept labels', () => {
  it('says of how many held-out images it is, with its interval and what it assumes', async () => {
    const { audit } = await filter(labelsOf(new Array<number>(40).fill(0.96)));
    expect(audit).toMatchObject({ precision: 0.95, n: 20, interval: wilson(19, 20) });
    expect(audit?.accuracyInterval).toEqual(wilson(19, 20));
    expect(audit?.classes[1]).toMatchObject({ predicted: 1, n: 1, interval: wilson(0, 1) });
    expect(audit && precisionLines(audit)).toEqual([
      'precision on 20 held-out labelled images: 95 % (76 to 99)',
      'weighted to the confidences of the kept labels: 100 % (72 to 100), worth 10 images',
      'assumption: the unlabelled images resemble the held-out ones',
    ]);
  });

  it('is weighted to the confidences of what was kept', async () => {
    // Three in four of the kept labels are as unsure as the half of the held-out images of which 9 in 10 are right.
    const confidences = Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? 0.97 : 0.7));
    const { audit, out } = await filter(labelsOf(confidences));
    const n = 1 / (0.75 ** 2 / 10 + 0.25 ** 2 / 10);
    const precision = 0.75 * 0.9 + 0.25;
    expect(audit?.matched?.precision).toBeCloseTo(precision, 12);
    expect(audit?.matched?.n).toBeCloseTo(n, 12);
    expect(audit?.matched?.interval[0]).toBeCloseTo(wilson(precision * n, n)[0], 12);
    const kept = await KeptSet.open(out);
    expect(kept.info.audit).toEqual(audit);
  });

  it('tells how many of the kept labels are less sure than anything that was measured', async () => {
    const confidences = Array.from({ length: 40 }, (_, i) => (i < 16 ? 0.55 : 0.96));
    const { audit } = await filter(labelsOf(confidences));
    expect(audit?.matched?.outside).toBe(0.4);
    expect(audit && precisionLines(audit)).toContain(
      '40 % of the kept labels are less confident than any of these images, so their precision is not measured',
    );
  });

  it('is unknown where no held-out image reaches the thresholds', () => {
    const audit = measureAudit(held, new Float32Array(2).fill(0.99));
    expect(audit).toMatchObject({ precision: null, n: 0, interval: null });
    expect(precisionLines(audit)).toEqual([
      'no held-out labelled image reaches the thresholds, so precision is unknown',
    ]);
    expect(new ConfidenceMatch(held, new Float32Array(2).fill(0.99)).result()).toBeNull();
  });

  it('is the measured one where the kept labels are as sure as the held-out images', () => {
    const many = auditOf(
      Array.from({ length: 400 }, (_, i) => ({ confidence: i / 400, right: i % 7 > 0 })),
    );
    const match = new ConfidenceMatch(many, new Float32Array(2));
    for (let i = 0; i < 4000; i++) match.add(Math.fround(Math.floor(i / 10) / 400));
    const found = match.result();
    expect(found?.precision).toBeCloseTo(measureAudit(many, new Float32Array(2)).accuracy, 12);
    expect(found?.n).toBeCloseTo(400, 9);
    expect(found?.outside).toBe(0);
  });
});

describe('a marked sample', () => {
  const labels = labelsOf(Array.from({ length: 40 }, (_, i) => (i < 30 ? 0.9 : 0.55)));

  const marked = (lines: readonly string[], options: Partial<FilterOptions> = {}) => {
    const corrections = join(temporaryFolder(), 'c.csv');
    writeFileSync(corrections, ['image,class,teacher,audit', ...lines, ''].join('\n'));
    return filter(labels, { corrections, ...options });
  };

  it('gives an exact interval, by marks and by classes', async () => {
    const lines = ['0.jpg,?,a,right', '1.jpg,?,b,right', '2.jpg,?,a,wrong', '3.jpg,a,b,?'];
    const { sample, corrected, rejected, kept } = await marked([...lines, '4.jpg,?,a,?']);
    const interval = clopperPearson(2, 4);
    expect(sample).toEqual({ n: 4, right: 2, precision: 0.5, interval, of: 5, below: 0 });
    expect(sampleLines(sample)).toEqual([
      'precision on a random sample that a person marked: 2 of 4 correct, 50 % (7 to 93); 1 of the sample is not marked',
    ]);
    // What is wrong goes, unless it got a class; what is right stays as the teacher says it.
    expect({ corrected, rejected, kept }).toEqual({ corrected: 1, rejected: 1, kept: 39 });
  });

  it('tells of the labels above the thresholds alone', async () => {
    const { sample } = await marked(['0.jpg,?,a,right', '39.jpg,?,b,wrong'], { threshold: 0.6 });
    expect(sample).toMatchObject({ n: 1, right: 1, of: 1, below: 1 });
  });

  it('says nothing of a label that the teacher does not give any more, unless it was right', async () => {
    const { sample, rejected } = await marked(['0.jpg,?,b,wrong', '1.jpg,?,a,right']);
    expect(sample).toMatchObject({ n: 1, right: 0, of: 2 });
    expect(rejected).toBe(0);
  });

  it('is refused where a mark is another word, is contradicted, or is of another image', async () => {
    await expect(marked(['0.jpg,?,a,yes'])).rejects.toMatchObject({
      code: 'corrections',
      message: '"yes" is not a valid mark',
      where: expect.stringMatching(/c\.csv:2$/) as string,
    });
    await expect(marked(['0.jpg,b,a,right'])).rejects.toThrow('the label is marked right');
    await expect(marked(['0.jpg,?,a,right', '0.jpg,?,a,wrong'])).rejects.toThrow('marked twice');
    await expect(marked(['x.jpg,?,a,right'])).rejects.toMatchObject({ code: 'corrections-unused' });
  });
});
