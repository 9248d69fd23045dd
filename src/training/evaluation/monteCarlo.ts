import type { ImageSource } from '../../data/loader/imageSource.js';
import { shareFacts, type ShareFacts } from '../../support/statistics/share.js';
import type { Measures } from '../../support/statistics/scores.js';
import { evaluateClean, type EvaluateOptions } from './evaluateNetwork.js';
import { Labeller, type LabellerOptions } from '../labelling/labeller.js';
import type { ModelNoise, TeacherSource } from '../labelling/teacher.js';
import { checkRanges } from '../../support/optionRanges.js';

export interface MonteCarloOptions extends EvaluateOptions, Omit<LabellerOptions, 'noise'> {
  /** Noised passes whose probabilities are averaged. */
  readonly passes: number;
  /** Seed for the masks (default: 1). */
  readonly seed?: number | undefined;
  /** Rates of dropout and stochastic depth (default: those of the network's training). */
  readonly rates?: Pick<ModelNoise, 'drop' | 'dropPath'> | undefined;
  /** Figures of the network alone on the same images (default: measured here). */
  readonly single?: Figures | undefined;
}

/** Figures of a network on a set. */
export type Figures = Pick<Measures, 'accuracy' | 'top5' | 'loss' | 'calibrationError'>;

/** With n and the interval of the accuracy. */
export type StatedFigures = Figures & ShareFacts;

/** A network as the ensemble of what its noise leaves of it, against the network without noise. */
export interface MonteCarloResult {
  readonly passes: number;
  readonly seed: number;
  readonly images: number;
  readonly single: StatedFigures;
  /** The mean of the probabilities of all passes. */
  readonly ensemble: StatedFigures;
}

/**
 * Monte-Carlo dropout (arXiv 1506.02142), with stochastic depth: the network with masks of the seed, the
 * pass and the image, and batch normalisation as in evaluation. Throws a ConfigError for a network
 * without noise and for an .onnx file.
 */
export async function monteCarlo(
  teacher: TeacherSource,
  source: ImageSource,
  options: MonteCarloOptions,
): Promise<MonteCarloResult> {
  checkRanges('monteCarlo', options, ['passes', 'seed', 'images', 'batch', 'threads']);
  checkRanges('the rates of monteCarlo', options.rates ?? {}, ['drop', 'dropPath']);
  const { passes, seed = 1, rates } = options;
  const measure = async (noise: ModelNoise | undefined): Promise<Measures> => {
    const labeller = await Labeller.create(teacher, { ...options, noise });
    try {
      return await evaluateClean(labeller, source, options);
    } finally {
      await labeller.close();
    }
  };
  const ensemble = await measure({ ...rates, seed, passes });
  const single = options.single ?? (await measure(undefined));
  return {
    passes,
    seed,
    images: ensemble.images,
    single: figuresOf(single, ensemble.images),
    ensemble: figuresOf(ensemble, ensemble.images),
  };
}

function figuresOf(
  { accuracy, top5, loss, calibrationError }: Figures,
  images: number,
): StatedFigures {
  return { accuracy, top5, loss, calibrationError, ...shareFacts(accuracy, images) };
}
