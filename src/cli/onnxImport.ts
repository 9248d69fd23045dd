/** `gradus import` of an .onnx file: its options and its report. */
import type { ImportOnnxOptions, ImportOnnxResult } from '../training/foreign/importOnnxModel.js';
import { comparedImages, comparedValues } from '../training/foreign/comparison.js';
import { ConfigError } from '../support/errors.js';
import { option, phrase } from '../support/phrase.js';
import { onnxFlags } from './onnxFlags.js';
import { formatCount } from './table.js';

const text = { type: 'string', requiresArg: true } as const;
const { layout, range, channels, mean, std } = onnxFlags;

/** Flags that only an .onnx file takes. */
export const onnxImportFlags = {
  ...{ layout, range, channels, mean, std },
  name: { ...text, describe: "For an .onnx file: name of the model (default: the file's)" },
  cut: {
    ...text,
    describe: 'For an .onnx file: value after which a new classifier replaces the rest',
  },
  images: {
    ...text,
    describe:
      'For an .onnx file: images (folder, list, split) to compare both networks on, beside noise',
  },
  'restore-batch-norm': {
    ...text,
    describe:
      'For an .onnx file: folder, list or split of images for batch norms that were folded into convolutions',
  },
} as const;

/** Options of an import, by what kind of file they belong to. */
type Given = Readonly<Record<string, unknown>>;

/** Throws a ConfigError for an option that this kind of import or export does not have. */
export function requireOptionsOf(kind: string, others: Given): void {
  const found = Object.keys(others).find(
    (key) => others[key] !== undefined && others[key] !== false,
  );
  if (found === undefined) return;
  throw new ConfigError(phrase`${option(found)} is not an option of ${kind}`, {
    code: 'import-option',
    option: [found],
    hint: phrase`leave ${option(found)} out`,
  });
}

/** The report of an import for people. */
export function onnxImportText(
  result: ImportOnnxResult,
  { out }: Pick<ImportOnnxOptions, 'out'>,
): string {
  const { recognised, notes, image, comparison, restored, weights } = result;
  const { difference, largest } = comparison;
  const layers = Object.entries(recognised)
    .toSorted(([, a], [, b]) => b - a)
    .map(([layer, count]) => `${count} ${layer}`);
  const share = largest === 0 ? 0 : difference / largest;
  return [
    `image ${image.shape.join('x')}: ${image.assumed.join(', ')}`,
    ...notes.map((note) => `note: ${note}`),
    ...(restored > 0 ? [`${restored} batch norms restored`] : []),
    `layers: ${layers.join(', ')}`,
    ...(weights.initialized
      ? [`new classifier for ${weights.classes} classes: ${weights.initialized.tensors.join(', ')}`]
      : []),
    `${weights.model}: ${formatCount(weights.parameters)} parameters, ${weights.classes} classes`,
    `on ${comparedImages(comparison)} ${comparedValues(comparison)} the file's within ${share.toExponential(1)} of the largest`,
    `wrote ${result.modelFile}, ${weights.checkpoint}, ${result.notesFile}`,
    `train it: gradus train CONFIG with model: '${result.modelFile}' and init: '${out}/weights'`,
  ].join('\n');
}
