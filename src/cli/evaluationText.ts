/** Text that `gradus eval` prints for people. */
import { corruptionFamilies, type CorruptionName } from '../data/augment/corruptions/corrupt.js';
import type { EvaluationReport } from '../training/evaluation/evaluateCheckpoint.js';
import type { MonteCarloResult } from '../training/evaluation/monteCarlo.js';
import type { CorruptionErrors, FlipRates } from '../training/evaluation/robustness.js';
import { formatCount, formatTable, type Column, formatUnreadable } from './table.js';
import { formatPercent, formatShare } from '../support/statistics/share.js';

/** More classes than this make a confusion matrix wider than a terminal. */
const fewClasses = 12;
const widestName = 10;
const mostPairs = 10;
/** Classes whose figures are shown. */
const mostClasses = 20;

export function describeEvaluation(report: EvaluationReport): string {
  const { corruptions, perturbations, monteCarlo } = report;
  return [
    describeFigures(report),
    classTable(report),
    report.classNames.length <= fewClasses ? confusionTable(report) : confusedPairs(report),
    ...(corruptions ? [describeCorruptions(corruptions)] : []),
    ...(perturbations ? [describePerturbations(perturbations)] : []),
    ...(monteCarlo ? [describeMonteCarlo(monteCarlo, report)] : []),
  ].join('\n\n');
}

function describeFigures(report: EvaluationReport): string {
  const { checkpoint, step, images, seconds, ofImages, data, unreadable, unreadableList } = report;
  const { notes } = report;
  const columns: Column[] = [
    { title: 'checkpoint' },
    ...right(...(step === null ? [] : ['step']), ...figureTitles(report), 'images', 'images/s'),
  ];
  const row = [
    checkpoint,
    ...(step === null ? [] : [String(step)]),
    ...figures(report, report),
    formatCount(images),
    (images / seconds).toFixed(0),
  ];
  const lines = [formatTable(columns, [row]), `on ${data}`];
  if (images + unreadable < ofImages)
    lines.push(
      `a sample of ${formatCount(images + unreadable)} images, evenly spread over ${formatCount(ofImages)}`,
    );
  if (unreadableList !== null) lines.push(formatUnreadable(unreadable, unreadableList));
  lines.push(...notes.map((note) => `note: ${note}`));
  return lines.join('\n');
}

type Figures = MonteCarloResult['single'];

/** With five classes or fewer, the class is among the likeliest five anyhow. */
function figureTitles({ classNames }: EvaluationReport): string[] {
  const top5 = classNames.length > 5 ? ['top-5'] : [];
  return ['top-1', ...top5, 'loss', 'calibration error'];
}

function figures(
  { accuracy, top5, loss, calibrationError }: Figures,
  { classNames, images }: EvaluationReport,
): string[] {
  return [
    formatShare(accuracy, images),
    ...(classNames.length > 5 ? [formatShare(top5, images)] : []),
    loss.toFixed(4),
    calibrationError.toFixed(4),
  ];
}

/** The figures of each class, of many those of the lowest F1, and their means. */
function classTable({ classNames, perClass, balancedAccuracy, macroF1 }: EvaluationReport): string {
  const all = perClass.map((figures, label) => ({ name: classNames[label] ?? '', ...figures }));
  const few = all.length <= mostClasses;
  const worst = all.toSorted((a, b) => orLast(a.f1) - orLast(b.f1)).slice(0, mostClasses);
  const rows = (few ? all : worst).map(({ name, images, predicted, accuracy, precision, f1 }) => [
    name,
    formatCount(images),
    images === 0 ? '' : formatShare(accuracy, images),
    predicted === 0 ? '' : formatShare(precision, predicted),
    Number.isNaN(f1) ? '' : f1.toFixed(3),
  ]);
  const columns = [{ title: 'class' }, ...right('images', 'accuracy', 'precision', 'F1')];
  const left = few
    ? ''
    : `; ${formatCount(all.length - mostClasses)} classes of a higher F1 are not shown`;
  const means = `balanced accuracy ${formatPercent(balancedAccuracy)}, macro F1 ${macroF1.toFixed(4)}`;
  return `${formatTable(columns, rows)}\n${means}${left}`;
}

