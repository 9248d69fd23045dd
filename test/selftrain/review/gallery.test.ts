import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Images } from '../../../src/data/sets/images.js';
import { ParquetFileWriter } from '../../../src/runtime/storage/parquet/writer.js';
import { auditPath } from '../../../src/selftrain/labels/audit.js';
import { readCorrections } from '../../../src/selftrain/labels/corrections.js';
import { filterLabels } from '../../../src/selftrain/choose/filter.js';
import { writeGallery, type GalleryOptions } from '../../../src/selftrain/review/gallery.js';
import { galleryScript } from '../../../src/selftrain/review/galleryStyle.js';
import { infoKey } from '../../../src/selftrain/labels/labelStore.js';
import { temporaryFolder } from '../../support/folder.js';
import {
  letters,
  randomLabels,
  syntheticOrigin,
  writeLabels,
  type Labelled,
} from '../../support/syntheticLabels.js';

const labels = randomLabels(400, 3);

/** Grey images of 4x4 pixels, one for each label. */
function imagesOf(all: readonly Labelled[], ids = all.map(({ id }) => id)): Images {
  return {
    name: 'grey squares',
    count: ids.length,
    fingerprint: 'b'.repeat(64),
    packed: {
      data: new Uint8Array(16 * ids.length).fill(128),
      layout: 'nchw',
      shape: [1, 4, 4],
    },
    id: (i) => ids[i] ?? '',
    where: (i) => i,
  };
}

async function gallery(
  folder: string,
  options: Partial<GalleryOptions> = {},
  images = imagesOf(labels),
) {
  const out = join(temporaryFolder(), 'gallery.html');
  const summary = await writeGallery(folder, images, { out, ...options });
  return { summary, html: readFileSync(out, 'utf8') };
}

/** Ids of the images below a heading, in the order of the page. */
function idsBelow(html: string, section: string, list?: string): string[] {
  const start = html.indexOf(`<section id="${section}">`);
  const end = html.indexOf('</section>', start);
  const lists = html.slice(start, end).split('<h3>');
  const part = list === undefined ? lists[0] : lists.find((own) => own.startsWith(list));
  return [...(part ?? '').matchAll(/<code>([^<]*)<\/code>/g)].map(([, id = '']) => id);
}

const byConfidence = (label: number): Labelled[] =>
  labels.filter((own) => own.label === label).sort((a, b) => b.confidence - a.confidence);

