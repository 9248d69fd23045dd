import {
  severities as allSeverities,
  type Severity,
} from '../../data/augment/corruptions/severities.js';
import { limits } from '../../support/limits.js';
import { wholeNames } from '../../data/datasets/index.js';
import { defineCommand } from '../command.js';
import { library } from '../library.js';
import { describeEvaluation } from '../evaluationText.js';
import { noteReading, onnxFlags, onnxOptionsOf } from '../onnxFlags.js';
import { deviceOf, flags, seedOf, wholeNumber, wholeNumbers } from '../options.js';
import { noteDevice, noteSets, noteUnfinished } from '../progress.js';

const evaluateCheckpoint = library(
  async () => (await import('../../training/evaluation/evaluateCheckpoint.js')).evaluateCheckpoint,
);

const text = { type: 'string', requiresArg: true } as const;
const flag = { type: 'boolean', default: false } as const;

export default defineCommand({
  usage: 'eval <checkpoint>',
  describe: 'Evaluate a network on labelled images: clean, corrupted, perturbed or as an ensemble',
  examples: [
    ['eval runs/digits', "a run's best checkpoint, on the test set of its config"],
    ['eval model.onnx --data photos/test --json', 'an .onnx classifier on a folder, as JSON'],
    ['eval runs/digits --corruptions --images 500', '15 corruptions of 500 images'],
    ['eval runs/digits --mc-dropout 20', 'the mean of 20 noised passes'],
  ],
  options: (parser) =>
    parser
      .positional('checkpoint', {
        type: 'string',
        demandOption: true,
        describe: 'Folder of a checkpoint or a run (its best checkpoint), or an .onnx file',
      })
      .options({
        data: {
          ...text,
          describe: `Labelled images: a folder, a list, a split, or ${wholeNames} (default: the test set)`,
        },
        images: { ...text, describe: 'Number of images to measure, evenly spread over the set' },
        corruptions: { ...flag, describe: 'Error under the corruptions of ImageNet-C' },
        severities: {
          ...text,
          describe: 'Severities of the corruptions, such as 1,3,5 (default: all)',
        },
        perturbations: { ...flag, describe: 'Flips under the perturbations of ImageNet-P' },
        'mc-dropout': {
          ...text,
          describe: 'Number of passes with dropout and stochastic depth to average',
        },
        seed: {
          ...flags.seed,
          describe: 'Seed of corruptions, perturbations and masks (default: 1)',
        },
        unreadable: { ...text, describe: 'Maximum number of unreadable images' },
        batch: { ...text, describe: 'Images at a time' },
        threads: { ...text, describe: 'Threads per operator' },
        'accept-data': flags.acceptData,
        'hash-data': flags.hashData,
        device: flags.device,
        ...onnxFlags,
        model: flags.model,
        trust: flags.trust,
      }),
  async run(args, { progress, interruptible }) {
    const severities = wholeNumbers('--severities', args.severities, { least: 1, most: 5 });
    const request = {
      data: args.data,
      images: wholeNumber('--images', args.images, { least: 1, most: limits.images }),
      corruptions:
        args.corruptions || severities !== undefined
          ? { severities: inOrder(severities) }
          : undefined,
      perturbations: args.perturbations,
      mcDropout: wholeNumber('--mc-dropout', args.mcDropout, { least: 1, most: limits.passes }),
      seed: seedOf(args.seed),
      unreadable: wholeNumber('--unreadable', args.unreadable, { least: 0, most: limits.images }),
      batch: wholeNumber('--batch', args.batch, { least: 1, most: limits.batch }),
      threads: wholeNumber('--threads', args.threads, { least: 1, most: limits.threads }),
      device: deviceOf(args.device),
      ...{ acceptData: args.acceptData, hashData: args.hashData },
    };
    const opened = noteSets(progress);
    const report = await interruptible((signal) =>
      evaluateCheckpoint(args.checkpoint, {
        ...request,
        signal,
        onnx: onnxOptionsOf(args),
        model: args.model,
        trust: args.trust,
        onDevice: noteDevice(progress),
        onNote: (text) => {
          progress.note(text);
        },
        onUnfinished: noteUnfinished(progress),
        onReading: noteReading(progress),
        onSet: opened.onSet,
        onEvent: progress.onEvent,
      }),
    );
    progress.end();
    return { json: { ...report, sets: opened.sets }, text: describeEvaluation(report) };
  },
});

/** Each severity once, the mildest first. */
function inOrder(wanted: readonly number[] | undefined): readonly Severity[] | undefined {
  return wanted && allSeverities.filter((severity) => wanted.includes(severity));
}