/** A class that is neither there nor predicted comes last. */
function orLast(f1: number): number {
  return Number.isNaN(f1) ? Infinity : f1;
}

function confusionTable({ classNames, confusion }: EvaluationReport): string {
  const names = classNames.map((name) => name.slice(0, widestName));
  return formatTable(
    [{ title: 'is, taken for' }, ...right(...names)],
    confusion.map((row, label) => [
      names[label] ?? '',
      ...row.map((count) => String(count || '.')),
    ]),
  );
}

/** The pairs of classes of which most images of the one are taken for the other. */
function confusedPairs({ classNames, confusion }: EvaluationReport): string {
  const pairs = confusion.flatMap((row, label) => {
    const own = row.reduce((a, b) => a + b, 0);
    return row.flatMap((count, taken) =>
      taken === label || count === 0 ? [] : [{ label, taken, count, share: count / own }],
    );
  });
  if (pairs.length === 0) return 'no class is taken for another';
  pairs.sort((a, b) => b.count - a.count || b.share - a.share);
  return formatTable(
    [{ title: 'is' }, { title: 'taken for' }, ...right('images', 'of its own')],
    pairs
      .slice(0, mostPairs)
      .map(({ label, taken, count, share }) => [
        classNames[label] ?? '',
        classNames[taken] ?? '',
        formatCount(count),
        formatPercent(share),
      ]),
  );
}

function describeCorruptions(found: CorruptionErrors): string {
  const { severities, errors, means, families, mCE, images, notes } = found;
  const rows = Object.entries(corruptionFamilies).flatMap(([family, names]) => [
    ...names.map((name) => [words(name), ...errors[name].map(percent), percent(means[name])]),
    [
      `  ${family}`,
      ...severities.map((_, i) => percent(mean(names, (name) => errors[name][i]))),
      percent(families[family as keyof typeof families]),
    ],
  ]);
  const all = Object.values(corruptionFamilies).flat();
  const total = [
    'all',
    ...severities.map((_, i) => percent(mean(all, (name) => errors[name][i]))),
    percent(found.mean),
  ];
  const columns = [
    { title: 'corruption' },
    ...right(...severities.map((severity) => `severity ${severity}`), 'mean'),
  ];
  return [
    `error in % on ${formatCount(images)} corrupted images`,
    formatTable(columns, [...rows, total], 1),
    ...(mCE === null ? [] : [`mCE ${mCE.toFixed(1)} % of AlexNet's`]),
    ...notes.map((note) => `note: ${note}`),
  ].join('\n');
}

function describePerturbations({ images, frames, flips, mFR, notes, ...all }: FlipRates): string {
  const rows = (Object.keys(flips) as (keyof typeof flips)[]).map((name) => [
    words(name),
    String(frames[name] ?? ''),
    percent(flips[name] ?? NaN),
  ]);
  return [
    `flip rate in % over the frames of ${formatCount(images)} images`,
    formatTable(
      [{ title: 'perturbation' }, ...right('frames', 'flips')],
      [...rows, ['all', '', percent(all.mean)]],
      1,
    ),
    ...(mFR === null ? [] : [`mFR ${mFR.toFixed(1)} % of AlexNet's`]),
    ...notes.map((note) => `note: ${note}`),
  ].join('\n');
}

function describeMonteCarlo(
  { passes, single, ensemble }: MonteCarloResult,
  report: EvaluationReport,
): string {
  return formatTable(
    [{ title: 'network' }, ...right(...figureTitles(report))],
    [
      ['without noise', ...figures(single, report)],
      [`mean of ${passes} noised passes`, ...figures(ensemble, report)],
    ],
  );
}

function right(...titles: readonly string[]): Column[] {
  return titles.map((title) => ({ title, align: 'right' }));
}

/** `gaussianNoise` as `gaussian noise`. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** Two digits behind the point; the unit stands above the table. */
function percent(fraction: number): string {
  return (100 * fraction).toFixed(2);
}

function mean(
  names: readonly CorruptionName[],
  value: (name: CorruptionName) => number | undefined,
): number {
  return names.reduce((sum, name) => sum + (value(name) ?? NaN), 0) / names.length;
}