describe('a gallery', () => {
  it('shows the surest and the least sure images of each class', async () => {
    const { html, summary } = await gallery(writeLabels(temporaryFolder(), labels, { shards: 2 }), {
      perClass: 5,
    });
    for (const label of letters.keys()) {
      const ids = byConfidence(label).map(({ id }) => id);
      expect(idsBelow(html, `class-${label}`, 'surest')).toEqual(ids.slice(0, 5));
      expect(idsBelow(html, `class-${label}`, 'least sure')).toEqual(ids.slice(-5).reverse());
    }
    expect(summary).toMatchObject({ images: 60, missing: 0, shownClasses: 6, disagreements: null });
    expect(html.match(/<img /g)).toHaveLength(60);
  });

  it('shows an image of a tiny class once', async () => {
    const few = labels.slice(0, 4).map((own, i) => ({ ...own, label: i % 2 }));
    const { html, summary } = await gallery(writeLabels(temporaryFolder(), few));
    expect(summary).toMatchObject({ images: 4 });
    expect(idsBelow(html, 'class-0', 'surest')).toHaveLength(2);
    expect(html).not.toContain('least sure');
  });

  it('is one file that fetches nothing, whatever names there are', async () => {
    const classes = ['<b>&"', "it's", 'c', 'd', 'e', 'f'];
    const odd = labels.map((own, i) => ({ ...own, id: `<i>${i}&".jpg` }));
    const folder = writeLabels(temporaryFolder(), odd, { classes });
    const { html } = await gallery(folder, { perClass: 2 }, imagesOf(odd));
    expect(html).not.toMatch(/https?:|<b>&"|<i>\d/);
    expect(html).toContain('<option value="&lt;b&gt;&amp;&quot;">');
    for (const [, source = ''] of html.matchAll(/ (?:src|href)="([^"]*)"/g))
      expect(source).toMatch(/^(?:data:image\/webp;base64,|#)/);
  });

  it('shows what another teacher disagrees with, the surest first', async () => {
    const others = labels.map((own, i) => ({
      ...own,
      label: (own.label + Number(i % 4 === 0)) % 6,
    }));
    const [folder, against] = [
      writeLabels(temporaryFolder(), labels),
      writeLabels(temporaryFolder(), others, { teacher: 'c' }),
    ];
    const { html, summary } = await gallery(folder, { against, disagreements: 9 });
    expect(summary.disagreements).toBe(100);
    const expected = labels
      .filter((_, i) => i % 4 === 0)
      .sort((a, b) => b.confidence - a.confidence)
      .slice(0, 9);
    expect(idsBelow(html, 'disagreements')).toEqual(expected.map(({ id }) => id));
    expect(html).toContain('100 of 400 images have another label by synthetic');
  });

  it('tells the precision that an audit measured', async () => {
    const folder = writeLabels(temporaryFolder(), labels);
    const info = { ...syntheticOrigin(letters, 8), format: 'gradus-audit', version: 1 };
    const numbers = { index: 'int32', actual: 'int32', label: 'int32' } as const;
    const columns = { id: 'text', ...numbers, confidence: 'float32' } as const;
    const audit = new ParquetFileWriter(auditPath(folder), columns, {
      [infoKey]: JSON.stringify(info),
    });
    audit.write({
      id: Array.from({ length: 8 }, (_, i) => String(i)),
      index: Int32Array.from({ length: 8 }, (_, i) => i),
      actual: Int32Array.of(0, 0, 0, 1, 1, 1, 2, 2),
      label: Int32Array.of(0, 0, 0, 0, 1, 1, 2, 1),
      confidence: new Float32Array(8).fill(0.9),
    });
    audit.commit();
    const { html } = await gallery(folder);
    expect(html).toContain('75 % of 4 (30 to 95) held-out images correct in the audit');
    expect(html).toContain('67 % of 3 (21 to 94) held-out images correct in the audit');
    expect(html).toContain(
      '<b>75 % (41 to 93)</b><span>accuracy on 8 held-out labelled images</span>',
    );
    await filterLabels(folder, { out: join(folder, 'kept.parquet') });
    for (const file of ['kept.parquet', 'ledger.parquet'])
      expect((await gallery(join(folder, file))).html).toContain(
        '75 % of 4 (30 to 95) held-out images correct in the audit',
      );
  });

  it('of very many classes shows those of the lowest confidence', async () => {
    const classes = Array.from({ length: 230 }, (_, i) => `class ${i}`);
    const many = Array.from({ length: 460 }, (_, i) => ({
      id: `${i}`,
      label: i % 230,
      confidence: (i % 230) / 230,
    }));
    const folder = writeLabels(temporaryFolder(), many, { classes });
    const { html, summary } = await gallery(folder, {}, imagesOf(many));
    expect(summary).toMatchObject({ shownClasses: 200, classes: 230, images: 400 });
    expect(html).toContain('<section id="class-199">');
    expect(html).not.toContain('<section id="class-200">');
    expect(html).toContain('30 others are not shown');
  });
});

describe('a random sample', () => {
  const drawn = async (folder: string, options: Partial<GalleryOptions>) => {
    const { html, summary } = await gallery(folder, { perClass: 1, ...options });
    return { ids: idsBelow(html, 'sample'), sample: summary.sample, html };
  };

  it('is a matter of the seed alone, and grows by images of its own', async () => {
    const one = writeLabels(temporaryFolder(), labels);
    const three = writeLabels(temporaryFolder(), labels, { shards: 3 });
    const { ids, sample } = await drawn(one, { auditSample: 20 });
    expect(sample).toEqual({ images: 20, unmarked: 20, of: 400 });
    expect((await drawn(three, { auditSample: 20, seed: 1 })).ids).toEqual(ids);
    expect((await drawn(one, { auditSample: 30 })).ids.slice(0, 20)).toEqual(ids);
    expect((await drawn(one, { auditSample: 20, seed: 2 })).ids).not.toEqual(ids);
  });

  it('is of the labels that were kept by the word of the teacher', async () => {
    const folder = writeLabels(temporaryFolder(), labels);
    const corrections = join(temporaryFolder(), 'c.csv');
    writeFileSync(corrections, 'image,class\nimages/0.jpg,f\nimages/1.jpg,\n');
    const out = join(folder, 'kept.parquet');
    const { kept } = await filterLabels(folder, { out, threshold: 0.5, corrections });
    for (const file of [out, join(folder, 'ledger.parquet')]) {
      const { ids, sample } = await drawn(file, { auditSample: 400 });
      expect(sample).toMatchObject({ images: kept - 1, of: kept - 1 });
      expect(ids).not.toContain('images/0.jpg');
    }
  });

  it('is marked in the template, and those that are marked are not shown again', async () => {
    const folder = writeLabels(temporaryFolder(), labels);
    const template = join(temporaryFolder(), 'c.csv');
    const { ids, html } = await drawn(folder, { auditSample: 4, template });
    expect(html.match(/<select data-mark=/g)).toHaveLength(4);
    const lines = readFileSync(template, 'utf8').split('\n');
    expect(lines[0]).toBe('image,class,teacher,confidence,other,audit');
    const marks = ['right', 'wrong', 'right', '?'];
    const marked = lines.map((line, i) =>
      i >= 1 && i <= 4 ? line.replace(/\?$/, marks[i - 1] ?? '') : line,
    );
    writeFileSync(template, marked.join('\n'));
    const again = await drawn(folder, { auditSample: 4, corrections: template });
    expect(again.sample).toEqual({ images: 4, unmarked: 1, of: 400 });
    expect(again.ids).toEqual(ids.slice(3));
    const out = join(folder, 'kept.parquet');
    const { sample, rejected } = await filterLabels(folder, {
      out,
      corrections: template,
      threshold: 0,
    });
    expect(sample).toMatchObject({ n: 3, right: 2, precision: 2 / 3, of: 4, below: 0 });
    expect(rejected).toBe(1);
    expect((await gallery(out)).html).toContain('correct among 3 drawn at random');
  });
});

describe('corrections', () => {
  it('begin with a template, which says nothing until it is filled in', async () => {
    const folder = writeLabels(temporaryFolder(), labels);
    const template = join(temporaryFolder(), 'new', 'corrections.csv');
    const { summary } = await gallery(folder, { template, perClass: 3 });
    expect(summary).toMatchObject({ template, images: 36 });
    expect(readCorrections(template, letters).labels.size).toBe(0);
    const [head, first = '', ...rest] = readFileSync(template, 'utf8').split('\n');
    expect(rest).toHaveLength(36);
    const [id = '', , teacher = ''] = first.split(',');
    writeFileSync(template, [head, first.replace('?', 'f'), ...rest].join('\n'));
    expect(teacher).not.toBe('f');
    const out = join(folder, 'kept.parquet');
    await filterLabels(folder, { out, corrections: template });
    const again = await gallery(folder, { corrections: template, perClass: 3 });
    expect(again.html).not.toContain(`<code>${id}</code>`);
    // Kept labels remember what was corrected, and so does the ledger.
    for (const file of [out, join(folder, 'ledger.parquet')])
      expect((await gallery(file, { perClass: 3 })).html).not.toContain(`<code>${id}</code>`);
  });

  it('are never written over by a template', async () => {
    const template = join(temporaryFolder(), 'corrections.csv');
    writeFileSync(template, 'image,class\nimages/1.jpg,a\n');
    const out = join(temporaryFolder(), 'gallery.html');
    const folder = writeLabels(temporaryFolder(), labels);
    await expect(gallery(folder, { template, out })).rejects.toThrow(
      expect.objectContaining({ name: 'ConfigError', code: 'template-exists', where: template }),
    );
    expect(readFileSync(template, 'utf8')).toBe('image,class\nimages/1.jpg,a\n');
    expect(existsSync(out)).toBe(false);
  });
});

describe('the images of a gallery', () => {
  it('are found by their ids where the data is in another order, or leave an empty place', async () => {
    const folder = writeLabels(temporaryFolder(), labels);
    const [best, next] = byConfidence(0);
    const ids = labels.map(({ id }) => id).filter((id) => id !== best?.id);
    const { html, summary } = await gallery(folder, {}, imagesOf(labels, ids.reverse()));
    expect(summary.missing).toBe(1);
    const [first = '', second = ''] = html
      .slice(html.indexOf('id="class-0"'))
      .split('<figure>')
      .slice(1);
    expect(first).toContain('no picture');
    expect(second).toContain('<img ');
    expect(second).toContain(`<code>${next?.id ?? ''}</code>`);
  });

  it('are not taken by their numbers from other data', async () => {
    const numbered = labels.map((own, i) => ({ ...own, id: String(i) }));
    const folder = writeLabels(temporaryFolder(), numbered);
    await expect(gallery(folder, {}, imagesOf(numbered))).resolves.toBeDefined();
    const other = { ...imagesOf(numbered), fingerprint: 'd' };
    await expect(gallery(folder, {}, other)).rejects.toThrow(/does not contain any image of/);
  });

  it('must be those of the labels', async () => {
    const folder = writeLabels(temporaryFolder(), labels);
    const strangers = imagesOf(
      labels,
      labels.map((_, i) => `other/${i}.jpg`),
    );
    await expect(gallery(folder, {}, strangers)).rejects.toThrow(
      expect.objectContaining({
        name: 'DataError',
        code: 'images-missing',
        message: `grey squares does not contain any image of ${folder}`,
        hint: 'pass the data that was labelled: made up, 400 images',
      }),
    );
  });
});

describe('the script of a gallery', () => {
  /** Runs it with a sample of a and b, and c beside them; returns what its page then does. */
  function open() {
    const list = () => ({ toggle: () => undefined });
    const figure = { classList: list() };
    const field = (dataset: Record<string, string>, value: string) => ({
      ...{ dataset, value, closest: () => figure },
    });
    const marks = ['a', 'b'].map((mark) => field({ mark, judged: 'cat' }, '?'));
    const inputs = ['a', 'b', 'c'].map((id) => field({ id }, ''));
    const link = { href: '', addEventListener: () => undefined };
    const [shown, bar] = [{ textContent: '0' }, { classList: list() }];
    let hear: (event: { target: unknown; type: string }) => void = () => undefined;
    let csv = '';
    /** Made by `new`, so no arrow function. */
    function keep(lines: string[]): void {
      csv = lines.join('');
    }
    const all: Record<string, unknown> = {
      '#classes option:not(:last-child)': [{ value: 'cat' }, { value: 'dog' }],
      ...{ 'select[data-mark]': marks, 'input[data-id]': inputs },
      ...{ '#said a': link, '#said b': shown, '#said': bar },
    };
    runInNewContext(galleryScript, {
      document: {
        querySelectorAll: (selector: string) => all[selector],
        querySelector: (selector: string) => all[selector],
        addEventListener: (_: string, listener: typeof hear) => (hear = listener),
      },
      addEventListener: () => undefined,
      Blob: keep,
      URL: { createObjectURL: () => '', revokeObjectURL: () => undefined },
    });
    const set = (target: { value: string } | undefined, value: string) => {
      if (target) target.value = value;
      hear({ target, type: 'change' });
    };
    return { marks, inputs, set, said: () => ({ count: shown.textContent, csv }) };
  }

  it('counts an image once that is marked and corrected, and saves the sample whole', () => {
    const { marks, inputs, set, said } = open();
    set(marks[0], 'wrong');
    set(inputs[0], 'dog');
    set(inputs[2], '-');
    expect(said()).toEqual({
      count: '2',
      csv: 'image,class,teacher,audit\na,dog,cat,?\nc,,,\nb,?,cat,?\n',
    });
    set(inputs[2], '');
    set(marks[1], 'right');
    expect(said()).toEqual({
      count: '2',
      csv: 'image,class,teacher,audit\na,dog,cat,?\nb,?,cat,right\n',
    });
  });
});
