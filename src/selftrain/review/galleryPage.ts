import type { Thumbnail } from '../../data/loader/thumbnail.js';
import { escapeXml } from '../../support/drawing/xml.js';
import { formatPercent, formatShare, formatShareOf } from '../../support/statistics/share.js';
import { auditedAbove, type AuditResult } from '../labels/audit.js';
import { undecided } from '../labels/corrections.js';
import type { ClassImages, Disagreements, GalleryImage, Sample } from './galleryImages.js';
import { galleryScript, galleryStyle } from './galleryStyle.js';
import type { LabelTable } from '../labels/labelTable.js';

export interface GalleryPage {
  readonly table: LabelTable;
  /** All classes, and those of which images are shown. */
  readonly all: readonly ClassImages[];
  readonly shownClasses: readonly ClassImages[];
  readonly disagreements: Disagreements | undefined;
  readonly sample: Sample | undefined;
  readonly audit: AuditResult | undefined;
  /** Pictures by the ids of the images. */
  readonly pictures: ReadonlyMap<string, Thumbnail>;
}

const kinds = { labels: 'Labels', kept: 'Kept labels', ledger: 'Ledger' } as const;

/** The gallery as one HTML document, with pictures, style and script inside. */
export function renderGallery(page: GalleryPage): string {
  const { classes, data } = page.table.origin;
  const title = `${kinds[page.table.kind]} of ${data.name}`;
  const options = classes.map((name) => `<option value="${escapeXml(name)}">`);
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeXml(title)}</title>`,
    `<style>${galleryStyle}</style>`,
    ...head(page, title),
    overview(page),
    ...sampleSection(page),
    ...disagreementSection(page),
    ...page.shownClasses.map((own) => classSection(page, own)),
    `<datalist id="classes">${options.join('')}<option value="-">none of them</option></datalist>`,
    `<div id="said"><span><b>0</b> corrected${page.sample ? ' or marked' : ''}</span>` +
      '<a download="corrections.csv" href="#">Save corrections.csv</a></div>',
    `<script>${galleryScript}</script>`,
    '</html>\n',
  ].join('\n');
}

function head({ table, all, audit, disagreements }: GalleryPage, title: string): string[] {
  const { teacher, classes } = table.origin;
  const sum = all.reduce(
    (total, own) => total + (own.images && own.images * own.meanConfidence),
    0,
  );
  const facts: (readonly [string, string])[] = [
    [count(table.rows), table.rows === 1 ? 'image' : 'images'],
    [count(classes.length), 'classes'],
    [(sum / table.rows).toFixed(3), 'mean confidence'],
  ];
  if (disagreements)
    facts.push([
      formatPercent(disagreements.changed / disagreements.compared, 1),
      `of ${count(disagreements.compared)} differ from ${disagreements.teacher}`,
    ]);
  if (audit) facts.push(...auditFacts(audit, table));
  facts.push(...sampleFacts(table));
  const assumed = audit
    ? ' Figures of held-out images assume that the unlabelled images look like them; the intervals are of 95 %.'
    : '';
  const how =
    'To correct an image, type its class beneath it (<code>-</code> if it belongs to none), and save ' +
    'the list; or write <code>image,class</code> lines by hand: a click on an image’s name selects ' +
    'all of it. Pass the list to the next <code>gradus filter</code> as its corrections.';
  return [
    `<h1>${escapeXml(title)}</h1>`,
    `<div class="muted">by ${escapeXml(teacher.name)} <code>${escapeXml(teacher.fingerprint.slice(0, 12))}</code>, from <code>${escapeXml(table.path)}</code></div>`,
    `<div class="facts">${facts.map(([figure, what]) => `<div class="fact"><b>${figure}</b><span>${escapeXml(what)}</span></div>`).join('')}</div>`,
    `<p class="how muted">${how}${assumed}</p>`,
  ];
}

/** Figures measured on held-out images, and their number. */
function auditFacts(audit: AuditResult, { kind }: LabelTable): (readonly [string, string])[] {
  const { images, accuracy, precision, matched, calibrationError } = audit;
  const above = auditedAbove(audit);
  const facts: (readonly [string, string])[] = [
    [formatShare(accuracy, images), `accuracy on ${count(images)} held-out labelled images`],
  ];
  if (precision !== null && kind === 'kept')
    facts.push([
      formatShare(precision, above),
      `precision on ${count(above)} held-out labelled images above the thresholds`,
    ]);
  if (matched && kind === 'kept')
    facts.push([
      formatShare(matched.precision, matched.n, matched.interval),
      `precision, weighted to the confidences of the kept labels: worth ${count(Math.max(1, Math.round(matched.n)))} images`,
    ]);
  return [...facts, [calibrationError.toFixed(3), 'calibration error']];
}

/** Figures that a person found in a random sample. */
function sampleFacts({ sample }: LabelTable): (readonly [string, string])[] {
  if (!sample || sample.precision === null || sample.interval === null) return [];
  const { precision, n, interval } = sample;
  const what = `correct among ${count(n)} drawn at random and marked by a person`;
  return [[formatShare(precision, n, interval), what]];
}

/** A table of the classes, which leads to their images. */
function overview(page: GalleryPage): string {
  const { shownClasses, all, audit } = page;
  const most = Math.max(...all.map(({ images }) => images), 1);
  const rows = shownClasses.map((own) => {
    const name = `<a href="#class-${own.label}">${escapeXml(nameOf(page, own.label))}</a>`;
    const cells = [
      name,
      `${count(own.images)}${track(own.images / most)}`,
      own.images === 0 ? '' : own.meanConfidence.toFixed(3),
      spark(own.histogram),
      ...(audit ? [precisionCell(audit, own.label)] : []),
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const hidden = all.length - shownClasses.length;
  const note =
    hidden > 0
      ? `<p class="muted">The ${shownClasses.length} classes with the lowest mean confidence; ${hidden} others are not shown.</p>`
      : '';
  const titles = ['class', 'images', 'mean confidence', 'confidences, 0 to 1'];
  if (audit) titles.push('precision in the audit');
  return `<div class="overview"><table><tr>${titles.map((own) => `<th>${own}</th>`).join('')}</tr>\n${rows.join('\n')}</table>${note}</div>`;
}

/** Images that are drawn at random, to be marked: they alone tell how many of all labels are right. */
function sampleSection(page: GalleryPage): string[] {
  const { sample } = page;
  if (!sample) return [];
  const { of, images, shown } = sample;
  const left = shown.length === images ? '' : `; ${count(shown.length)} are not marked yet`;
  const what =
    `${count(images)} of ${count(of)} labels, drawn at random${left}. Mark each as right or wrong: ` +
    'gradus filter then estimates the precision of all labels, with an interval. Do not skip images because they are hard.';
  return [
    `<section id="sample"><h2>Random sample</h2><p class="muted">${escapeXml(what)}</p>`,
    `<div class="tiles">\n${shown.map((image) => tile(page, image, true)).join('\n')}\n</div></section>`,
  ];
}

function disagreementSection(page: GalleryPage): string[] {
  const { disagreements, table } = page;
  if (!disagreements) return [];
  const { shown, changed, compared, teacher, path } = disagreements;
  const what =
    `${count(changed)} of ${count(compared)} images have another label by ${teacher} (${path}). ` +
    `${shown.length === changed ? 'They are' : `These ${shown.length} are those`} ` +
    `of which both teachers are most confident: one of the two is wrong. The upper label is by ${table.origin.teacher.name}, the lower one by the other teacher.`;
  return [
    `<section id="disagreements"><h2>Disagreements</h2><p class="muted">${escapeXml(what)}</p>`,
    `${tiles(page, shown)}</section>`,
  ];
}

function classSection(page: GalleryPage, own: ClassImages): string {
  const { audit } = page;
  const facts = [`${count(own.images)} ${own.images === 1 ? 'image' : 'images'}`];
  if (own.images > 0) facts.push(`mean confidence ${own.meanConfidence.toFixed(3)}`);
  const measured = audit?.classes[own.label];
  if (measured && measured.precision !== null)
    facts.push(
      `${formatShareOf(measured.precision, measured.predicted)} held-out images correct in the audit`,
    );
  const lists = [
    ['surest', own.surest],
    ['least sure', own.leastSure],
  ] as const;
  return [
    `<section id="class-${own.label}"><div class="title"><h2>${escapeXml(nameOf(page, own.label))}</h2><span class="muted">${facts.join(' · ')}</span></div>`,
    ...lists.flatMap(([name, images]) =>
      images.length === 0 ? [] : [`<h3>${name}</h3>${tiles(page, images)}`],
    ),
    '</section>',
  ].join('\n');
}

function tiles(page: GalleryPage, images: readonly GalleryImage[]): string {
  return `<div class="tiles">\n${images.map((image) => tile(page, image)).join('\n')}\n</div>`;
}

function tile(page: GalleryPage, image: GalleryImage, marked = false): string {
  const { label, confidence, other, dropped } = image;
  const id = escapeXml(image.id);
  const picture = page.pictures.get(image.id);
  const shown = picture
    ? `<img src="${picture.uri}" width="${picture.width}" height="${picture.height}" alt="" loading="lazy">`
    : '<div class="none">no picture: unreadable, or not in the data</div>';
  return [
    `<figure>${shown}<div class="bar"><i style="width:${(100 * confidence).toFixed(1)}%"></i></div><figcaption>`,
    says(page, label, confidence),
    ...(other ? [says(page, other.label, other.confidence, ' before')] : []),
    ...(dropped === undefined ? [] : [`<span class="muted">dropped: ${escapeXml(dropped)}</span>`]),
    `<code>${id}</code>`,
    ...(marked ? [markOf(page, image, id)] : []),
    `<input list="classes" data-id="${id}" aria-label="class of ${id}" placeholder="correct to" autocomplete="off">`,
    '</figcaption></figure>',
  ].join('');
}

function markOf(page: GalleryPage, { label }: GalleryImage, id: string): string {
  const options = [undecided, 'right', 'wrong'].map((own) => `<option>${own}</option>`);
  const name = escapeXml(nameOf(page, label));
  return `<select data-mark="${id}" data-judged="${name}" aria-label="label of ${id}">${options.join('')}</select>`;
}

function says(page: GalleryPage, label: number, confidence: number, kind = ''): string {
  const name = escapeXml(nameOf(page, label));
  return `<div class="says${kind}"><b title="${name}">${name}</b><span>${confidence.toFixed(3)}</span></div>`;
}

/** A histogram of twenty bars, heights by square root. */
function spark(histogram: Float64Array): string {
  const most = Math.max(...histogram, 1);
  const bars = Array.from(histogram, (images, i) => {
    const height = images === 0 ? 0 : Math.max(1, Math.round(22 * Math.sqrt(images / most)));
    return height === 0
      ? ''
      : `<rect x="${5 * i}" y="${22 - height}" width="4" height="${height}"/>`;
  });
  return `<svg class="spark" width="100" height="22" aria-hidden="true">${bars.join('')}</svg>`;
}

function precisionCell(audit: AuditResult, label: number): string {
  const measured = audit.classes[label];
  if (!measured || measured.precision === null) return '<span class="muted">unknown</span>';
  return `${formatShareOf(measured.precision, measured.predicted)}${track(measured.precision, ' good')}`;
}

function track(share: number, kind = ''): string {
  return `<span class="track${kind}"><i style="width:${(100 * share).toFixed(1)}%"></i></span>`;
}

function nameOf({ table }: GalleryPage, label: number): string {
  return table.origin.classes[label] ?? String(label);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
